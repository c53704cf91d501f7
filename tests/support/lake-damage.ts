/**
 * The fuzz of damaged lakes: one object of a lake is damaged at a time, and both engines are asked. What they answer must be what
 * they answered before, or an error that names the object.
 *
 * @module
 */
import fc from 'fast-check'
import { NativeEngine } from '../../src/analytics/engines/native/native-engine.node.ts'
import { loadWasmModules } from '../../src/analytics/engines/wasm/modules.node.ts'
import { WasmEngine } from '../../src/analytics/engines/wasm/wasm-engine.ts'
import { createLakeQuery } from '../../src/analytics/lake-query.ts'
import type { QueryEngine } from '../../src/analytics/query-engine.ts'
import { blob, integer, real, text } from '../../src/columns.ts'
import type { LakeMoment } from '../../src/driver/transport.ts'
import { R2PointerCatalog } from '../../src/lake/catalog/r2-pointer-catalog.ts'
import { FileObjectStore } from '../../src/lake/storage/file.ts'
import type { ObjectStore } from '../../src/lake/storage/object-store.ts'
import { SQLake } from '../../src/schema/database.ts'
import { type TestChange, TestLake } from '../analytics/support/test-lake.ts'
import { anyDamage, type Damage, damageObject, type Outcome, outcomeOf, place } from './damage.ts'

const LOCATION = 's3://damaged-lake'
const DAY = 86_400_000
const START = Date.UTC(2026, 2, 1)

const db = SQLake({
	users: {
		id: text('id').primaryKey(),
		name: text('name'),
		age: integer('age'),
		active: integer('active', { mode: 'boolean' }),
		seenAt: integer('seen_at', { mode: 'timestamp_ms' }),
		photo: blob('photo'),
	},
	orders: { id: integer('id').primaryKey(), userId: text('user_id').notNull(), amount: real('amount') },
	shard: { users: 'id', orders: 'userId' },
})

const questions: readonly { readonly sql: string; readonly moment: LakeMoment }[] = [
	{ sql: 'SELECT * FROM users ORDER BY id', moment: { kind: 'current' } },
	{ sql: 'SELECT user_id, count(*), max(amount), sum(id) FROM orders GROUP BY 1 ORDER BY 1', moment: { kind: 'current' } },
	{ sql: "SELECT id, amount FROM orders WHERE user_id = 'u1' AND id < 3 ORDER BY 1", moment: { kind: 'current' } },
	{ sql: 'SELECT count(*), min(amount), max(amount), sum(id) FROM orders', moment: { kind: 'asOf', at: START + DAY } },
	{
		sql: 'SELECT _op, _shard, count(*) FROM users GROUP BY 1, 2 ORDER BY 1, 2',
		moment: { kind: 'between', from: 0, to: START + 9 * DAY },
	},
]

/** What was found wrong. */
export interface DamageFinding {
	readonly key: string
	readonly damage: Damage
	readonly engine: string
	readonly what: string
}

/** What became of a campaign. */
export interface DamageReport {
	readonly cases: number
	/** Answers as before, of both engines. */
	readonly sound: number
	/** Errors that name the object. */
	readonly named: number
	readonly findings: readonly DamageFinding[]
}

/** What {@link runDamageCampaign} is given. */
export interface DamageCampaignOptions {
	readonly count: number
	readonly seed: number
	/** A directory that is empty, for the lake. */
	readonly directory: string
	/** Flipped bits alone; else any damage. */
	readonly flipsOnly?: boolean
	readonly onFinding?: (finding: DamageFinding) => void
}

/** Damages a lake `count` times. */
export async function runDamageCampaign(options: DamageCampaignOptions): Promise<DamageReport> {
	const { count, seed, directory, flipsOnly = false, onFinding = () => {} } = options
	const store = new FileObjectStore(directory)
	await fill(store)
	const keys = (await store.list({ prefix: '' })).objects.map(({ key }) => key)
	const engines: readonly QueryEngine[] = [new NativeEngine(), new WasmEngine({ modules: loadWasmModules, cacheBytes: 0 })]
	const expected = await Promise.all(engines.map((engine) => answers(store, engine)))
	const findings: DamageFinding[] = []
	let sound = 0
	let named = 0
	try {
		for (const { key, damage } of fc.sample(casesOf(keys, flipsOnly), { seed, numRuns: count })) {
			const repair = await damageObject(store, key, damage)
			for (const [i, engine] of engines.entries()) {
				for (const [k] of questions.entries()) {
					const seen = await outcomeOf(() => answer(store, engine, k), keys)
					const what = faultOf(seen, key, expected[i]?.[k])
					if (what === null) {
						if ('code' in seen) named++
						else sound++
						continue
					}
					const finding = { key, damage, engine: engine.name, what }
					findings.push(finding)
					onFinding(finding)
				}
			}
			await repair()
		}
	} finally {
		await Promise.all(engines.map((engine) => engine.close()))
	}
	return { cases: count, sound, named, findings }
}

/** @returns null for the answer that was expected, and for an error that names the object */
function faultOf(seen: Outcome<unknown>, key: string, expected: unknown): string | null {
	if (!('code' in seen)) return JSON.stringify(seen.answer) === JSON.stringify(expected) ? null : 'another answer'
	return seen.code === 'LAKE_CORRUPT' && seen.names.includes(key) ? null : `${seen.code} without its name: ${seen.message}`
}

/** Every kind of file as often as the others, though most files are of few kinds. */
function casesOf(keys: readonly string[], flipsOnly: boolean): fc.Arbitrary<{ readonly key: string; readonly damage: Damage }> {
	const kinds = [/catalog\.json$/, /\.metadata\.json$/, /\/snap-.*\.avro$/, /-m\d+-.*\.avro$/, /\.parquet$/]
	return fc.oneof(
		...kinds.map((kind) => {
			const own = keys.filter((key) => kind.test(key))
			const flip = place.map((at): Damage => ({ kind: 'flip', at }))
			return fc.record({ key: fc.constantFrom(...own), damage: flipsOnly ? flip : anyDamage(own) })
		}),
	)
}

async function answers(store: ObjectStore, engine: QueryEngine): Promise<unknown[]> {
	const found: unknown[] = []
	for (const [k] of questions.entries()) found.push(await answer(store, engine, k))
	return found
}

/** Asks as a fresh process would: nothing is remembered. */
async function answer(store: ObjectStore, engine: QueryEngine, k: number): Promise<unknown> {
	const catalog = new R2PointerCatalog({ store, location: LOCATION })
	const { sql, moment } = questions[k] ?? questions[0] ?? { sql: '', moment: { kind: 'current' } }
	const { rows } = await createLakeQuery({ catalog, store, schema: db.lake, engine }).query({
		statement: { sql, params: [] },
		moment,
	})
	return rows.map((row) =>
		row.map((value) => (value instanceof Uint8Array ? [...value] : typeof value === 'bigint' ? `${value}n` : value)),
	)
}

async function fill(store: ObjectStore): Promise<void> {
	const lake = new TestLake(db.lake, store, LOCATION)
	const user = (id: string, age: bigint) => ({
		id,
		name: `name of ${id} \u{1f6e9}`,
		age,
		active: age % 2n,
		seen_at: BigInt(START) + age,
		photo: Uint8Array.of(1, 2, Number(age)),
	})
	for (const [s, id] of ['u1', 'u2', 'u3'].entries()) {
		const changes: TestChange[] = [{ table: 'users', op: 'c', ts: START, row: user(id, 30n) }]
		for (let i = 0; i < (s === 0 ? 9000 : 40); i++) {
			// Numbers that nothing compresses, so that one file is larger than what is read of it at once.
			const row = { id: BigInt(i), user_id: id, amount: Math.sqrt(i * 7919 + s) }
			changes.push({ table: 'orders', op: 'c', ts: START + i, row })
		}
		await lake.deliver(id, changes)
	}
	await lake.deliver('u2', [{ table: 'users', op: 'u', ts: START + 2 * DAY, before: user('u2', 30n), row: user('u2', 31n) }])
	await lake.deliver('u3', [
		{ table: 'users', op: 'd', ts: START + 3 * DAY, row: user('u3', 30n) },
		{ table: 'orders', op: 'd', ts: START + 3 * DAY, row: { id: 1n, user_id: 'u3', amount: Math.sqrt(7921) } },
	])
}
