import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { NativeEngine } from '../../src/analytics/engines/native/native-engine.node.ts'
import { loadWasmModules } from '../../src/analytics/engines/wasm/modules.node.ts'
import { WasmEngine } from '../../src/analytics/engines/wasm/wasm-engine.ts'
import { createLakeQuery } from '../../src/analytics/lake-query.ts'
import type { LakeMoment } from '../../src/driver/transport.ts'
import { SQLakeError } from '../../src/errors.ts'
import type { SqlValue } from '../../src/schema/sql-value.ts'
import { FACT_COLUMNS, FIRST_MOMENT, RandomWorld, show, sqliteRows, steps, type Value, value } from './support/random-values.ts'

/** What equals SQLite only where no two values of a group are equal and of another class, or no integer overflows. */
const REFUSED = /equal but not the same|beyond 64 bits|BLOB that is not UTF-8/

const literal = (each: Value): string => {
	if (each === null) return 'NULL'
	if (typeof each === 'string') return `'${each.split('\0')[0]?.replaceAll("'", "''")}'`
	if (each instanceof Uint8Array) return `x'${Buffer.from(each).toString('hex')}'`
	return typeof each === 'bigint' ? (each < -(2n ** 62n) ? `(${each + 1n} - 1)` : String(each)) : `${each.toExponential()}`
}

/** More in a long run. */
const RUNS = Number(process.env.OPEN_CLASS_RUNS ?? 40)

/** Simple queries over columns a and b. */
const TEMPLATES: readonly ((a: string, b: string, v: string, w: string) => string)[] = [
	(a) => `SELECT ${a}, typeof(${a}) FROM T`,
	(a) => `SELECT ${a}, typeof(${a}), quote(${a}), hex(${a}) FROM T WHERE ${a} IS NOT NULL`,
	(a, _, v) => `SELECT ${a}, typeof(${a}) FROM T WHERE ${a} = ${v}`,
	(a, _, v) => `SELECT ${a}, typeof(${a}) FROM T WHERE ${a} <> ${v}`,
	(a, _, v) => `SELECT ${a}, typeof(${a}) FROM T WHERE ${a} < ${v}`,
	(a, _, v) => `SELECT ${a}, typeof(${a}) FROM T WHERE ${a} >= ${v}`,
	(a, _, v) => `SELECT ${a}, typeof(${a}) FROM T WHERE ${a} IS ${v}`,
	(a, _, v, w) => `SELECT ${a} FROM T WHERE ${a} BETWEEN ${v} AND ${w}`,
	(a, _, v, w) => `SELECT ${a} FROM T WHERE ${a} IN (${v}, ${w})`,
	(a, _, v, w) => `SELECT ${a} FROM T WHERE ${a} NOT IN (${v}, ${w})`,
	(a, b) => `SELECT count(*) FROM T WHERE ${a} = ${b}`,
	(a, b) => `SELECT count(*) FROM T WHERE ${a} < ${b}`,
	(a, b) => `SELECT count(*) FROM T AS x JOIN T AS y ON x.${a} = y.${b}`,
	(a) => `SELECT count(*) FROM T WHERE ${a} IN (SELECT ${a} FROM T WHERE id > 'b')`,
	(a) => `SELECT typeof(${a}), count(*) FROM T GROUP BY typeof(${a})`,
	(a) => `SELECT ${a}, typeof(${a}), count(*) FROM T GROUP BY ${a}`,
	(a) => `SELECT DISTINCT ${a} FROM T`,
	(a) => `SELECT ${a} FROM T ORDER BY ${a}`,
	(a) => `SELECT ${a} FROM T ORDER BY ${a} DESC LIMIT 3`,
	(a) => `SELECT count(${a}), min(${a}), max(${a}), typeof(max(${a})) FROM T`,
	(a) => `SELECT count(DISTINCT ${a}) FROM T`,
	(a, b) => `SELECT ${b} IS NULL, max(${a}) FROM T GROUP BY ${b} IS NULL`,
	(a, b) => `SELECT coalesce(${a}, ${b}), typeof(coalesce(${a}, ${b})) FROM T`,
	(a, b) => `SELECT CASE WHEN ${a} > ${b} THEN ${a} ELSE ${b} END FROM T`,
	(a, b) => `SELECT ${a} FROM T UNION ALL SELECT ${b} FROM T`,
	(a) => `SELECT count(*) FROM T WHERE ${a}`,
	(a) => `SELECT count(*) FROM T WHERE NOT ${a}`,
	(a) => `SELECT length(${a}) FROM T WHERE typeof(${a}) <> 'blob'`,
	(a) => `SELECT CAST(${a} AS INTEGER), CAST(${a} AS REAL) FROM T WHERE typeof(${a}) <> 'blob'`,
	(a) => `SELECT CAST(${a} AS TEXT) FROM T WHERE typeof(${a}) IN ('integer', 'text')`,
	(a) => `SELECT total(${a}) > 0, sum(${a}) IS NULL, avg(${a}) IS NULL FROM T WHERE abs(${a}) < 1e15`,
	(a) => `SELECT sum(${a}), typeof(sum(${a})) FROM T WHERE typeof(${a}) = 'integer' AND ${a} BETWEEN -100 AND 100`,
	(a) => `SELECT ${a} + 1, typeof(${a} + 1) FROM T WHERE typeof(${a}) IN ('integer', 'text') AND abs(${a}) < 1e9`,
	(a) => `SELECT ${a} || '!' FROM T WHERE typeof(${a}) IN ('integer', 'text')`,
	(a) => `SELECT substr(${a}, 2, 2), upper(${a}), instr(${a}, 'o') FROM T WHERE typeof(${a}) IN ('integer', 'text')`,
	(a) => `SELECT count(*) FROM T WHERE ${a} LIKE '%o%'`,
	(a) => `SELECT date(${a}), strftime('%Y-%m', ${a}) FROM T WHERE typeof(${a}) = 'text'`,
	(a) => `SELECT date(${a}, 'unixepoch') FROM T WHERE typeof(${a}) = 'integer' AND ${a} BETWEEN 0 AND 2000000000`,
	(a) => `SELECT group_concat(typeof(${a})) IS NULL FROM T`,
	(a) => `SELECT id, row_number() OVER (PARTITION BY typeof(${a}) ORDER BY id, tenant) FROM T`,
	(_, b) => `SELECT x.id AS ${b} FROM T AS x`,
	() => 'SELECT * FROM T',
]

const column = fc.constantFrom(...FACT_COLUMNS)
const query = fc
	.tuple(fc.constantFrom(...TEMPLATES), column, column, value, value)
	.map(([template, a, b, v, w]) => template(`"${a}"`, `"${b}"`, literal(v), literal(w)))

/** A value as an answer has it. */
function plain(each: SqlValue): unknown {
	return typeof each === 'bigint' && Number.isSafeInteger(Number(each)) ? Number(each) : each
}

function typeOf(each: SqlValue): string {
	if (each === null) return 'null'
	if (typeof each === 'string') return 'text'
	return typeof each === 'bigint' ? 'integer' : typeof each === 'number' ? 'real' : 'blob'
}

/** What SQLite answers; undefined where it fails, as where an integer overflows. */
function attempt<T>(answer: () => T): T | undefined {
	try {
		return answer()
	} catch {
		return undefined
	}
}

describe.each([
	['wasm', new WasmEngine({ modules: loadWasmModules })],
	['native', new NativeEngine()],
])('values of any class in any column, on the %s engine', (_name, engine) => {
	afterAll(() => engine.close())

	const answers = async (world: RandomWorld, sql: string): Promise<void> => {
		if (process.env.TRACE) console.error(Date.now(), sql)
		const expected = attempt(() => sqliteRows(world.union, sql))
		const lake = createLakeQuery({ ...world.lake, engine })
		const found = await lake
			.query({ statement: { sql, params: [] }, moment: { kind: 'current' } })
			.then(({ rows }) => rows)
			.catch((error: Error) => {
				if (REFUSED.test(error.message)) return null
				if (expected === undefined && SQLakeError.is(error)) return null
				throw new Error(`${sql}: ${error.message}`)
			})
		if (found === null) return
		if (expected === undefined) throw new Error(`${sql}: SQLite refuses it, the lake does not`)
		const ordered = / ORDER BY "\w+"/.test(sql)
		const [left, right] = [expected.map(show), found.map(show)].map((rows) => (ordered ? rows : rows.toSorted()))
		expect(right, sql).toEqual(left)
	}

	it(
		'answers as SQLite does on the rows of all shards',
		async () => {
			const ids = fc.constantFrom<Value>('a', 'b', 'c', 'd')
			await fc.assert(
				fc.asyncProperty(
					steps(ids, FACT_COLUMNS.length),
					fc.array(query, { minLength: 8, maxLength: 8 }),
					async (all, queries) => {
						const world = new RandomWorld('facts')
						try {
							await world.run(all)
							for (const sql of queries) await answers(world, sql.replaceAll(/\bT\b/g, 'facts'))
						} finally {
							world.close()
						}
					},
				),
				{ numRuns: RUNS, endOnFailure: process.env.NOSHRINK === '1' },
			)
		},
		RUNS * 3000,
	)

	it(
		'shows any moment, and all changes, as they were',
		async () => {
			const ids = fc.constantFrom<Value>('a', 'b')
			await fc.assert(
				fc.asyncProperty(
					steps(ids, FACT_COLUMNS.length),
					column,
					fc.double({ min: 0, max: 1, noNaN: true }),
					async (all, name, share) => {
						const world = new RandomWorld('facts')
						try {
							await world.run(all)
							const lake = createLakeQuery({ ...world.lake, engine })
							const ask = async (sql: string, moment: LakeMoment) =>
								(await lake.query({ statement: { sql, params: [] }, moment })).rows
							const { history } = world
							if (history.length === 0) return
							const at = history[Math.floor(share * (history.length - 1))]?.change.ts ?? 0
							const state = new Map<string, readonly unknown[]>()
							for (const { shard, change } of history.filter((each) => each.change.ts <= at)) {
								if (change.op !== 'c') state.delete(`${shard} ${(change.before ?? change.row).id}`)
								const value = change.row[name] ?? null
								if (change.op !== 'd') state.set(`${shard} ${change.row.id}`, [change.row.id, plain(value), typeOf(value)])
							}
							const found = await ask(`SELECT id, "${name}", typeof("${name}") FROM facts`, { kind: 'asOf', at })
							expect(found.map(show).toSorted()).toEqual([...state.values()].map(show).toSorted())

							const changes = await ask(
								`SELECT _shard, _op, "${name}", typeof("${name}"), "_before_${name}", typeof("_before_${name}") FROM facts`,
								{ kind: 'between', from: 0, to: FIRST_MOMENT * 2 },
							)
							const told = history.map(({ shard, change }) => {
								const [after, before] = [change.row[name] ?? null, change.before?.[name] ?? null]
								return [shard, change.op, plain(after), typeOf(after), plain(before), typeOf(before)]
							})
							expect(changes.map(show).toSorted()).toEqual(told.map(show).toSorted())
						} finally {
							world.close()
						}
					},
				),
				{ numRuns: RUNS },
			)
		},
		RUNS * 3000,
	)

	it.each(['by_int', 'by_text', 'by_numeric', 'by_blob'])(
		'tells the rows of %s apart by a key of any class',
		async (table) => {
			const key = value.filter((each) => each !== null)
			const few = fc.uniqueArray(key, { minLength: 2, maxLength: 3 })
			const world = few.chain((keys) => steps(fc.constantFrom(...keys), 1))
			await fc.assert(
				fc.asyncProperty(world, async (all) => {
					const made = new RandomWorld(table)
					try {
						await made.run(all)
						await answers(made, `SELECT tenant, k, typeof(k), v, typeof(v) FROM ${table}`)
					} finally {
						made.close()
					}
				}),
				{ numRuns: 25 },
			)
		},
		120_000,
	)
})
