/**
 * Statement shapes that surround a known trap: a plain rule would claim a shard here, and sometimes may.
 *
 * @module
 */
import type { Random } from './random.ts'

/** What shapes are made of. */
export interface Pieces {
	readonly random: Random
	/** A value, mostly one of two. */
	value(): string
	/** A value that keys have, each as likely as the others. */
	anyValue(): string
	/** A parameter that is bound to NULL. */
	nullParameter(): string
	/** A table in shards, under an alias. */
	table(alias: string): { readonly sql: string; readonly name: string; readonly key: string; readonly alias: string }
	/** A condition on the columns of the given aliases. */
	condition(...aliases: readonly string[]): string
}

type Shape = (pieces: Pieces) => readonly [sql: string, writes: boolean]

const joins = ['JOIN', 'LEFT JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN', ','] as const
const setOperators = ['UNION', 'UNION ALL', 'INTERSECT', 'EXCEPT'] as const

/** A filter for WHERE: most often a pin. */
function filter({ random, value }: Pieces, column: string): string {
	return random.weighted<() => string>([
		[6, () => `${column} = ${value()}`],
		[1, () => `${column} IS ${value()}`],
		[1, () => `${column} IS NULL`],
		[1, () => `(${column} = ${value()} OR ${column} IS NULL)`],
		[1, () => `${column} IN (${value()}, ${value()})`],
		[1, () => '1'],
	])()
}

/** Joins two sources; the condition pins or equates. */
function join(pieces: Pieces, left: string, leftKey: string, right: string, rightKey: string): string {
	const { random } = pieces
	const kind = random.pick(joins)
	if (kind === ',') return `${left}, ${right}`
	const on = random.weighted<() => string>([
		[5, () => `${leftKey} = ${rightKey}`],
		[2, () => `${leftKey} = ${rightKey} AND ${filter(pieces, random.pick([leftKey, rightKey]))}`],
		[2, () => filter(pieces, random.pick([leftKey, rightKey]))],
		[1, () => `${leftKey} IS ${rightKey}`],
	])()
	return `${left} ${kind} ${right} ON ${on}`
}

/** A query with the columns `k` and `o`, in ways that let a condition on `k` through, or not. */
function derived(pieces: Pieces): string {
	const { random } = pieces
	const a = pieces.table('a')
	const b = pieces.table('b')
	const ak = `a.${a.key}`
	const bk = `b.${b.key}`
	return random.weighted<() => string>([
		[2, () => `SELECT ${ak} AS k, a.x AS o FROM ${a.sql} WHERE ${pieces.condition('a')}`],
		[2, () => `SELECT ${ak} AS k, a.x AS o FROM ${a.sql} ORDER BY 1, 2 LIMIT ${random.below(4)}`],
		[2, () => `SELECT ${ak} AS k, count(*) AS o FROM ${a.sql} GROUP BY ${random.pick([ak, 'a.x', '1'])}`],
		[2, () => `SELECT ${ak} AS k, max(a.x) AS o FROM ${a.sql}`],
		[
			2,
			() =>
				`SELECT ${ak} AS k, count(*) OVER (${random.pick(['', `PARTITION BY ${ak}`, 'PARTITION BY a.x'])}) AS o FROM ${a.sql}`,
		],
		[1, () => `SELECT DISTINCT ${ak} AS k, 1 AS o FROM ${a.sql}`],
		[
			4,
			() =>
				`SELECT ${random.pick([ak, bk])} AS k, ${random.pick(['a.x', 'b.x', ak, bk])} AS o FROM ${join(pieces, a.sql, ak, b.sql, bk)} WHERE ${random.chance(0.5) ? '1' : filter(pieces, random.pick([ak, bk]))}`,
		],
		[
			2,
			() =>
				`SELECT ${random.pick([ak, bk])} AS k, count(*) AS o FROM ${join(pieces, a.sql, ak, b.sql, bk)} GROUP BY ${random.pick([ak, bk])}`,
		],
		[
			2,
			() =>
				`SELECT ${ak} AS k, a.x AS o FROM ${a.sql} ${random.pick(setOperators)} SELECT ${bk}, b.x FROM ${b.sql} WHERE ${filter(pieces, bk)}`,
		],
		[
			2,
			() =>
				`SELECT ${random.pick([ak, bk])} AS k, 1 AS o FROM ${join(pieces, a.sql, ak, b.sql, bk)} ${random.pick(setOperators)} SELECT c.k, 1 FROM (${derivedJoin(pieces)}) c`,
		],
		[
			1,
			() =>
				`SELECT ${ak} AS k, (SELECT count(${random.pick(['*', 'a.x', 'b.x', ak])}) FROM ${b.sql}${random.chance(0.5) ? ` WHERE ${bk} = ${ak}` : ''}) AS o FROM ${a.sql}`,
		],
		[1, () => `SELECT ${pieces.value()} AS k, a.x AS o FROM ${a.sql} WHERE ${filter(pieces, ak)}`],
		[
			1,
			() =>
				`SELECT ${ak} AS k, a.x AS o FROM ${a.sql} ${random.pick(setOperators)} SELECT ${bk}, b.x FROM ${b.sql} ORDER BY 1, 2 LIMIT 3`,
		],
		[1, () => `SELECT ${ak} COLLATE ${random.pick(['NOCASE', 'BINARY'])} AS k, a.x AS o FROM ${a.sql}`],
		[
			1,
			() =>
				`SELECT ${ak} AS k, 1 AS o FROM ${a.sql} GROUP BY ${ak} HAVING ${filter(pieces, random.pick([ak, 'a.x', 'count(*)']))}`,
		],
	])()
}

function derivedJoin(pieces: Pieces): string {
	const d = pieces.table('d')
	const e = pieces.table('e')
	const [dk, ek] = [`d.${d.key}`, `e.${e.key}`]
	return `SELECT ${pieces.random.pick([dk, ek])} AS k FROM ${join(pieces, d.sql, dk, e.sql, ek)}`
}

export const shapes: readonly (readonly [weight: number, shape: Shape])[] = [
	// Two and three tables, joined in every way.
	[
		6,
		(p) => {
			const [a, b] = [p.table('a'), p.table('b')]
			const [ak, bk] = [`a.${a.key}`, `b.${b.key}`]
			const where = [
				filter(p, p.random.pick([ak, bk])),
				...(p.random.chance(0.4) ? [filter(p, p.random.pick([ak, bk, 'a.x', 'b.x']))] : []),
			]
			return [
				`SELECT ${p.random.pick(['*', 'count(*)', `${ak}, ${bk}`])} FROM ${join(p, a.sql, ak, b.sql, bk)} WHERE ${where.join(' AND ')}`,
				false,
			]
		},
	],
	[
		6,
		(p) => {
			const [a, b, c] = [p.table('a'), p.table('b'), p.table('c')]
			const [ak, bk, ck] = [`a.${a.key}`, `b.${b.key}`, `c.${c.key}`]
			const from = join(p, join(p, a.sql, ak, b.sql, bk), p.random.pick([ak, bk]), c.sql, ck)
			const where = [
				filter(p, p.random.pick([ak, bk, ck])),
				...(p.random.chance(0.3) ? [`${p.random.pick([ak, bk])} ${p.random.pick(['=', '=', 'IS'])} ${ck}`] : []),
			]
			return [`SELECT * FROM ${from} WHERE ${where.join(' AND ')}`, false]
		},
	],
	[
		3,
		(p) => {
			const [a, b, c] = [p.table('a'), p.table('b'), p.table('c')]
			const [ak, bk, ck] = [`a.${a.key}`, `b.${b.key}`, `c.${c.key}`]
			const nested = `(${join(p, b.sql, bk, c.sql, ck)})`
			return [
				`SELECT * FROM ${join(p, a.sql, ak, nested, p.random.pick([bk, ck]))} WHERE ${filter(p, p.random.pick([ak, bk, ck]))}`,
				false,
			]
		},
	],
	// USING and NATURAL: whose column is it?
	[
		3,
		(p) => {
			const [one, two] = [p.random.pick(['t1', 't2', 't4']), p.random.pick(['t1', 't2', 't4', 'g'])]
			const third = p.random.chance(0.4) ? ` ${p.random.pick(joins.slice(0, 5))} t4 AS c USING (k)` : ''
			const column = p.random.pick(['k', 'k', 'a.k', 'b.k'])
			const from = `${one} AS a ${p.random.chance(0.2) ? 'NATURAL ' : ''}${p.random.pick(joins.slice(0, 5))} ${two} AS b`
			const using = from.includes('NATURAL') ? '' : ' USING (k)'
			const inner = `SELECT ${p.random.pick(['*', 'k', 'a.k, 1 AS o', 'k, 1 AS o'])} FROM ${from}${using}${third}`
			if (p.random.chance(0.4)) return [`SELECT * FROM (${inner}) d WHERE ${filter(p, 'd.k')}`, false]
			return [`${inner} WHERE ${filter(p, column)}`, false]
		},
	],
	// A condition on a derived table.
	[10, (p) => [`SELECT * FROM (${derived(p)}) d WHERE ${filter(p, 'd.k')}`, false]],
	[3, (p) => [`SELECT * FROM (${derived(p)}) d WHERE ${filter(p, 'd.o')} AND ${filter(p, 'd.k')}`, false]],
	[
		3,
		(p) => [
			`SELECT count(*) FROM (SELECT * FROM (${derived(p)}) c ${p.random.chance(0.3) ? 'ORDER BY 1, 2 LIMIT 3' : ''}) d WHERE ${filter(p, 'd.k')}`,
			false,
		],
	],
	// Derived tables in joins.
	[
		6,
		(p) => {
			const f = p.table('f')
			const fk = `f.${f.key}`
			const [left, leftKey, right, rightKey] = p.random.chance(0.5)
				? [f.sql, fk, `(${derived(p)}) g1`, p.random.pick(['g1.k', 'g1.k', 'g1.o'])]
				: [`(${derived(p)}) g1`, p.random.pick(['g1.k', 'g1.k', 'g1.o']), f.sql, fk]
			return [`SELECT * FROM ${join(p, left, leftKey, right, rightKey)} WHERE ${filter(p, p.random.pick([fk, 'g1.k']))}`, false]
		},
	],
	[
		3,
		(p) => [
			`SELECT * FROM ${join(p, `(${derived(p)}) g1`, 'g1.k', `(${derived(p)}) g2`, 'g2.k')} WHERE ${filter(p, p.random.pick(['g1.k', 'g2.k']))}`,
			false,
		],
	],
	// Compounds of derived tables.
	[
		4,
		(p) => [
			`SELECT * FROM (${derived(p)}) g1 WHERE ${filter(p, 'g1.k')} ${p.random.pick(setOperators)} SELECT * FROM (${derived(p)}) g2 WHERE ${filter(p, 'g2.k')}`,
			false,
		],
	],
	[
		3,
		(p) => [
			`SELECT * FROM (SELECT * FROM (${derived(p)}) g1 ${p.random.pick(setOperators)} SELECT * FROM (${derived(p)}) g2) d WHERE ${filter(p, 'd.k')}`,
			false,
		],
	],
	// Sub-queries in conditions.
	[
		7,
		(p) => {
			const [f, h] = [p.table('f'), p.table('h')]
			const [fk, hk] = [`f.${f.key}`, `h.${h.key}`]
			const inner = () =>
				p.random.weighted<() => string>([
					[3, () => `SELECT ${hk} AS ${p.random.pick(['k', 'a', 'z'])} FROM ${h.sql} WHERE ${filter(p, hk)}`],
					[3, () => `SELECT ${hk} FROM ${h.sql} WHERE ${hk} = ${fk} AND ${filter(p, hk)}`],
					[2, () => `SELECT max(${hk}) FROM ${h.sql} WHERE ${hk} = ${fk}`],
					[1, () => `SELECT count(*) FROM ${h.sql} WHERE ${hk} = ${fk} AND ${filter(p, hk)}`],
					[1, () => `SELECT ${p.value()} AS k FROM ${h.sql} WHERE ${hk} = k`],
					[1, () => `SELECT ${p.value()} AS a FROM ${h.sql} WHERE ${hk} = a`],
					[2, () => `SELECT c.k FROM (${derived(p)}) c WHERE ${filter(p, 'c.k')}`],
					[1, () => `SELECT c.k FROM (${derived(p)}) c WHERE c.k = ${fk}`],
				])()
			const test = p.random.weighted<() => string>([
				[4, () => `EXISTS (${inner()})`],
				[1, () => `NOT EXISTS (${inner()})`],
				[4, () => `${fk} IN (${inner()})`],
				[1, () => `${fk} NOT IN (${inner()})`],
				[2, () => `${fk} = (SELECT * FROM (${inner()}) ORDER BY 1 ${p.random.pick(['', 'DESC '])}LIMIT 1)`],
				[1, () => `f.x IN (${inner()})`],
				[1, () => `${fk} IN ${p.random.pick(['t3', 'g'])}`],
			])()
			return [`SELECT * FROM ${f.sql} WHERE ${test}${p.random.chance(0.5) ? ` AND ${filter(p, fk)}` : ''}`, false]
		},
	],
	// A name that is an alias, a column of the enclosing query, or text.
	[
		2,
		(p) => {
			const h = p.table('h')
			const name = p.random.pick(['k', 'x', 'y', 'z', 'a'])
			const quoted = p.random.chance(0.4) ? `"${name}"` : name
			const alias = p.random.chance(0.6) ? ` AS ${name}` : ''
			return [
				`SELECT * FROM t1 AS f WHERE f.k = ${p.value()} AND EXISTS (SELECT ${p.value()}${alias} FROM ${h.sql} WHERE h.${h.key} = ${quoted})`,
				false,
			]
		},
	],
	[
		2,
		(p) => {
			const h = p.table('h')
			return [
				`SELECT f.k, (SELECT count(*) FROM ${h.sql} WHERE h.${h.key} = ${p.random.pick(['f.k', 'k', 'f.y'])}), f.k IN (SELECT h.${h.key} FROM ${h.sql}) FROM t1 AS f ${p.random.chance(0.4) ? 'RIGHT JOIN g ON g.k = f.k' : ''} WHERE ${filter(p, 'f.k')}`,
				false,
			]
		},
	],
	// Common table expressions.
	[
		4,
		(p) => {
			const f = p.table('f')
			const name = p.random.pick(['w', 'w', f.name])
			const from = p.random.pick([`${name} d`, `${name} d`, `main.${f.name} d`, `${name} d LEFT JOIN ${name} e ON e.k = d.k`])
			return [
				`WITH ${name}(k, o) AS (${derived(p)}) SELECT * FROM ${from} WHERE ${filter(p, from.startsWith('main') ? `d.${f.key}` : 'd.k')}`,
				false,
			]
		},
	],
	[
		5,
		(p) => {
			const [f, h] = [p.table('f'), p.table('h')]
			const [fk, hk] = [`f.${f.key}`, `h.${h.key}`]
			const anchor = p.random.pick([`SELECT ${fk}, 0 FROM ${f.sql} WHERE ${filter(p, fk)}`, `SELECT ${p.value()}, 0`])
			const out = p.random.pick(['r.k', hk, hk, 'h.x'])
			const step = p.random.weighted<() => string>([
				[5, () => `SELECT ${out}, r.n + 1 FROM ${h.sql} JOIN r ON ${hk} = r.k WHERE r.n < 2`],
				[2, () => `SELECT ${out}, r.n + 1 FROM ${h.sql} JOIN r ON h.x = r.n WHERE r.n < 2`],
				[1, () => `SELECT ${hk}, r.n + 1 FROM r LEFT JOIN ${h.sql} ON ${hk} = r.k WHERE r.n < 2`],
				[1, () => `SELECT ${hk}, r.n + 1 FROM r JOIN ${h.sql} ON ${filter(p, hk)} WHERE r.n < 2`],
			])()
			return [`WITH RECURSIVE r(k, n) AS (${anchor} UNION ${step}) SELECT * FROM r WHERE ${filter(p, 'r.k')}`, false]
		},
	],
	// Constants under the names of columns.
	[
		2,
		(p) => {
			const f = p.table('f')
			const source = p.random.pick([
				`(SELECT ${p.value()} AS k)`,
				`(VALUES (${p.value()}), (${p.value()}))`,
				`(SELECT ${p.value()} AS k UNION ALL SELECT ${p.value()})`,
			])
			const column = source.startsWith('(V') ? 'd.column1' : 'd.k'
			return [
				`SELECT * FROM ${join(p, `${source} d`, column, f.sql, `f.${f.key}`)} WHERE ${p.random.chance(0.5) ? '1' : `${column} ${p.random.pick(['=', 'IS'])} f.${f.key}`}`,
				false,
			]
		},
	],
	// Equality of columns of different types, and of values that look alike.
	[
		3,
		(p) => {
			const [a, b] = [p.table('a'), p.table('b')]
			const [ak, bk] = [`a.${a.key}`, `b.${b.key}`]
			const middle = p.random.pick(['a.x', 'b.x', 'a.id', bk])
			return [
				`SELECT * FROM ${a.sql}, ${b.sql} WHERE ${ak} = ${middle} AND ${middle} = ${bk} AND ${filter(p, p.random.pick([ak, bk, middle]))}`,
				false,
			]
		},
	],
	// An inner join before a RIGHT JOIN: its condition does not hold for every row.
	[
		2,
		(p) => {
			const [a, b, c] = [p.table('a'), p.table('b'), p.table('c')]
			const [ak, bk, ck] = [`a.${a.key}`, `b.${b.key}`, `c.${c.key}`]
			const chain = (extra: string) =>
				`${a.sql} JOIN ${b.sql} ON ${ak} = ${bk} AND ${p.random.pick([ak, bk])} = ${extra} RIGHT JOIN ${c.sql} ON ${ck} = ${p.random.pick([ak, bk])}`
			if (p.random.chance(0.5)) return [`SELECT * FROM ${chain(p.value())}`, false]
			const f = p.table('f')
			return [
				`SELECT * FROM ${f.sql} WHERE EXISTS (SELECT 1 FROM ${chain(`f.${f.key} AND ${ak} = ${p.value()}`)} WHERE ${ck} = ${p.value()})`,
				false,
			]
		},
	],
	// NULL from an outer join, met by another in a compound or by IS.
	[
		6,
		(p) => {
			const arm = (one: string, two: string) => {
				const [a, b] = [p.table(one), p.table(two)]
				return `SELECT ${two}.${b.key} AS k FROM ${a.sql} LEFT JOIN ${b.sql} ON ${two}.${b.key} = ${p.anyValue()} WHERE ${one}.${a.key} = ${p.anyValue()}`
			}
			if (p.random.chance(0.6)) return [`${arm('a', 'b')} ${p.random.pick(setOperators)} ${arm('c', 'd')}`, false]
			return [
				`SELECT * FROM (${arm('a', 'b')}) e ${p.random.pick(['JOIN', 'LEFT JOIN'])} (${arm('c', 'd')}) f ON e.k IS f.k WHERE ${p.random.chance(0.6) ? '1' : filter(p, 'e.k')}`,
				false,
			]
		},
	],
	// Text that other collations take for the same.
	[
		2,
		(p) => {
			const [f, h] = [p.table('f'), p.table('h')]
			const collate = p.random.pick(['COLLATE NOCASE', 'COLLATE RTRIM', 'COLLATE BINARY', ''])
			const other = p.random.chance(0.6) ? p.anyValue() : `h.${h.key}`
			const test = p.random.chance(0.7) ? `f.${f.key} ${collate} = ${other}` : `f.${f.key} = ${other} ${collate}`
			return [`SELECT * FROM ${f.sql} JOIN ${h.sql} ON ${test} WHERE ${filter(p, `h.${h.key}`)}`, false]
		},
	],
	// The first row of a sub-query counts, whatever it is compared with.
	[
		2,
		(p) => {
			const [f, h] = [p.table('f'), p.table('h')]
			return [`SELECT * FROM ${f.sql} WHERE f.${f.key} = (SELECT h.${h.key} FROM ${h.sql}) AND f.${f.key} = ${p.value()}`, false]
		},
	],
	[
		2,
		(p) => {
			const [f, h] = [p.table('f'), p.table('h')]
			return [
				`WITH w AS (SELECT h.${h.key} FROM ${h.sql}) SELECT * FROM ${f.sql} WHERE f.${f.key} = ${p.value()} AND ${p.random.pick(['f.x', `f.${f.key}`])} ${p.random.pick(['IN', 'NOT IN'])} w`,
				false,
			]
		},
	],
	// Bare columns of a group are of any of its rows.
	[
		2,
		(p) => {
			const a = p.table('a')
			return [`SELECT a.${a.key}, count(*) FROM ${a.sql} GROUP BY a.x HAVING a.${a.key} = ${p.value()}`, false]
		},
	],
	// The alias of an output comes before a column of the enclosing query.
	[
		2,
		(p) => {
			const [name, tables] = p.random.pick([
				['y', ['t2', 't3']],
				['k', ['t3']],
			] as const)
			const table = p.random.pick(tables)
			const key = table === 't3' ? 'a' : 'k'
			const quoted = p.random.chance(0.3) ? `"${name}"` : name
			return [
				`SELECT * FROM t1 AS f WHERE f.k = ${p.value()} AND f.y = ${p.value()} AND EXISTS (SELECT ${p.value()} AS ${name} FROM ${table} h WHERE h.${key} = ${quoted})`,
				false,
			]
		},
	],
	// IS meets the NULL that an outer join makes: with a parameter, a constant under a column's name, a sub-query without rows.
	[
		8,
		(p) => {
			const [f, h] = [p.table('f'), p.table('h')]
			const [fk, hk] = [`f.${f.key}`, `h.${h.key}`]
			const on = `${hk} = ${fk}${p.random.chance(0.7) ? ` AND ${p.random.pick([fk, hk])} = ${p.anyValue()}` : ''}`
			const row = `(SELECT ${p.anyValue()} AS k) d`
			const [extra, operand] = p.random.weighted<() => readonly [join: string, operand: string]>([
				[3, () => ['', p.random.pick([p.nullParameter(), p.nullParameter(), 'NULL', p.value()])]],
				[3, () => [` LEFT JOIN ${row} ON ${p.random.pick(['0', `d.k = ${p.value()}`, `d.k = ${fk}`])}`, 'd.k']],
				[
					3,
					() => [
						'',
						`(SELECT ${p.random.pick(['i.k', 'i.x'])} FROM t1 AS i WHERE i.k = ${p.anyValue()} AND i.id = ${p.random.below(9)})`,
					],
				],
			])()
			const test = p.random.pick([`${hk} IS ${operand}`, `${operand} IS ${hk}`, `NOT (${hk} IS NOT ${operand})`])
			return [`SELECT * FROM ${f.sql} LEFT JOIN ${h.sql} ON ${on}${extra} WHERE ${test}`, false]
		},
	],
	// Comparisons of constants: numbers of both classes are equal, a number and its text are not.
	[
		3,
		(p) => {
			const f = p.table('f')
			const constant = () => p.random.pick(['1', '1.0', "'1'", '2', '2.0', "'a'", 'NULL', '-1', '0x1'])
			const test = `${constant()} ${p.random.pick(['=', 'IS', '<>'])} ${constant()}`
			return [
				`SELECT * FROM ${f.sql} WHERE ${p.random.pick([test, `NOT (${test})`])}${p.random.chance(0.5) ? ` AND ${filter(p, `f.${f.key}`)}` : ''}`,
				false,
			]
		},
	],
	// Writes.
	[
		2,
		(p) => {
			const f = p.table('f')
			return [
				`INSERT INTO t1 (k, x) SELECT d.k, 1 FROM ${f.sql} LEFT JOIN (SELECT ${p.value()} AS k) d ON f.x = ${p.value()} WHERE f.${f.key} = ${p.value()}`,
				true,
			]
		},
	],
	[
		4,
		(p) => {
			const f = p.table('f')
			const target = p.random.pick(['t1', 't2'])
			return [
				`INSERT INTO ${target} (k, x) SELECT d.${p.random.pick(['k', 'k', 'o'])}, 1 FROM (${derived(p)}) d WHERE ${filter(p, 'd.k')}${p.random.chance(0.2) ? ` AND EXISTS (SELECT 1 FROM ${f.sql})` : ''}`,
				true,
			]
		},
	],
	[
		3,
		(p) => {
			const [a, b] = [p.table('a'), p.table('b')]
			const [ak, bk] = [`a.${a.key}`, `b.${b.key}`]
			return [
				`INSERT INTO t1 (k, x) SELECT ${p.random.pick([ak, bk, p.value()])}, 7 FROM ${join(p, a.sql, ak, b.sql, bk)} WHERE ${filter(p, p.random.pick([ak, bk]))}`,
				true,
			]
		},
	],
	[
		3,
		(p) => {
			const [a, b] = [p.table('a'), p.table('b')]
			const [ak, bk] = [`a.${a.key}`, `b.${b.key}`]
			return [
				`UPDATE t1 SET x = 99${p.random.chance(0.3) ? `, k = ${p.value()}` : ''} FROM ${join(p, a.sql, ak, b.sql, bk)} WHERE ${filter(p, p.random.pick(['t1.k', ak, bk]))} AND t1.k = ${p.random.pick([ak, bk])}`,
				true,
			]
		},
	],
	[
		3,
		(p) => [
			`DELETE FROM t2 WHERE k ${p.random.pick(['=', 'IN'])} (SELECT * FROM (SELECT d.k FROM (${derived(p)}) d WHERE ${filter(p, 'd.k')}) ORDER BY 1 LIMIT 1)`,
			true,
		],
	],
]
