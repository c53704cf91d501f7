import type { ConstructGroup } from './construct.ts'

/** A scalar function on each column of `people`. */
const eachPerson = (...outputs: string[]) => `SELECT id, ${outputs.join(', ')} FROM people ORDER BY id`

export const FUNCTIONS: ConstructGroup = {
	title: 'Scalar functions',
	constructs: [
		{
			name: 'abs()',
			same: [
				"SELECT abs(-5), abs(5.5), abs(-0.0), abs(NULL), abs('-3'), abs('x'), typeof(abs('-3'))",
				'SELECT id, abs(i), abs(r), abs(n) FROM numbers ORDER BY id',
			],
		},
		{
			name: 'coalesce(), ifnull(), nullif(), iif(), if()',
			same: [
				"SELECT coalesce(NULL, 1), coalesce(NULL, NULL), ifnull(NULL, 'x'), nullif(1, 1), nullif(1, 2), nullif('a', 'A'), iif(1, 'a', 'b'), iif(0, 1), iif(NULL, 1, 2.5)",
				eachPerson(
					'coalesce(age, 0)',
					"coalesce(city, 'nowhere')",
					'ifnull(score, 0)',
					'typeof(coalesce(score, 0))',
					"coalesce(age, 'none')",
				),
				eachPerson('nullif(age, 25)', 'nullif(score, 0)', "nullif(city, '')", 'iif(age > 30, name, age)', 'iif(active, 1, 0)'),
				'SELECT coalesce(max(a), -1), ifnull(min(b), 0), coalesce(sum(a), 0), coalesce(avg(a), 0) FROM empty',
				"SELECT iif(0, 'a', 1, 'b', 'c'), iif(0, 'a', 0, 'b'), coalesce(1, 2, 3), nullif(1, 1.0), nullif('1', 1)",
				'SELECT person, coalesce(sum(amount), 0) FROM orders GROUP BY person ORDER BY person',
			],
		},
		{
			name: 'min(), max() of several values',
			same: [
				"SELECT min(1, 2), max(1, 2, 3), min(1, NULL), max('a', 'b'), min(1, 'a'), max(1, 'a'), max(1, 2.5), min(2, 1.5), max(1, 1.0), min(1.0, 1)",
				eachPerson('min(age, 30)', 'max(age, score)', "max(name, 'M')", 'min(score, 1)', 'max(price, 3)'),
			],
		},
		{
			name: 'typeof()',
			same: [
				"SELECT typeof(1), typeof(1.0), typeof('1'), typeof(x'31'), typeof(NULL), typeof(1 + 1.0), typeof(1 = 1), typeof('a' || 1)",
				eachPerson(
					'typeof(age)',
					'typeof(score)',
					'typeof(name)',
					'typeof(photo)',
					'typeof(price)',
					'typeof(coalesce(age, name))',
				),
			],
		},
		{
			name: 'length(), octet_length()',
			same: [
				"SELECT length('abc'), length('日本'), length(''), length(NULL), length(12), length(1.5), length(x'0102'), octet_length('日本'), octet_length(x'01'), octet_length(12)",
				eachPerson('length(name)', 'length(photo)', 'length(age)', 'length(score)', 'octet_length(city)'),
			],
		},
		{
			name: 'lower(), upper()',
			same: [
				"SELECT lower('ABCÄ'), upper('abcä'), lower(NULL), upper(1.5), lower('İK')",
				eachPerson('lower(name)', 'upper(city)'),
			],
		},
		{
			name: 'trim(), ltrim(), rtrim()',
			same: [
				"SELECT trim('  a  '), ltrim('  a  '), rtrim('  a  '), trim('xxaxx', 'x'), trim('abcba', 'ab'), rtrim('a..', '.'), trim(NULL), trim(5), trim('a', ''), trim('\ta ')",
				eachPerson("trim(name, 'A')", "rtrim(city, 'n')"),
			],
		},
		{
			name: 'substr(), substring()',
			same: [
				"SELECT substr('hello', 2), substr('hello', 2, 3), substr('hello', -3), substr('hello', -3, 2), substr('hello', 0), substr('hello', 0, 3), substr('hello', 2, 0), substr('hello', 10)",
				"SELECT substr('hello', 3, -2), substr('hello', -1, -2), substr('hello', -10, 7), substr('hello', 1, 100), substr('日本語', 2, 1), substr(12345, 2, 2), substr(NULL, 1), substr('a', NULL)",
				"SELECT substr(x'01020304', 2, 2), substr(x'01020304', -2), substr('abc', 1.9), substr('abc', '2'), substr('hello', -10, -2), substr('hello', 0, -2), substring('abc', 2)",
				eachPerson(
					'substr(name, 1, 1)',
					'substr(name, -2)',
					'substr(city, id)',
					'substr(city, id, 2)',
					'substr(city, -id, 2)',
					'substr(photo, 2)',
				),
				'SELECT substr(name, a.id - 4, b.i - 2) FROM people a JOIN numbers b ON b.i BETWEEN -7 AND 7 ORDER BY a.id, b.id',
			],
		},
		{
			name: 'instr()',
			same: [
				"SELECT instr(x'0102', x'02')",
				"SELECT instr('hello', 'l'), instr('hello', 'z'), instr('hello', ''), instr(NULL, 'a'), instr('日本語', '語'), instr(12345, 34)",
				eachPerson("instr(name, 'e')", "instr(city, 'on')"),
			],
		},
		{
			name: 'replace()',
			same: [
				"SELECT replace('aaa', 'a', 'b'), replace('abc', '', 'x'), replace('abc', 'b', ''), replace(NULL, 'a', 'b'), replace('a', NULL, 'b'), replace(123, 2, 9), replace('abc', '', NULL)",
				eachPerson("replace(city, 'on', '_')"),
			],
		},
		{
			name: 'hex(), unhex(), quote()',
			same: [
				"SELECT unhex('61-62', '-')",
				"SELECT hex('abc'), hex(x'00ff'), hex(12), hex(NULL), hex('é'), unhex('6162'), unhex('6g'), unhex('616'), unhex(''), unhex(NULL)",
				"SELECT quote('it''s'), quote(1), quote(1.5), quote(NULL), quote(x'00ff'), quote('')",
				eachPerson('hex(photo)', 'hex(name)', 'quote(name)', 'quote(age)', 'quote(score)', 'quote(photo)'),
			],
		},
		{
			name: 'char(), unicode()',
			same: [
				"SELECT char(72, 105), char(), char(233), char(128512), unicode('A'), unicode('é'), unicode(''), unicode(NULL), unicode('abc'), char(65.9)",
				eachPerson('unicode(name)', 'char(age + 40)'),
			],
		},
		{
			name: 'concat(), concat_ws()',
			same: [
				"SELECT concat('a', NULL, 1, 2.5), concat_ws('-', 'a', NULL, 'b'), concat_ws(NULL, 'a'), concat(NULL), concat_ws(',', NULL)",
				eachPerson("concat(name, '/', age)", "concat_ws(', ', name, city, age)"),
			],
		},
		{
			name: 'likely(), unlikely(), likelihood()',
			same: ['SELECT likely(1), unlikely(0), likelihood(5, 0.5)', 'SELECT id FROM people WHERE likely(age > 30) ORDER BY id'],
		},
		{
			name: 'round()',
			same: [
				'SELECT round(2.5), round(-2.5), round(1.25, 1), round(2.675, 2), round(1234.5678, 2), round(5), round(NULL), round(1.5, NULL), round(0.5), round(1e15 + 0.5, 1), round(12.345, -1)',
				"SELECT round('3.7'), round('x'), round(1.005, 2), round(0.285, 2), round(10.075, 2), round(1e300, 2), round(-0.4), typeof(round(5))",
				'SELECT id, round(r), round(r, 1), round(r, 3), round(i, 1), round(n, 1) FROM numbers ORDER BY id',
				'SELECT status, round(avg(amount), 2), round(sum(amount), 1) FROM orders GROUP BY status ORDER BY status',
			],
		},
		{
			name: 'sign(), ceil(), floor(), trunc()',
			same: [
				"SELECT floor('1.5')",
				"SELECT sign('x')",
				'SELECT sign(-5), sign(0), sign(2.5), sign(NULL), ceil(1.2), ceil(-1.2), ceiling(5), floor(1.8), floor(-1.8), trunc(1.9), trunc(-1.9), floor(5), typeof(floor(5.0))',
				'SELECT id, sign(i), sign(r), ceil(r), floor(r), trunc(r), floor(i) FROM numbers ORDER BY id',
			],
		},
		{
			name: 'sqrt(), pow(), exp(), ln(), log(), log2(), log10(), mod(), pi()',
			same: [
				"SELECT pow('2', 2)",
				"SELECT sqrt('4')",
				'SELECT sqrt(4), sqrt(2), sqrt(-1), pow(2, 10), power(2, 0.5), exp(0), exp(1), ln(1), ln(0), ln(-1), log(100), log(2, 8), log10(1000), log2(8), mod(7, 3), mod(-7, 3), mod(7, 0), mod(7.5, 2), pi()',
				'SELECT sqrt(NULL), pow(NULL, 1), ln(NULL), log(NULL), mod(1, NULL), pow(0, 0), sqrt(0)',
				'SELECT id, sqrt(i), pow(i, 2), mod(i, 7) FROM numbers WHERE abs(i) < 1000 ORDER BY id',
			],
		},
		{
			name: 'sin(), cos() and their relatives',
			same: [
				'SELECT sin(0), cos(0), tan(0), asin(1), acos(1), atan(1), atan2(1, 1), sinh(0), cosh(0), tanh(0), asinh(0), acosh(1), atanh(0), degrees(pi()), radians(180)',
				'SELECT asin(2), acos(-2), acosh(0), atanh(1.5), sin(NULL)',
			],
		},
		{
			name: 'printf(), format()',
			same: [
				'SELECT printf(name, 1) FROM people',
				"SELECT printf('%e', 12345.678)",
				"SELECT printf('%*d', 5, 42)",
				"SELECT printf('%!.15g', 0.1)",
				"SELECT printf('%d', 5), printf('%5d|%-5d|%05d', 42, 42, 42), printf('%+d % d', 5, 5), printf('%,d', 1234567), printf('%d', '12x'), printf('%d', 1.9), printf('%d', NULL), printf('%%')",
				"SELECT printf('%s-%s', 'a', 1), printf('%5s|%-5s|', 'ab', 'ab'), printf('%.2s', 'abc'), printf('%s', NULL), printf('%s', 1.5), printf('%c', 'xyz')",
				"SELECT printf('%.2f', 3.14159), printf('%f', 1), printf('%.0f', 2.5), printf('%8.3f|', 3.14159), printf('%08.3f', -3.14159), printf('%.2f', NULL), printf('%,.2f', 1234567.891), printf('%.1f', 0.25), printf('%.2f', 2.675)",
				"SELECT printf('%x %X', 255, 255), printf('%x', -1), printf('%08x', 255), printf('%u', -1), printf('%q', 'it''s'), printf('%Q', 'it''s'), printf('%Q', NULL), printf('%i', 7), printf('%lld', 9)",
				"SELECT format('%s is %d', name, age) FROM people ORDER BY id",
				"SELECT printf('%.2f', score), printf('%6.1f', score), printf('%04d', age) FROM people WHERE id <> 6 ORDER BY id",
				"SELECT printf('plain'), printf('a%sb%sc', 1), printf('')",
			],
		},
		{
			name: 'texts with NUL',
			same: [
				`SELECT id, length(t), substr(t, 2), substr(t, 1, 3), substr(t, -1), upper(t), t || '!', hex(t), instr(t, 'c'), instr(t, 'B'), unicode(t), quote(t), trim(t, 'a'), replace(t, 'a', 'x') FROM nuls`,
				`SELECT id FROM nuls WHERE t LIKE 'ab'`,
				`SELECT id FROM nuls WHERE t LIKE '%b'`,
				`SELECT id FROM nuls WHERE t LIKE '%c%'`,
				`SELECT id FROM nuls WHERE t LIKE 'a%'`,
				`SELECT id FROM nuls WHERE t LIKE ''`,
				`SELECT id FROM nuls WHERE t LIKE '__'`,
				`SELECT id FROM nuls WHERE t GLOB 'ab*'`,
				`SELECT id FROM nuls WHERE t GLOB '*d'`,
				`SELECT id FROM nuls WHERE t = 'ab'`,
				`SELECT id, t + 1, CAST(t AS INTEGER), CAST(t AS REAL), typeof(t + 0), t > 'ab' FROM nuls`,
				`SELECT printf('%s|%5s|%q', t, t, t), length(t || 'x'), concat(t, '-', t), group_concat(t) FROM nuls GROUP BY id`,
				`SELECT id, json_quote(t), json_array(t), json_object('k', t) FROM nuls`,
				`SELECT sign(t), floor(t), abs(t), round(t) FROM nuls`,
				`SELECT date(t), json_valid(t) FROM nuls`,
				`SELECT n.i FROM numbers n, nuls WHERE n.i = nuls.t`,
				`SELECT DISTINCT t FROM nuls ORDER BY t`,
				`SELECT lower(t) = 'ab', t COLLATE NOCASE = 'ab' FROM nuls`,
				`SELECT cast(t as blob), octet_length(t), like('%b', t), glob('a*', t) from nuls`,
				`SELECT id FROM nuls WHERE t LIKE t`,
			],
			note: 'length(), substr(), LIKE, GLOB, quote() and printf() read to the first NUL, as in SQLite.',
		},
		{
			name: 'random(), randomblob(), zeroblob(), changes(), last_insert_rowid(), sqlite_version() and others of a connection',
			same: ['SELECT typeof(random()), count(DISTINCT random()) > 1 FROM people', 'SELECT zeroblob(2)'],
			refused: ['SELECT changes()', 'SELECT last_insert_rowid()', 'SELECT sqlite_version()'],
			note: 'random() gives numbers of its own.',
		},
		{
			name: 'json_array(), json_object(), json_quote()',
			same: [
				"SELECT json_array(iif(age > 30, json_array(1), 'x')) FROM people",
				"SELECT json_array(1, 2.0, 'x', NULL, 1e20, 0.1), json_array(), json_object('a', 1, 'b', 'c'), json_object(), json_quote('x'), json_quote(1.5), json_quote(NULL)",
				"SELECT json_array('a\"b\\c/é', char(8, 9, 10, 12, 13, 31, 11, 127)), json_array(1e999, -1e999), json_array(0.1 + 0.2, 1e16, 1e17)",
				"SELECT json_array(json_array(1), json_object('k', json_array()), '[1]'), json_array((SELECT json_array(1))), json_array(coalesce(json_array(2), NULL), iif(1, json_array(1), NULL), ifnull(NULL, json_array(3)))",
				'SELECT json_array(d) FROM (SELECT json_array(1) AS d)',
				eachPerson('json_array(id, name, age, score, city, price)', "json_object('name', name, 'age', age)", 'json_quote(name)'),
				'SELECT json_array(coalesce(age, name)), typeof(json_array(1)) FROM people ORDER BY id',
			],
		},
		{
			name: 'json_group_array()',
			same: [
				'SELECT json_group_array(age), json_group_array(name ORDER BY name DESC) FROM people',
				'SELECT json_group_array(json_array(id, name)) FROM people',
				'SELECT city, json_group_array(name ORDER BY id) FROM people GROUP BY city ORDER BY city',
				'SELECT json_group_array(a) FROM empty',
				'SELECT id, (SELECT json_group_array(json_array(id, amount) ORDER BY id) FROM orders WHERE person = people.id) FROM people ORDER BY id',
				'SELECT json_group_array(name) FILTER (WHERE age > 30) FROM people',
				"SELECT json_array(id, (SELECT json_group_array(json_object('id', id) ORDER BY id) FROM orders WHERE person = people.id)) FROM people ORDER BY id",
			],
		},
	],
}

export const DATES: ConstructGroup = {
	title: 'Dates and times',
	constructs: [
		{
			name: 'date(), time(), datetime()',
			same: [
				"SELECT date(-62167219201, 'unixepoch')",
				"SELECT datetime('2024-01-01 24:00:00')",
				'SELECT date(0)',
				"SELECT date('-0001-01-01')",
				"SELECT date('2024-02-29'), date('2024-02-30'), date('2023-02-31'), date('2024-13-01'), date('2024-00-10'), date('not'), date(NULL), date('2024-1-1'), date('')",
				"SELECT datetime('2024-01-31 12:30'), datetime('2024-01-31T12:30:45'), datetime('2024-01-31 12:30:45.678'), datetime('2024-01-31T12:30:45.999Z'), datetime('2024-01-31 12:30:45+02:00'), datetime('2024-01-31 12:30-05:30')",
				"SELECT time('12:34'), time('12:34:56.789'), datetime('12:34'), time('25:00'), time('12:60'), date('2024-01-31 12:61:00'), time('12:34:60')",
				"SELECT datetime(2460000.5), date(2460000), datetime('2460000.5'), date(-1), date(5373484.5), date(5373484.4), datetime(2460000.123456)",
				eachPerson('date(born)', 'time(born)', 'datetime(born)'),
				"SELECT date(1700000000, 'unixepoch'), datetime(1700000000, 'unixepoch'), datetime(0, 'unixepoch'), datetime(-1, 'unixepoch'), datetime(1700000000.5, 'unixepoch'), datetime('1700000000', 'unixepoch'), datetime('x', 'unixepoch')",
				eachPerson("date(created, 'unixepoch')", "datetime(created, 'unixepoch')", "time(created, 'unixepoch')"),
				"SELECT id, datetime(at / 1000, 'unixepoch'), date(at / 1000.0, 'unixepoch') FROM orders ORDER BY id",
				"SELECT date('2024-02-29 ', '+1 day'), datetime(' 2024-02-29'), date('2024-02-29T'), date('2024-02-29 12:00  '), date('2024-02-2912:00'), date('12345-01-01')",
			],
		},
		{
			name: 'modifiers of amounts',
			same: [
				"SELECT date(born, '+' || age || ' days') FROM people",
				"SELECT date('2024-01-31', '+0001-01-01')",
				"SELECT date('2024-01-31', '+1 month', 'floor')",
				"SELECT date('2024-01-31', '+1 day'), date('2024-01-31', '-1 month'), date('2024-01-31', '+1 month'), date('2024-02-29', '+1 year'), date('2024-02-29', '-4 years'), datetime('2024-01-31', '+90 minutes'), datetime('2024-01-31', '-36 hours')",
				"SELECT datetime('2024-01-31', '+1.5 days'), datetime('2024-01-31', '+0.001 seconds'), datetime('2024-01-31', '1 day'), datetime('2024-01-31', '+1 month', '-1 day'), date('2024-01-31', '+13 months'), date('2024-01-31', '+1.5 months'), date('2024-01-31', '+ 1 day')",
				"SELECT datetime('2024-01-31', '+01:30'), datetime('2024-01-31', '-00:00:01'), datetime('2024-01-31', '+12:00:00.5'), date('2024-01-31', 'bogus'), date('2024-01-31', ''), date('2024-01-31', NULL), date('2024-01-31', '+5373485 days')",
				eachPerson("date(born, '+1 month')", "date(born, '-1 year')", "datetime(created, 'unixepoch', '+1 hour')"),
				"SELECT date('9999-12-31', '+1 day'), date('9999-12-31', '+1 month'), date('2024-03-31', '-1 month'), date('2024-01-31', '+1 MONTH'), date('2024-01-31', ' +1 day ')",
			],
		},
		{
			name: 'start of, weekday, unixepoch, julianday, auto, localtime, utc, subsec',
			same: [
				"SELECT date('2024-05-17', 'start of month'), date('2024-05-17', 'start of year'), datetime('2024-05-17 12:34', 'start of day'), date('2024-05-17', 'start of month', '+1 month', '-1 day')",
				"SELECT date('2024-05-17', 'weekday 0'), date('2024-05-17', 'weekday 5'), date('2024-05-17', 'weekday 1'), date('2024-05-17', 'weekday 7'), date('2024-05-17', 'weekday 6', '-7 days')",
				"SELECT datetime(2460000.5, 'julianday'), datetime(1700000000, 'auto'), date(2460000.5, 'auto'), datetime('2024-05-17', 'auto'), datetime('2024-01-01', 'unixepoch'), date('2024-01-01', '+1 day', 'unixepoch')",
				"SELECT datetime('2024-05-17 12:34', 'localtime'), datetime('2024-05-17 12:34', 'utc'), datetime('2024-05-17 12:34:56.789', 'subsec'), time('12:34:56.789', 'subsecond'), datetime(1700000000.123, 'unixepoch', 'subsec')",
				eachPerson("date(created, 'unixepoch', 'start of month')", "date(born, 'weekday 1')"),
				"SELECT id, datetime(created, 'auto') FROM people WHERE created <> 0 ORDER BY id",
			],
		},
		{
			name: 'strftime()',
			same: [
				'SELECT strftime(name, born) FROM people',
				"SELECT strftime('%Y-%m-%d %H:%M:%S', '2024-05-17 12:34:56'), strftime('%j %w %u %W %U %V %G %g', '2024-12-30'), strftime('%f', '2024-05-17 12:34:56.789'), strftime('%s', '2024-05-17'), strftime('%F %R %T', '2024-05-17 12:34:56')",
				"SELECT strftime('%e|%k|%l|%I|%p|%P', '2024-05-07 03:04:05'), strftime('%e|%k|%l|%I|%p|%P', '2024-05-17 15:04:05'), strftime('%%', '2024-05-17'), strftime('plain', '2024-05-17'), strftime('', '2024-05-17'), strftime('%', '2024-05-17'), strftime('%x', '2024-05-17')",
				"SELECT strftime('%Y', NULL), strftime(NULL, '2024-05-17'), strftime('%Y', 'x'), strftime('%J', '2024-05-17 12:34:56'), strftime('%Y', 1700000000, 'unixepoch'), strftime('%d/%m/%Y', '2024-05-17', '+1 day')",
				eachPerson(
					"strftime('%Y-%m', born)",
					"strftime('%H', created, 'unixepoch')",
					"strftime('%s', born)",
					"strftime('%W', created, 'unixepoch')",
				),
				"SELECT strftime('%Y-%m', at / 1000, 'unixepoch') AS month, count(*), sum(amount) FROM orders GROUP BY month ORDER BY month",
				"SELECT strftime('%Y', at / 1000, 'unixepoch') AS year, count(*) FROM orders GROUP BY 1 HAVING count(*) > 1 ORDER BY 1 DESC",
				"SELECT strftime('%j %U %W %w %u', date) FROM (SELECT date('2023-12-28', '+' || 1 || ' days') AS date UNION ALL SELECT '2024-01-01' UNION ALL SELECT '2023-01-01' UNION ALL SELECT '2022-01-02')",
			],
		},
		{
			name: 'julianday(), unixepoch()',
			same: [
				"SELECT julianday('2024-05-17'), julianday('2024-05-17 12:00'), unixepoch('2024-05-17'), unixepoch('1969-12-31 23:59:59'), unixepoch('1969-12-31 23:59:59.5'), unixepoch('2024-05-17 12:34:56.789', 'subsec'), unixepoch(NULL), julianday('x')",
				eachPerson('julianday(born)', 'unixepoch(born)', "julianday(created, 'unixepoch')"),
				"SELECT julianday('2024-05-17') - julianday('2024-01-01'), CAST(julianday('2024-05-17') - julianday('2023-05-17') AS INTEGER), unixepoch('2024-05-17') - unixepoch('2024-05-16')",
			],
		},
		{ name: 'timediff()', same: ["SELECT timediff('2024-05-17', '2024-01-01')"] },
	],
}
