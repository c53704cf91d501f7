import type { ConstructGroup } from './construct.ts'

/** Each expression in a query of its own, over every row of a table. */
const over = (table: string, expressions: string): string[] =>
	expressions
		.trim()
		.split('\n')
		.map((expression) => `SELECT id, ${expression.trim()} FROM ${table} ORDER BY id`)

const where = (table: string, conditions: string): string[] =>
	conditions
		.trim()
		.split('\n')
		.map((condition) => `SELECT id FROM ${table} WHERE ${condition.trim()} ORDER BY id`)

export const EXPRESSIONS: ConstructGroup = {
	title: 'Expressions of applications',
	constructs: [
		{
			name: 'numbers',
			same: over(
				'numbers',
				`
				i / 2, i % 3, r / 2, n / 2
				i * 1.0, r * 2, n * 2, -n
				round(r, 2), round(n), round(i)
				CAST(r AS INTEGER), CAST(n AS TEXT), CAST(i AS REAL)
				i & 255, i | 1, ~i, i << 2, i >> 1
				abs(i), abs(r), abs(n)
				min(i, 5), max(r, 0), min(i, r), max(n, i)
				i BETWEEN 0 AND 10, r BETWEEN -1 AND 1
				i IN (1, 7, 100), r IN (1, 2.5), n IN (1.5, 3)
				i = r, i < r, i >= n, r <> n
				i IS r, i IS NOT n, n IS NULL
				coalesce(i, r, n, 0), ifnull(n, -1), nullif(i, 0)
				iif(i > 0, 'plus', iif(i < 0, 'minus', 'zero'))
				CASE WHEN r > 1 THEN i WHEN r < -1 THEN r ELSE n END
				sign(r), ceil(n), floor(r), trunc(n)
				i || ':' || r || ':' || n
				printf('%d %.3f %g', i, n, n)
				printf('%05d|%+d|%x', i % 1000, i % 7, i & 4095)
				quote(i), quote(r), quote(n), hex(n)
				typeof(i), typeof(r), typeof(n), typeof(i + n)
				`,
			),
		},
		{
			name: 'texts',
			same: over(
				'texts',
				`
				length(t), octet_length(t), upper(t), lower(t)
				substr(t, 1, 2), substr(t, -2), substr(t, 2, -1)
				trim(t), ltrim(t, '1'), rtrim(t, 'c '), trim(t, 'a')
				replace(t, 'a', 'A'), replace(t, '', 'x'), instr(t, 'b')
				t || '!', t || NULL, '<' || t || '>'
				t + 0, t * 2, t / 2, -t, t % 5
				CAST(t AS INTEGER), CAST(t AS REAL), CAST(t AS NUMERIC), CAST(t AS BLOB)
				t > 5, t = '12', t < 'b', t >= ''
				t = 12, t = 1.5, 5 < t
				t LIKE 'a%', t LIKE '%C', t LIKE '_b%', t NOT LIKE '%1%'
				t GLOB 'a*', t GLOB '*[0-9]*', t GLOB '?b?', t NOT GLOB '[A-Z]*'
				t LIKE '%\\%%' ESCAPE '\\', t LIKE 'A!%b!_c' ESCAPE '!'
				t LIKE t, t GLOB t, t LIKE '%' || substr(t, 1, 1) || '%'
				t COLLATE NOCASE = 'abc', t = 'ABC' COLLATE NOCASE, t COLLATE RTRIM = 'trailing'
				unicode(t), hex(t), quote(t), char(unicode(t))
				t BETWEEN 'a' AND 'b', t IN ('abc', '12', ''), t IS NULL
				abs(t), round(t, 1), sign(t), floor(t)
				coalesce(t, 'none'), nullif(t, ''), ifnull(t, 0)
				iif(t, 'true', 'false'), NOT t, t AND 1, t OR 0
				printf('%s|%5.2s|%-4s|', t, t, t), printf('%d', t), printf('%.1f', t)
				concat(t, '-', t), concat_ws(',', t, 1, NULL, 'x')
				json_quote(t), json_array(t, 1), json_object('t', t)
				min(t, 'b'), max(t, 'b'), typeof(t)
				unhex(hex(t)), length(CAST(t AS BLOB))
				`,
			),
		},
		{
			name: 'dates of texts',
			same: over(
				'people',
				`
				date(born), time(born), datetime(born)
				strftime('%Y', born), strftime('%m', born), strftime('%d', born)
				strftime('%Y-%m', born), strftime('%Y-%m-%d', born), strftime('%H:%M', born)
				strftime('%H:%M:%S', born), strftime('%f', born), strftime('%s', born)
				strftime('%j', born), strftime('%w', born), strftime('%u', born), strftime('%W', born)
				strftime('%U', born), strftime('%V', born), strftime('%G', born), strftime('%g', born)
				strftime('%I %p', born), strftime('%l %P', born), strftime('%e %k', born)
				strftime('%J', born), julianday(born), unixepoch(born)
				date(born, '+1 day'), date(born, '-1 day'), date(born, '+1 month')
				date(born, '-1 year'), date(born, 'start of month'), date(born, 'start of year')
				date(born, 'start of month', '+1 month', '-1 day'), date(born, 'weekday 0'), date(born, 'weekday 5', '-7 days')
				datetime(born, '+90 minutes'), datetime(born, '-36 hours'), datetime(born, '+1.5 days')
				datetime(born, 'start of day'), datetime(born, 'localtime'), datetime(born, 'utc')
				datetime(born, 'subsec'), time(born, 'subsec'), unixepoch(born, 'subsec')
				date(born, '+1 month', 'floor'), date(born, '+1 month', 'ceiling'), date(born, '-1 month', 'floor')
				date(born, '+0001-02-03'), datetime(born, '-0000-00-01 12:00'), datetime(born, '+00:30:15')
				timediff(born, '2000-01-01'), timediff('2024-02-29', born)
				CAST((julianday('2024-06-01') - julianday(born)) / 365.25 AS INTEGER)
				date(born, '+' || age || ' days'), strftime(iif(active, '%Y', '%m'), born)
				born < '2000-01-01', born BETWEEN '1990-01-01' AND '2030-01-01', substr(born, 1, 4)
				`,
			),
		},
		{
			name: 'dates of numbers',
			same: [
				...over(
					'people',
					`
					date(created, 'unixepoch'), time(created, 'unixepoch'), datetime(created, 'unixepoch')
					strftime('%Y-%m', created, 'unixepoch'), strftime('%Y-W%W', created, 'unixepoch'), strftime('%s', created, 'unixepoch')
					date(created, 'unixepoch', 'start of month'), date(created, 'unixepoch', '+1 year'), date(created, 'unixepoch', 'weekday 1')
					date(created, 'auto'), datetime(created / 86400.0 + 2440587.5), date(created, 'julianday')
					julianday(created, 'unixepoch'), unixepoch(created, 'unixepoch'), unixepoch(created, 'auto')
					date(created), datetime(age), time(score), date(score, 'unixepoch')
					datetime(created + 0.25, 'unixepoch', 'subsec'), datetime(created * 1.0, 'unixepoch')
					created / 86400, created % 86400, (created / 3600) % 24
					`,
				),
				...over(
					'orders',
					"date(at / 1000, 'unixepoch'), datetime(at / 1000.0, 'unixepoch', 'subsec'), strftime('%Y-%m', at / 1000, 'unixepoch')",
				),
			],
		},
		{
			name: 'conditions on dates',
			same: where(
				'people',
				`
				date(born) = '2000-02-29'
				date(born) >= '1999-01-01'
				strftime('%Y', born) = '2024'
				strftime('%m', created, 'unixepoch') IN ('12', '01')
				created >= unixepoch('2023-12-01')
				created BETWEEN unixepoch('2023-01-01') AND unixepoch('2024-02-01')
				julianday('2024-06-01') - julianday(born) > 1000
				datetime(created, 'unixepoch') LIKE '2023-%'
				date(created, 'unixepoch') BETWEEN date('2024-01-01', '-1 month') AND date('2024-01-01', '+1 month')
				date(born) IS NULL
				`,
			),
		},
		{
			name: 'reports',
			same: [
				"SELECT strftime('%Y-%m', at / 1000, 'unixepoch') AS month, count(*), round(sum(amount), 2), round(avg(amount), 2) FROM orders GROUP BY month ORDER BY month",
				'SELECT status, count(*) AS n, sum(qty), max(amount), min(at) FROM orders GROUP BY status HAVING n >= 1 ORDER BY n DESC, status',
				'SELECT p.name, count(o.id) AS n, coalesce(sum(o.amount), 0) AS total FROM people p LEFT JOIN orders o ON o.person = p.id GROUP BY p.id ORDER BY total DESC, p.id LIMIT 5',
				'SELECT name, amount, rank() OVER (ORDER BY amount DESC) AS place FROM orders JOIN people ON people.id = orders.person ORDER BY place, name, amount',
				'SELECT id, amount, sum(amount) OVER (ORDER BY at, id) AS running, amount - lag(amount, 1, 0) OVER (ORDER BY at, id) AS change FROM orders WHERE at IS NOT NULL ORDER BY at, id',
				"SELECT city, group_concat(name, ', ' ORDER BY name) AS names, json_group_array(age ORDER BY id) AS ages FROM people GROUP BY city ORDER BY city",
				"SELECT count(*) FILTER (WHERE status = 'paid') AS paid, count(*) FILTER (WHERE status <> 'paid') AS others, count(DISTINCT person) FROM orders",
				"SELECT CASE WHEN age < 30 THEN 'young' WHEN age < 50 THEN 'middle' ELSE 'other' END AS band, count(*), avg(score) FROM people GROUP BY band ORDER BY band",
				'SELECT age / 10 * 10 AS decade, count(*), sum(CASE WHEN active THEN 1 ELSE 0 END) FROM people WHERE age IS NOT NULL GROUP BY decade ORDER BY decade',
				"SELECT date(at / 1000, 'unixepoch', 'weekday 0', '-6 days') AS week, count(*) FROM orders WHERE at IS NOT NULL GROUP BY week ORDER BY week",
				'SELECT p.name, (SELECT max(o.amount) FROM orders o WHERE o.person = p.id) AS best FROM people p WHERE best IS NOT NULL ORDER BY best DESC',
				'WITH totals AS (SELECT person, sum(amount) AS total FROM orders GROUP BY person) SELECT p.name, t.total, round(100.0 * t.total / (SELECT sum(total) FROM totals), 1) AS share FROM totals t JOIN people p ON p.id = t.person ORDER BY share DESC',
				"WITH RECURSIVE days(d) AS (SELECT '2024-01-01' UNION ALL SELECT date(d, '+1 day') FROM days WHERE d < '2024-01-07') SELECT d, (SELECT count(*) FROM orders WHERE date(at / 1000, 'unixepoch') = d) FROM days ORDER BY d",
				'WITH RECURSIVE chain(id, name, level) AS (SELECT id, name, 0 FROM people WHERE boss IS NULL UNION ALL SELECT p.id, p.name, level + 1 FROM people p JOIN chain ON p.boss = chain.id) SELECT level, count(*), min(name) FROM chain GROUP BY level ORDER BY level',
				'SELECT name, 100.0 * age / (SELECT max(age) FROM people) AS percent, age > (SELECT avg(age) FROM people) AS above FROM people ORDER BY id',
				"SELECT id FROM people WHERE name LIKE '%e%' AND (city = 'London' OR age > 40) AND id NOT IN (SELECT person FROM orders WHERE person IS NOT NULL) ORDER BY id",
				'SELECT o.status, json_group_object(o.id, o.amount) FROM orders o GROUP BY o.status ORDER BY o.status',
				"SELECT json_object('name', p.name, 'orders', (SELECT json_group_array(json_object('id', o.id, 'amount', o.amount) ORDER BY o.id) FROM orders o WHERE o.person = p.id)) FROM people p ORDER BY p.id",
				'SELECT ntile(3) OVER (ORDER BY id), percent_rank() OVER (ORDER BY age), first_value(name) OVER (PARTITION BY city ORDER BY id) FROM people ORDER BY id',
				'SELECT total(amount), sum(amount) / count(*), avg(qty), max(qty) - min(qty), sum(qty) % 7 FROM orders',
			],
		},
		{
			name: 'documents',
			same: [
				...over(
					'docs',
					`
					meta ->> 'name', meta ->> '$.name', json_extract(meta, '$.name')
					meta -> 'o', meta -> '$.o.x', meta ->> '$.o.deep.y'
					meta ->> 'tags', meta -> '$.tags[0]', meta ->> '$.tags[#-1]'
					json_type(meta, '$.n'), json_type(meta -> 'o'), json_type(meta -> 'none')
					json_array_length(meta, '$.tags'), json_array_length(meta -> 'tags'), json_valid(meta)
					(meta ->> 'n') + 1, (meta ->> 'n') || '', round(meta ->> 'n')
					CAST(meta ->> 'n' AS INTEGER), CAST(meta -> 'n' AS TEXT), abs(meta ->> 'n')
					(meta ->> 'n') > 2, (meta ->> 'n') BETWEEN 1 AND 10, (meta ->> 'n') IN (1, 25, '12')
					(meta ->> 'name') = 'Ada', (meta ->> 'name') <> 'Ada', (meta ->> 'name') IS NULL, (meta ->> 'name') > 'b'
					(meta ->> 'ok') = 1, (meta ->> 'ok') IS TRUE, NOT (meta ->> 'ok'), iif(meta ->> 'ok', 'y', 'n')
					(meta ->> 'big'), json_extract(meta, '$.big') > 1e20, typeof(meta ->> 'big')
					date(meta ->> 'at'), datetime(meta ->> 'at', '+1 day'), strftime('%Y-%m', meta ->> 'at')
					coalesce(meta ->> 'name', kind), nullif(meta ->> 'kind', kind), ifnull(meta ->> 'n', 0)
					upper(meta ->> 'kind'), length(meta ->> 'name'), substr(meta ->> 'name', 2), trim(meta -> 'name', '"')
					(meta ->> 'name') LIKE '%d%', (meta ->> 'kind') GLOB '[ab]', (meta ->> 'kind') COLLATE NOCASE = 'b'
					json_set(meta, '$.n', 5), json_remove(meta, '$.tags'), json_insert(meta, '$.new', json('[1]'))
					json_object('id', id, 'name', meta ->> 'name', 'tags', meta -> 'tags')
					json_array(meta ->> 'n', meta -> 'o', json_extract(meta, '$.tags'))
					json_patch(meta, json_object('kind', 'z', 'n', NULL))
					quote(meta ->> 'n'), printf('%s=%5.1f', kind, meta ->> 'n'), typeof(json_extract(meta, '$.tags'))
					(SELECT count(*) FROM json_each(meta)), (SELECT max(key) FROM json_each(meta, '$.o'))
					(SELECT group_concat(key || '=' || value, ';') FROM json_each(meta) WHERE type <> 'object')
					EXISTS (SELECT 1 FROM json_tree(meta) WHERE value = 'y'), 'x' IN (SELECT value FROM json_each(meta, '$.tags'))
					meta ->> 'a b', meta -> '$."a b"[0]', meta ->> '$."a.b".c', meta ->> ('o' || '')
					min(meta ->> 'n', 5), max(meta ->> 'name', 'b'), CASE meta ->> 'kind' WHEN 'a' THEN 1 ELSE meta ->> 'n' END
					`,
				),
				...where(
					'docs',
					`
					meta ->> 'name' = 'Ada'
					meta ->> 'n' > 2 AND meta ->> 'kind' = 'b'
					json_extract(meta, '$.n') = 1 OR json_extract(meta, '$.n') = '12'
					json_extract(meta, '$.o.x') < 0
					meta ->> 'none' IS NULL
					json_type(meta, '$.tags') = 'array'
					json_array_length(meta, '$.tags') >= 2
					NOT (meta ->> 'kind' = 'a')
					meta ->> 'kind' IN ('a', 'B')
					(meta ->> '$.tags[0]') LIKE 'x%'
					id IN (SELECT value FROM json_each('[1,3,99]'))
					`,
				),
			],
		},
	],
}
