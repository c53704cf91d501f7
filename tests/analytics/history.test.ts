import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { NativeEngine } from '../../src/analytics/engines/native/native-engine.node.ts'
import { loadWasmModules } from '../../src/analytics/engines/wasm/modules.node.ts'
import { WasmEngine } from '../../src/analytics/engines/wasm/wasm-engine.ts'
import { createLakeQuery } from '../../src/analytics/lake-query.ts'
import { integer, primaryKey, sqliteTable, text } from '../../src/columns.ts'
import type { LakeMoment } from '../../src/driver/transport.ts'
import { SQLake } from '../../src/schema/database.ts'
import { type TestChange, TestLake, type TestRow } from './support/test-lake.ts'

const items = sqliteTable(
	'items',
	{ a: integer('a'), b: text('b'), owner: text('owner').notNull(), value: integer('value') },
	(t) => [primaryKey({ columns: [t.a, t.b] })],
)
const notes = sqliteTable('notes', { id: integer('id').primaryKey(), owner: text('owner').notNull(), body: text('body') })
const db = SQLake({ items, notes, shard: { items: 'owner', notes: 'owner' } })

const START = Date.UTC(2026, 0, 31, 23, 59, 50)
const SHARDS = ['ada', 'ben', 'cleo']

/** One step of a shard's life. `slot` picks among the rows there are, or a new key. */
interface Step {
	readonly shard: number
	readonly table: 'items' | 'notes'
	readonly kind: 'write' | 'delete' | 'rekey' | 'flush' | 'rewind'
	readonly slot: number
	readonly value: number | null
	/** Seconds since the step before, over all shards. */
	readonly pause: number
}

const step: fc.Arbitrary<Step> = fc.record({
	shard: fc.nat(SHARDS.length - 1),
	table: fc.constantFrom('items', 'notes'),
	kind: fc.oneof(
		{ weight: 12, arbitrary: fc.constant('write' as const) },
		{ weight: 4, arbitrary: fc.constant('delete' as const) },
		{ weight: 3, arbitrary: fc.constant('rekey' as const) },
		{ weight: 8, arbitrary: fc.constant('flush' as const) },
		{ weight: 1, arbitrary: fc.constant('rewind' as const) },
	),
	slot: fc.nat(2),
	value: fc.option(fc.integer({ min: -5, max: 5 })),
	pause: fc.nat(3),
})

type Rows = Map<string, { readonly table: string; readonly row: TestRow }>

/** A shard as a plain model, with the state after every change that was delivered. */
class ModelShard {
	readonly name: string
	rows: Rows = new Map()
	pending: TestChange[] = []
	/** The states there were, by the moment from which each holds. */
	readonly states: { readonly ts: number; readonly rows: Rows }[] = []
	readonly delivered: { readonly change: TestChange; readonly seq: number }[] = []
	seq = 0

	constructor(name: string) {
		this.name = name
	}

	stateAt(moment: number): Rows {
		return this.states.findLast(({ ts }) => ts <= moment)?.rows ?? new Map()
	}
}

const keyOf = (table: string, row: TestRow) => JSON.stringify([table, String(table === 'items' ? `${row.a}|${row.b}` : row.id)])

function newRow(table: Step['table'], owner: string, slot: number, value: number | null): TestRow {
	const big = value === null ? null : BigInt(value)
	return table === 'items'
		? { a: BigInt(slot % 2), b: `b${slot >> 1}`, owner, value: big }
		: { id: BigInt(slot), owner, body: value === null ? null : `body ${value}` }
}

/** Lives a history twice: in the lake, and in plain maps. */
async function live(steps: readonly Step[], lake: TestLake): Promise<{ shards: ModelShard[]; end: number }> {
	const shards = SHARDS.map((name) => new ModelShard(name))
	let now = START
	const flush = async (shard: ModelShard) => {
		if (shard.pending.length === 0) return
		await lake.deliver(shard.name, shard.pending)
		for (const change of shard.pending) shard.delivered.push({ change, seq: ++shard.seq })
		shard.pending = []
	}
	for (const { shard: index, table, kind, slot, value, pause } of steps) {
		const shard = shards[index] as ModelShard
		now += pause * 1000 + 1
		const row = newRow(table, shard.name, slot, value)
		const key = keyOf(table, row)
		const existing = shard.rows.get(key)
		const rows: Rows = new Map(shard.rows)
		if (kind === 'flush') await flush(shard)
		else if (kind === 'rewind') {
			// The shard is restored to a state with some of its rows; all of them are written anew in a new epoch.
			await flush(shard)
			const kept = [...shard.rows].filter((_, i) => i % 2 === slot % 2)
			if (kept.length === 0) continue
			lake.rewind(shard.name)
			shard.seq = 0
			shard.rows = new Map(kept)
			shard.pending = kept.map(([, entry]) => ({ table: entry.table, op: 'c', ts: now, row: entry.row }))
			shard.states.push({ ts: now, rows: shard.rows })
			await flush(shard)
		} else {
			let change: TestChange | undefined
			if (kind === 'write') {
				change =
					existing === undefined ? { table, op: 'c', ts: now, row } : { table, op: 'u', ts: now, row, before: existing.row }
				rows.set(key, { table, row })
			} else if (kind === 'delete' && existing !== undefined) {
				change = { table, op: 'd', ts: now, row: existing.row }
				rows.delete(key)
			} else if (kind === 'rekey' && existing !== undefined) {
				const moved: TestRow = { ...existing.row, ...(table === 'items' ? { b: `b${slot + 7}` } : { id: BigInt(slot + 7) }) }
				const movedKey = keyOf(table, moved)
				if (rows.has(movedKey)) continue
				change = { table, op: 'u', ts: now, row: moved, before: existing.row }
				rows.delete(key)
				rows.set(movedKey, { table, row: moved })
			}
			if (change === undefined) continue
			shard.rows = rows
			shard.pending.push(change)
			shard.states.push({ ts: now, rows })
		}
	}
	for (const shard of shards) await flush(shard)
	return { shards, end: now }
}

const sorted = (rows: readonly (readonly unknown[])[]) => rows.map((row) => JSON.stringify(row)).sort()
const plain = (row: TestRow, columns: readonly string[]) =>
	columns.map((name) => {
		const value = row[name] ?? null
		return typeof value === 'bigint' ? Number(value) : value
	})

describe.each([
	['wasm', new WasmEngine({ modules: loadWasmModules })],
	['native', new NativeEngine()],
])('any history, answered by the %s engine', (_name, engine) => {
	afterAll(() => engine.close())

	it('gives the state, the state at any moment, and the changes of any range, as a plain model has them', async () => {
		const moment = fc.integer({ min: -2, max: 80 })
		await fc.assert(
			fc.asyncProperty(
				fc.array(step, { maxLength: 60, size: 'max' }),
				moment,
				moment,
				fc.nat(2),
				fc.nat(3),
				async (steps, m1, m2, shardIndex, slot) => {
					const lake = new TestLake(db.lake)
					const { shards, end } = await live(steps, lake)
					const transport = createLakeQuery({ ...lake, engine })
					const query = async (sql: string, at: LakeMoment = { kind: 'current' }, params: readonly (string | number)[] = []) =>
						(await transport.query({ statement: { sql, params }, moment: at })).rows
					const expectState = async (state: (shard: ModelShard) => Rows, at: LakeMoment) => {
						const all = shards.flatMap((shard) => [...state(shard).values()])
						const of = (table: string, columns: readonly string[], keep: (row: TestRow) => boolean = () => true) =>
							sorted(all.filter((entry) => entry.table === table && keep(entry.row)).map(({ row }) => plain(row, columns)))
						const columns = ['a', 'b', 'owner', 'value']
						expect(sorted(await query('SELECT * FROM items', at))).toEqual(of('items', columns))
						expect(sorted(await query('SELECT body, id FROM notes', at))).toEqual(of('notes', ['body', 'id']))
						expect(await query('SELECT count(*) FROM notes', at)).toEqual([[of('notes', ['id']).length]])
						// The same through what may skip files: the shard and the key.
						const owner = SHARDS[shardIndex] ?? ''
						const byShard = await query('SELECT * FROM items WHERE owner = ?', at, [owner])
						expect(sorted(byShard)).toEqual(of('items', columns, (row) => row.owner === owner))
						const byKey = await query('SELECT id, owner, body FROM notes WHERE id = ?', at, [slot])
						expect(sorted(byKey)).toEqual(of('notes', ['id', 'owner', 'body'], (row) => row.id === BigInt(slot)))
						const byKeyPart = await query('SELECT * FROM items WHERE a >= 1 AND b IN (?, ?)', at, [`b${slot}`, 'b1'])
						const keep = (row: TestRow) => row.a === 1n && (row.b === `b${slot}` || row.b === 'b1')
						expect(sorted(byKeyPart)).toEqual(of('items', columns, keep))
					}
					await expectState((shard) => shard.rows, { kind: 'current' })
					const at = START + m1 * 1000
					await expectState((shard) => shard.stateAt(at), { kind: 'asOf', at })
					await expectState((shard) => shard.rows, { kind: 'asOf', at: end })

					const [from = 0, to = 0] = [START + m1 * 1000, START + m2 * 1000].sort((a, b) => a - b)
					const inRange = shards.flatMap((shard) =>
						shard.delivered
							.filter(({ change }) => change.table === 'items' && change.ts >= from && change.ts < to)
							.map(({ change, seq }) => [...plain(change.row, ['a', 'b', 'value']), change.op, shard.name, seq, change.ts]),
					)
					const changes = await query('SELECT a, b, value, _op, _shard, _seq, _ts FROM items', { kind: 'between', from, to })
					expect(sorted(changes)).toEqual(sorted(inRange))
				},
			),
			{ numRuns: 25 },
		)
	}, 60_000)
})
