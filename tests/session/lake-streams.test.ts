import { asc, eq, gt } from 'drizzle-orm'
import { afterAll, describe, expect, expectTypeOf, it } from 'vitest'
import { NativeEngine } from '../../src/analytics/engines/native/native-engine.node.ts'
import { loadWasmModules } from '../../src/analytics/engines/wasm/modules.node.ts'
import { WasmEngine } from '../../src/analytics/engines/wasm/wasm-engine.ts'
import { createLakeQuery } from '../../src/analytics/lake-query.ts'
import { integer, text } from '../../src/columns.ts'
import { drizzle } from '../../src/driver/drizzle.ts'
import type { LakeTransport } from '../../src/driver/transport.ts'
import { SQLake } from '../../src/schema/database.ts'
import type { Connection } from '../../src/session/connection.ts'
import { ConnectionRouter } from '../../src/session/query-router.ts'
import { createSQLTag } from '../../src/session/sql.ts'
import { collect } from '../analytics/support/collect.ts'
import { TestLake } from '../analytics/support/test-lake.ts'

const schema = SQLake({
	events: {
		id: integer('id').primaryKey(),
		user: text('user').notNull(),
		at: integer('at', { mode: 'timestamp' }),
	},
	shard: { events: 'user' },
})
const { events } = schema.tables

const T = Date.UTC(2026, 0, 15, 12)
const ROWS = 5_000
/** Takes for ever. */
const ENDLESS =
	'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) SELECT sum((a.i + b.i * c.i) % 7 + (d.i * e.i + f.i) % 3) FROM n a, n b, n c, n d, n e, n f'

async function lakeOf(engine: WasmEngine | NativeEngine): Promise<LakeTransport> {
	const lake = new TestLake(schema.lake)
	const changes = Array.from({ length: ROWS }, (_, i) => ({
		table: 'events',
		op: 'c' as const,
		ts: T,
		row: { id: BigInt(i), user: 'ada', at: BigInt(i) },
	}))
	await lake.deliver('ada', changes)
	return createLakeQuery({ ...lake, engine })
}

function open(lake: LakeTransport, more: Partial<Connection> = {}) {
	const connection: Connection = {
		schema: schema.lake,
		shards: { execute: () => Promise.reject(new Error('no shard has anything to do here')) },
		fallback: undefined,
		observability: undefined,
		lake: async () => lake,
		position: async () => null,
		...more,
	}
	return { db: drizzle({ schema, connection }), sql: createSQLTag(new ConnectionRouter(connection)) }
}

describe.each([
	['wasm', new WasmEngine({ modules: loadWasmModules })],
	['native', new NativeEngine()],
])('on the %s engine', (_name, engine) => {
	const lake = lakeOf(engine)
	afterAll(() => engine.close())

	it('the template streams rows by column name, and .all() has the same', async () => {
		const { sql } = open(await lake)
		const query = sql.analytics<{ id: number; user: string }>`SELECT id, user FROM events WHERE id > ${10} ORDER BY id`
		const rows = await collect(query.stream())
		expectTypeOf(rows).toEqualTypeOf<{ id: number; user: string }[]>()
		expect(rows).toHaveLength(ROWS - 11)
		expect(rows).toEqual(await query.all())
	})

	it('the builder streams rows as it maps them, joins included', async () => {
		const { db } = open(await lake)
		const query = db.select().from(events).where(gt(events.id, 10)).orderBy(asc(events.id)).analytics()
		const rows = await collect(query.stream())
		expectTypeOf(rows).toEqualTypeOf<{ id: number; user: string; at: Date | null }[]>()
		expect(rows[0]).toEqual({ id: 11, user: 'ada', at: new Date(11_000) })
		expect(rows).toEqual(await query)
		expect(await collect(db.analytics().select({ n: events.id }).from(events).limit(2).iterator())).toHaveLength(2)
	})

	it('a loop that is left early frees the engine, and its body may ask the lake meanwhile', async () => {
		const { db, sql } = open(await lake)
		for await (const row of sql.analytics`SELECT a.id - a.id AS id FROM events a, events b`.stream()) {
			expect(row).toEqual({ id: 0 })
			expect(await db.analytics().select({ id: events.id }).from(events).where(eq(events.id, 7))).toEqual([{ id: 7 }])
			break
		}
		expect(await sql.analytics`SELECT count(*) AS n FROM events`.first()).toEqual({ n: ROWS })
	})

	it('a signal aborts a query from the template and from the builder', async () => {
		const { db, sql } = open(await lake)
		const soon = () => AbortSignal.timeout(100)
		const aborted = { code: 'ANALYTICS_ABORTED' }
		await expect(sql.analytics`${sql.raw(ENDLESS)}`.all({ signal: soon() })).rejects.toMatchObject(aborted)
		const forever = db
			.analytics({ signal: soon() })
			.select({ n: sql<number>`(${sql.raw(ENDLESS)})` })
			.from(events)
		await expect(forever).rejects.toMatchObject(aborted)
		await expect(db.select().from(events).analytics({ signal: AbortSignal.abort() })).rejects.toMatchObject(aborted)
		expect(await sql.analytics`SELECT count(*) AS n FROM events`.first()).toEqual({ n: ROWS })
	})

	it('a time limit comes from the query, else from its database, else from the client', async () => {
		const { db, sql } = open(await lake, { analyticsTimeoutMs: 150 })
		const expectLimit = async (query: PromiseLike<unknown>, timeoutMs: number) =>
			expect(query).rejects.toMatchObject({
				code: 'ANALYTICS_TIMEOUT',
				message: `the query took longer than its ${timeoutMs} ms`,
			})
		const endless = sql.analytics`${sql.raw(ENDLESS)}`
		await expectLimit(endless.all({ timeoutMs: 100 }), 100)
		const slow = { n: sql<number>`(${sql.raw(ENDLESS)})` }
		await expectLimit(db.asOf(T, { timeoutMs: 120 }).select(slow).from(events), 120)
		await expectLimit(db.select(slow).from(events).analytics({ timeoutMs: 130 }), 130)
		await expectLimit(endless.all(), 150)
		await expectLimit(collect(endless.stream()), 150)
	})
})

it('a lake that gives whole answers only is streamed as one', async () => {
	const stats = { snapshots: {}, filesKept: 0, filesPruned: 0, bytesRead: 0, rowsRead: 0, durationMs: 0 }
	const { sql } = open({ query: async () => ({ columns: ['n'], rows: [[1], [2]], stats }) })
	expect(await collect(sql.analytics`SELECT id AS n FROM events`.stream())).toEqual([{ n: 1 }, { n: 2 }])
})
