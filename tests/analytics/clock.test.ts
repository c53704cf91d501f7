import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { NativeEngine } from '../../src/analytics/engines/native/native-engine.node.ts'
import { loadWasmModules } from '../../src/analytics/engines/wasm/modules.node.ts'
import { WasmEngine } from '../../src/analytics/engines/wasm/wasm-engine.ts'
import { createLakeQuery } from '../../src/analytics/lake-query.ts'
import type { QueryEngine } from '../../src/analytics/query-engine.ts'
import type { LakeMoment } from '../../src/driver/transport.ts'
import type { IcebergDataFile } from '../../src/lake/iceberg/types.ts'
import { MemoryObjectStore } from '../../src/lake/storage/memory.ts'
import type { LakeSchema } from '../../src/schema/table-schema.ts'
import { type TestChange, TestLake, withoutShard } from './support/test-lake.ts'
import { lakeWith, tableAt } from './support/versions.ts'

const START = Date.UTC(2026, 0, 31, 23, 50)
const HOUR = 3_600_000

const schema = lakeWith(
	tableAt(1, [
		[101, 'id', 'text'],
		[102, 'n', 'integer'],
	]),
)
const later = lakeWith(
	tableAt(2, [
		[101, 'id', 'text'],
		[102, 'n', 'integer'],
		[103, 'plan', 'text'],
	]),
)

const jump = fc.constantFrom(-2 * HOUR, -1_500, -1, 0, 0, 1, 1_500, HOUR, 24 * HOUR)
/** Time passes, a clock jumps, and a row is written; what waits may be delivered then. */
const step = fc.record({
	shard: fc.nat(1),
	pause: fc.constantFrom(0, 1, 20, 30_000, HOUR),
	clock: fc.option(jump),
	key: fc.constantFrom('x', 'y', 'z'),
	deletes: fc.boolean(),
	delivers: fc.boolean(),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** A row that is deleted by a clock that is a little ahead, and comes again by one that is far ahead. */
const DELETED_IN_BETWEEN: Step[] = [
	{ shard: 0, pause: 0, clock: null, key: 'z', deletes: false, delivers: true },
	{ shard: 0, pause: 0, clock: 1_500, key: 'z', deletes: true, delivers: false },
	{ shard: 0, pause: 0, clock: 24 * HOUR, key: 'z', deletes: false, delivers: false },
]

/** What is in the lake after the steps, in the order of each shard. */
async function live(
	steps: readonly Step[],
	lake: TestLake,
	catalogClock: { at: number },
): Promise<{ changes: (TestChange & { shard: string })[]; now: number }> {
	let now = START
	const shards = ['ada', 'ben'].map((name) => ({
		name,
		offset: 0,
		last: 0,
		n: 0,
		rows: new Map<string, bigint>(),
		waiting: [] as TestChange[],
	}))
	const delivered: (TestChange & { shard: string })[] = []
	const deliver = async (shard: (typeof shards)[number]) => {
		if (shard.waiting.length === 0) return
		catalogClock.at = now + shard.offset
		await lake.deliver(shard.name, shard.waiting)
		delivered.push(...shard.waiting.map((change) => ({ ...change, shard: shard.name })))
		shard.waiting = []
	}
	for (const { shard: index, pause, clock, key, deletes, delivers } of steps) {
		const shard = shards[index]
		if (shard === undefined) throw new Error('expected a shard')
		now += pause
		shard.offset = clock ?? shard.offset
		// As capture has it: times never decrease within a shard.
		shard.last = Math.max(shard.last, now + shard.offset)
		const id = `${shard.name} ${key}`
		const before = shard.rows.get(id)
		const n = BigInt(++shard.n)
		const change = { table: 'users', ts: shard.last, row: { id, n: deletes && before !== undefined ? before : n } }
		if (before === undefined) shard.waiting.push({ ...change, op: 'c' })
		else if (deletes) shard.waiting.push({ ...change, op: 'd' })
		else shard.waiting.push({ ...change, op: 'u', before: { id, n: before } })
		if (before !== undefined && deletes) shard.rows.delete(id)
		else shard.rows.set(id, n)
		if (delivers) await deliver(shard)
	}
	for (const shard of shards) await deliver(shard)
	return { changes: delivered, now }
}

const sorted = (rows: readonly (readonly unknown[])[]) => rows.map((row) => JSON.stringify(row)).sort()
const shown = ({ row }: TestChange) => [row.id, Number(row.n)]

/** The state after changes. */
function stateAfter(changes: readonly TestChange[]): string[] {
	const rows = new Map<unknown, unknown[]>()
	for (const change of changes) {
		if (change.op === 'd') rows.delete(change.row.id)
		else rows.set(change.row.id, shown(change))
	}
	return sorted([...rows.values()])
}

describe.each<[string, QueryEngine]>([
	['wasm', new WasmEngine({ modules: loadWasmModules })],
	['native', new NativeEngine()],
])('a lake whose clocks jump, asked of the %s engine', (_name, engine) => {
	afterAll(() => engine.close())

	const reader = (lake: TestLake, now: number, code: LakeSchema = schema) => {
		const query = createLakeQuery({ catalog: lake.catalog, store: lake.store, schema: code, engine, now: () => now })
		return async (sql: string, moment: LakeMoment) => (await query.query({ statement: { sql, params: [] }, moment })).rows
	}
	const inMemory = (now: () => number) => new TestLake(schema, new MemoryObjectStore(), undefined, now)
	const state = 'SELECT id, n FROM users'

	it('shows all that is delivered for a moment that is not before the present, and for an earlier one what claims to be from before', async () => {
		const moment = fc.constantFrom(0, 1, 500, 59_000, 60_001, HOUR, 3 * HOUR)
		await fc.assert(
			fc.asyncProperty(
				fc.array(step, { minLength: 1, maxLength: 25, size: 'max' }),
				jump,
				moment,
				async (steps, skew, distance) => {
					const catalogClock = { at: START }
					const lake = inMemory(() => catalogClock.at)
					const { changes, now } = await live(steps, lake, catalogClock)
					const present = now + skew
					const ask = reader(lake, present)
					for (const at of [present, present + distance]) {
						expect(sorted(await ask(state, { kind: 'asOf', at }))).toEqual(stateAfter(changes))
						expect(sorted(await ask(state, { kind: 'between', from: 0, to: at }))).toEqual(sorted(changes.map(shown)))
					}
					const at = present - 1 - distance
					const isRecent = distance < 60_000
					const shardsAhead = new Set(changes.filter(({ ts }) => ts > present).map(({ shard }) => shard))
					const ahead = ({ shard }: { shard: string }) => isRecent && shardsAhead.has(shard)
					const asOf = changes.filter((change) => change.ts <= at || ahead(change))
					expect(sorted(await ask(state, { kind: 'asOf', at }))).toEqual(stateAfter(asOf))
					const between = changes.filter((change) => change.ts < at || ahead(change))
					expect(sorted(await ask(state, { kind: 'between', from: 0, to: at }))).toEqual(sorted(between.map(shown)))
				},
			),
			{ numRuns: 40, examples: [[DELETED_IN_BETWEEN, 1_500, 0]] },
		)
	}, 120_000)

	it('cuts other shards at a moment of the last minute, but not one whose clock was ahead, where they are told apart', async () => {
		const now = START + HOUR
		const write = async (lake: TestLake, asTold?: (file: IcebergDataFile) => IcebergDataFile) => {
			const created = (id: string, ts: number): TestChange => ({ table: 'users', op: 'c', ts, row: { id, n: 1n } })
			await lake.deliver('ada', [created('ada', now - 3_000), created('ahead', now + HOUR)], schema, asTold)
			await lake.deliver('ben', [created('ben', now - 30_000), created('late', now - 3_000)], schema, asTold)
			const ask = reader(lake, now)
			const at = now - 10_000
			const rows = [...(await ask(state, { kind: 'asOf', at })), ...(await ask(state, { kind: 'between', from: 0, to: at }))]
			return rows.map(([id]) => id).sort()
		}
		const twice = (...ids: string[]) => ids.flatMap((id) => [id, id])
		expect(await write(inMemory(() => now))).toEqual(twice('ada', 'ahead', 'ben'))
		expect(
			await write(
				inMemory(() => now),
				withoutShard,
			),
		).toEqual(twice('ada', 'ahead', 'ben', 'late'))
	})

	it("shows the tables as they are for such a moment, though the catalog's clock was ahead when they changed", async () => {
		let clock = START
		const lake = inMemory(() => clock)
		await lake.deliver('ada', [{ table: 'users', op: 'c', ts: START, row: { id: 'x', n: 1n } }])
		clock += HOUR
		await lake.deliver(
			'ada',
			[{ table: 'users', op: 'u', ts: clock, before: { id: 'x', n: 1n }, row: { id: 'x', n: 1n, plan: 'pro' } }],
			later,
		)
		for (const at of [START + 10_000, START + 9_990]) {
			const ask = reader(lake, START + 10_000, later)
			expect(await ask('SELECT * FROM users', { kind: 'asOf', at })).toEqual([['x', 1, 'pro']])
			expect(await ask('SELECT plan FROM users', { kind: 'between', from: START + 1, to: at })).toEqual([['pro']])
		}
		expect(await reader(lake, START + 10 * HOUR, later)('SELECT * FROM users', { kind: 'asOf', at: START })).toEqual([['x', 1]])
	})
})
