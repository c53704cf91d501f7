/** The tables that the hand-written cases ask. */
export const SETUP: readonly string[] = [
	`CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, age INTEGER, score REAL, city TEXT, price NUMERIC, photo BLOB, born TEXT,
		created INTEGER, active INTEGER, boss INTEGER)`,
	`INSERT INTO people VALUES
		(1, 'Ada', 36, 9.5, 'London', 10, x'0102', '1815-12-10', 1700000000, 1, NULL),
		(2, 'bob', 25, 7.25, 'paris', 2.5, x'', '1999-02-28', 1702592000, 0, 1),
		(3, 'Cy', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1),
		(4, 'Dée', 41, -3.0, 'Zürich', -7, x'ff00', '2000-02-29 23:59:59', 1706745599, 1, 2),
		(5, 'eve', 25, 0.125, 'London', 0.5, x'41', '2024-01-31T12:30:45.678Z', 0, 0, 2),
		(6, 'O''Neil', 58, 1e10, 'LONDON', 1000000, x'6162', '12:34', -86400, 1, 4),
		(7, '', 0, 0.0, '', 0, x'00', 'not a date', 253402300799, 0, 4)`,
	'CREATE TABLE orders (id TEXT PRIMARY KEY, person INTEGER, amount REAL, qty INTEGER, status TEXT, at INTEGER)',
	`INSERT INTO orders VALUES
		('a1', 1, 10.0, 3, 'paid', 1704067200000), ('a2', 1, 20.5, -7, 'open', 1704153600123), ('a3', 2, 0.1, 2, 'paid', 1706745600000),
		('a4', 2, 0.2, 5, 'void', 1709251199999), ('a5', 4, 99.99, 1, 'paid', 1709251200000), ('a6', 9, 5.0, 4, 'open', NULL),
		('a7', NULL, NULL, NULL, NULL, 1735689600000), ('a8', 6, 7.5, 10, 'Paid', 1735689599999)`,
	'CREATE TABLE texts (id INTEGER PRIMARY KEY, t TEXT)',
	`INSERT INTO texts VALUES (1, '12'), (2, '1.5'), (3, 'abc'), (4, '12abc'), (5, ' 7 '), (6, ''), (7, '1e3'), (8, NULL), (9, '-0.5x'),
		(10, '9223372036854775808'), (11, '0x10'), (12, '+5'), (13, 'ABC'), (14, 'a%b_c'), (15, 'Kelvin'), (16, 'ärger'), (17, 'Ärger'),
		(18, 'trailing  '), (19, '.5'), (20, '5.'), (21, 'a*b?c[d]')`,
	'CREATE TABLE numbers (id INTEGER PRIMARY KEY, i INTEGER, r REAL, n NUMERIC)',
	`INSERT INTO numbers VALUES (1, 0, 0.0, 0), (2, 1, 1.0, 1.5), (3, -1, -1.0, -1), (4, 7, 2.5, 2.5), (5, -7, -2.5, 3),
		(6, 9223372036854775807, 1e300, 123456), (7, -9223372036854775807, -1e-300, 0.1), (8, NULL, NULL, NULL), (9, 100, 0.1, 100),
		(10, 3, 1e16, 1e10), (11, 255, 123456789.125, 7), (12, 9007199254740993, 0.30000000000000004, 1)`,
	'CREATE TABLE empty (a INTEGER, b TEXT)',
	'CREATE TABLE "order lines" ("key" INTEGER PRIMARY KEY, "Select" TEXT)',
	`INSERT INTO "order lines" VALUES (1, 'x'), (2, 'y')`,
]
