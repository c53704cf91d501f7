import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { NativeEngine } from '../../src/analytics/engines/native/native-engine.node.ts'
import { loadWasmModules } from '../../src/analytics/engines/wasm/modules.node.ts'
import { WasmEngine } from '../../src/analytics/engines/wasm/wasm-engine.ts'
import { createLakeQuery } from '../../src/analytics/lake-query.ts'
import type { QueryEngine } from '../../src/analytics/query-engine.ts'
import { integer, primaryKey, sqliteTable, text } from '../../src/columns.ts'
import { drizzle } from '../../src/driver/drizzle.ts'
import type { LakeMoment } from '../../src/driver/transport.ts'
import { createInMemoryRouter } from '../../src/local/in-memory-router.ts'
import type { NodeRouter } from '../../src/local/node-router.ts'
import { SQLake } from '../../src/schema/database.ts'

const links = sqliteTable('links', { id: text('id').primaryKey(), n: integer('n') })
const points = sqliteTable('points', { id: integer('id').primaryKey(), owner: integer('owner'), n: integer('n') })
const pairs = sqliteTable('pairs', { a: text('a').notNull(), b: integer('b').notNull(), n: integer('n') }, (t) => [
	primaryKey({ columns: [t.a, t.b] }),
])
const settings = sqliteTable('settings', { id: text('id').primaryKey(), n: integer('n') })
const schema = SQLake({
	...{ links, points, pairs, settings },
	shard: { links: 'id', points: 'owner', pairs: ['a', 'b'] },
	global: ['settings'],
})

/** Shards that keys name, and some that none of the keys below does. */
const SHARDS = ['a', 'b', '5', 'a/5', '_global', 'elsewhere'] as const

const textKey = fc.constantFrom("'a'", "'b'", "'5'", "'5.0'", "''", "'a/5'", '5', "x'61'")
const numberKey = fc.constantFrom('5', "'5'", '5.0', '6', '-1', '5.5', "'a'", "x'61'")
const shard = fc.constantFrom(...SHARDS)

/** The values of a row of each table, without its last column. */
const rowOf = {
	links: fc.tuple(textKey),
	points: fc.tuple(fc.constantFrom('1', '2', '3'), fc.oneof(numberKey, fc.constant('NULL'))),
	pairs: fc.tuple(textKey, numberKey),
	settings: fc.tuple(textKey),
}
type Table = keyof typeof rowOf
const table: fc.Arbitrary<Table> = fc.constantFrom('links', 'points', 'pairs', 'settings')

/** A statement for a pinned shard, or null to deliver what waits. */
const step = fc.oneof(
	{
		weight: 6,
		arbitrary: table.chain((name) =>
			fc.tuple(
				shard,
				rowOf[name].map((row) => `INSERT OR REPLACE INTO ${name} VALUES (${row.join()}, 1)`),
			),
		),
	},
	{
		weight: 2,
		arbitrary: fc.tuple(
			shard,
			numberKey.map((key) => `UPDATE points SET owner = ${key}`),
		),
	},
	{
		weight: 1,
		arbitrary: fc.tuple(
			shard,
			textKey.map((key) => `UPDATE OR REPLACE links SET id = ${key}, n = 2`),
		),
	},
	{
		weight: 1,
		arbitrary: fc.tuple(
			shard,
			table.map((name) => `DELETE FROM ${name} WHERE n = 2`),
		),
	},
	{ weight: 2, arbitrary: fc.constant(null) },
)

const condition = fc
	.oneof(
		fc.tuple(fc.constantFrom('links.id', 'settings.id', 'pairs.a'), fc.array(textKey, { minLength: 1, maxLength: 3 })),
		fc.tuple(fc.constantFrom('points.owner', 'pairs.b'), fc.array(numberKey, { minLength: 1, maxLength: 3 })),
	)
	.map(
		([column, keys]) =>
			[column.split('.')[0] ?? '', keys.length === 1 ? `${column} = ${keys[0]}` : `${column} IN (${keys.join()})`] as const,
	)
const query = fc.oneof(
	condition.map(([name, where]) => `SELECT * FROM ${name} WHERE ${where}`),
	fc.tuple(textKey, numberKey).map(([a, b]) => `SELECT * FROM pairs WHERE a = ${a} AND b = ${b}`),
)

const bytesAsText = (value: unknown) =>
	value instanceof ArrayBuffer || value instanceof Uint8Array ? `bytes ${new Uint8Array(value)}` : value
const sorted = (rows: readonly (readonly unknown[])[]) => rows.map((row) => JSON.stringify(row.map(bytesAsText))).sort()

/** Runs the statements, each in its shard, and delivers where a step says so and at the end. */
async function live(router: NodeRouter<typeof schema>, steps: readonly (readonly [string, string] | null)[]): Promise<void> {
	const db = drizzle(router)
	for (const each of steps) {
		if (each === null) await router.flush()
		else await db.shard(each[0]).run(sql.raw(each[1]))
	}
	await router.flush()
}

describe.each<[string, QueryEngine]>([
	['wasm', new WasmEngine({ modules: loadWasmModules })],
	['native', new NativeEngine()],
])('rows that are not in the shard that their key names, asked of the %s engine', (_name, engine) => {
	afterAll(() => engine.close())

	const lakeOf = ({ catalog, store }: NodeRouter<typeof schema>) => {
		const lake = createLakeQuery({ catalog, store, schema: schema.lake, engine })
		return (text: string, moment: LakeMoment = { kind: 'current' }) =>
			lake.query({ statement: { sql: text, params: [] }, moment })
	}

	it('are found by their key, whatever wrote them', async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.array(step, { maxLength: 30, size: 'max' }),
				fc.array(query, { minLength: 3, maxLength: 6 }),
				async (steps, queries) => {
					await using router = createInMemoryRouter({ schema, flushBeforeLakeQuery: false })
					await live(router, steps)
					const ask = lakeOf(router)
					const db = drizzle(router)
					for (const text of queries) {
						const shards = await Promise.all((await router.shards()).map((id) => db.shard(id).values<unknown[]>(sql.raw(text))))
						expect(sorted((await ask(text)).rows), text).toEqual(sorted(shards.flat()))
						const between: LakeMoment = { kind: 'between', from: 0, to: Number.MAX_SAFE_INTEGER / 2 }
						// Joined by OR it is no condition that files could be left out by.
						const whole = text.replace('WHERE ', 'WHERE 0 OR ')
						expect(sorted((await ask(text, between)).rows), text).toEqual(sorted((await ask(whole, between)).rows))
					}
				},
			),
			{ numRuns: 25 },
		)
	}, 120_000)

	it('are found by code whose shard key is another one than that of the shards', async () => {
		await using router = createInMemoryRouter({ schema, flushBeforeLakeQuery: false })
		const db = drizzle(router)
		for (const owner of [5, 6]) await db.insert(points).values({ id: owner, owner, n: 7 })
		await db.shard('_global').insert(settings).values({ id: 'a', n: 7 })
		await router.flush()
		const other = SQLake({ points, settings, shard: { points: 'n', settings: 'id' } })
		const { catalog, store } = router
		const lake = createLakeQuery({ catalog, store, schema: other.lake, engine })
		const ask = async (text: string) =>
			(await lake.query({ statement: { sql: text, params: [] }, moment: { kind: 'current' } })).rows
		expect(await ask('SELECT id FROM points WHERE n = 7 ORDER BY id')).toEqual([[5], [6]])
		expect(await ask("SELECT n FROM settings WHERE id = 'a'")).toEqual([[7]])
	})

	it('cost a query by key no more than the files of the shards that hold such rows', async () => {
		await using router = createInMemoryRouter({ schema, flushBeforeLakeQuery: false })
		const db = drizzle(router)
		for (const id of ['a', 'b', 'c', 'd']) await db.insert(links).values({ id, n: 1 })
		await router.flush()
		const ask = lakeOf(router)
		const byKey = "SELECT n FROM links WHERE id = 'b'"
		expect((await ask(byKey)).stats).toMatchObject({ filesKept: 1, filesPruned: 3 })
		await db.shard('c').insert(links).values({ id: 'b', n: 2 })
		await router.flush()
		const { rows, stats } = await ask(`${byKey} ORDER BY n`)
		expect(rows).toEqual([[1], [2]])
		expect(stats).toMatchObject({ filesKept: 2, filesPruned: 3 })
		expect(await ask("SELECT n FROM links WHERE id = 'd'")).toMatchObject({ rows: [[1]], stats: { filesKept: 1 } })
	})
})
