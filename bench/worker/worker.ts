import { DurableObject } from 'cloudflare:workers'
import { and, eq } from 'drizzle-orm'
import { Capture } from '../../src/cdc/capture.ts'
import { SQLakeCatalog } from '../../src/do/sqlake-catalog.ts'
import { SQLakeDO } from '../../src/do/sqlake-do.ts'
import { drizzle } from '../../src/driver/drizzle.ts'
import { SQLakeError } from '../../src/errors.ts'
import { writeChangesFile } from '../../src/lake/parquet/write-changes-file.ts'
import { createSQLake } from '../../src/worker/sqlake.ts'
import type { BenchRuns } from '../result.ts'
import { bareColumns, writeBare } from './bare-writer.ts'
import { CountedStorage } from './counted-storage.ts'
import { BareShardDO, type FleetEnv, FleetShardDO, rolloutRuns } from './fleet.ts'
import { type Operation, type OperationCost, operate } from './operations.ts'
import { CREATE_FLIGHTS, db } from './schema.ts'

export { BareShardDO, FleetShardDO, SQLakeCatalog }

/** Without an engine: these benchmarks ask the shards only, and the engine's module would be in the way. */
const sqlake = createSQLake(() => {
	throw new SQLakeError('ANALYTICS_UNAVAILABLE', 'this Worker has no engine')
})

export interface Env extends FleetEnv {
	readonly CAPTURED_DO: DurableObjectNamespace<CapturedDO>
	readonly BARE_DO: DurableObjectNamespace<BareDO>
	readonly SHARD_DO: DurableObjectNamespace<ShardDO>
	readonly SQLAKE_BUCKET: R2Bucket
}

/** The flights without sqlake. */
export class BareDO extends DurableObject<Env> {
	constructor(ctx: DurableObjectState, env: Env) {
		super(ctx, env)
		ctx.storage.sql.exec(CREATE_FLIGHTS)
	}

	operate(operation: Operation, count: number): OperationCost {
		return operate(this.ctx.storage, operation, count)
	}

	find(id: number): Record<string, SqlStorageValue> {
		return this.ctx.storage.sql.exec('SELECT * FROM flights WHERE origin = ? AND id = ?', 'SFO', id).one()
	}
}

const FLIGHT_CHANGES = 100_000

/** The flights with capture. */
export class CapturedDO extends DurableObject<Env> {
	readonly #counted: CountedStorage
	readonly #capture: Capture

	constructor(ctx: DurableObjectState, env: Env) {
		super(ctx, env)
		ctx.storage.sql.exec(CREATE_FLIGHTS)
		this.#counted = new CountedStorage(ctx.storage)
		this.#capture = new Capture(this.#counted.storage, db.lake, { shard: 'SFO' })
		this.#capture.install()
	}

	operate(operation: Operation, count: number): OperationCost {
		return operate(this.ctx.storage, operation, count)
	}

	/** Hands out and drops all that waits; @returns the rows that doing so wrote. */
	drain(): number {
		const before = this.#counted.rowsWritten
		for (
			let flight = this.#capture.nextFlight(FLIGHT_CHANGES);
			flight !== null;
			flight = this.#capture.nextFlight(FLIGHT_CHANGES)
		) {
			this.#capture.acknowledge(flight)
		}
		return this.#counted.rowsWritten - before
	}
}

/** The flights in a shard as applications have it. */
export class ShardDO extends SQLakeDO<Env> {
	override schema = db
	protected override cdcFlushThreshold = Number.MAX_SAFE_INTEGER
	protected override cdcFlushInterval = 86_400_000

	constructor(ctx: DurableObjectState, env: Env) {
		super(ctx, env)
		ctx.storage.sql.exec(CREATE_FLIGHTS)
	}

	insert(count: number): void {
		operate(this.ctx.storage, 'insert', count)
	}

	delete(count: number): void {
		operate(this.ctx.storage, 'delete', count)
	}

	/** What hyparquet-writer alone makes of the table's columns of the changes that wait; @returns milliseconds. */
	writeBare(count: number): number {
		const capture = new Capture(this.ctx.storage, db.lake, { shard: 'SFO' })
		const flight = capture.nextFlight(count)
		const [changes] = flight === null ? [] : capture.readFlight(flight).tables
		if (flight === null || changes?.length !== count) throw new Error(`expected ${count} changes, found ${changes?.length}`)
		capture.abandonFlight(flight)
		const columns = bareColumns(changes)
		const start = performance.now()
		writeBare(columns)
		return performance.now() - start
	}

	/** The part of a flush that is this object's own work: from the buffer to a file's bytes, and dropping what was delivered. */
	encode(count: number): { readMs: number; writeMs: number; acknowledgeMs: number; bytes: number } {
		const capture = new Capture(this.ctx.storage, db.lake, { shard: 'SFO' })
		const start = performance.now()
		const flight = capture.nextFlight(count)
		const [changes] = flight === null ? [] : capture.readFlight(flight).tables
		const read = performance.now()
		if (flight === null || changes === undefined) throw new Error('nothing waits')
		const { bytes } = writeChangesFile({ changes, shard: 'SFO', epoch: 1, lake: db.lake })
		const written = performance.now()
		capture.acknowledge(flight)
		return { readMs: read - start, writeMs: written - read, acknowledgeMs: performance.now() - written, bytes: bytes.length }
	}
}

/** A whole flush to R2 and the catalog, and hyparquet-writer alone on the same columns. */
async function flushRuns(env: Env, count: number, rounds: number): Promise<BenchRuns> {
	const shard = env.SHARD_DO.getByName('SFO')
	const runs = emptyRuns('events/s')
	for (let round = 0; round < rounds; round++) {
		await shard.insert(count)
		runs.baseline.push(count / ((await shard.writeBare(count)) / 1_000))
		const start = performance.now()
		const { changes } = await shard.flush()
		runs.ours.push(changes / ((performance.now() - start) / 1_000))
		await shard.delete(count)
		await shard.flush()
	}
	// The stages once more, in an object whose changes go nowhere.
	const apart = env.SHARD_DO.getByName('apart')
	await apart.insert(count)
	const { readMs, writeMs, acknowledgeMs, bytes } = await apart.encode(count)
	return { ...runs, details: { readMs, writeMs, acknowledgeMs, bytes } }
}

/** One row by its key: through the driver, and by a method of the object itself. */
async function pointReadRuns(env: Env, reads: number, rounds: number): Promise<BenchRuns> {
	const flights = db.tables.flights
	const database = drizzle(sqlake(env, { schema: db, durableObject: 'SHARD_DO' }))
	const bare = env.BARE_DO.getByName('SFO')
	await env.SHARD_DO.getByName('SFO').insert(1_000)
	await bare.operate('insert', 1_000)
	const runs = emptyRuns('us/read')
	const timed = async (read: (id: number) => Promise<unknown>) => {
		const start = performance.now()
		for (let i = 0; i < reads; i++) await read(1 + (i % 1_000))
		return ((performance.now() - start) * 1_000) / reads
	}
	const throughDriver = async (id: number) => {
		const [flight] = await database
			.select()
			.from(flights)
			.where(and(eq(flights.origin, 'SFO'), eq(flights.id, id)))
		if (flight?.id !== id) throw new Error(`flight ${id} was not found`)
	}
	for (let round = 0; round < rounds; round++) {
		runs.ours.push(await timed(throughDriver))
		runs.baseline.push(await timed((id) => bare.find(id)))
	}
	return runs
}

/** Captured and bare in turn: `rounds` times `count` inserts, then as many updates, then as many deletes. */
async function captureRuns(env: Env, count: number, rounds: number): Promise<Record<string, BenchRuns>> {
	const captured = env.CAPTURED_DO.getByName('capture')
	const bare = env.BARE_DO.getByName('capture')
	const runs = { insert: emptyRuns('us/operation'), update: emptyRuns('us/operation'), delete: emptyRuns('us/operation') }
	const written = emptyRuns('rows written/change')
	for (let round = 0; round < rounds; round++) {
		const total = { ours: 0, baseline: 0 }
		for (const operation of ['insert', 'update', 'delete'] as const) {
			const run = runs[operation]
			// Whoever goes first finds another state of the machine, so they take turns at that, too.
			const first = round % 2 === 0 ? await captured.operate(operation, count) : await bare.operate(operation, count)
			const second = round % 2 === 0 ? await bare.operate(operation, count) : await captured.operate(operation, count)
			const [ours, theirs] = round % 2 === 0 ? [first, second] : [second, first]
			run.ours.push((ours.elapsed * 1000) / count)
			run.baseline.push((theirs.elapsed * 1000) / count)
			total.ours += ours.rowsWritten + (await captured.drain())
			total.baseline += theirs.rowsWritten
		}
		written.ours.push(total.ours / (count * 3))
		written.baseline.push(total.baseline / (count * 3))
	}
	return {
		'capture-insert': runs.insert,
		'capture-update': runs.update,
		'capture-delete': runs.delete,
		'capture-rows-written': written,
	}
}

function emptyRuns(unit: string): { ours: number[]; baseline: number[]; unit: string } {
	return { ours: [], baseline: [], unit }
}

const benchmarks: Record<string, (env: Env) => Promise<Record<string, BenchRuns>>> = {
	capture: (env) => captureRuns(env, 10_000, 10),
	flush: async (env) => ({ 'flush-100k': await flushRuns(env, 100_000, 8) }),
	fleet: async (env) => ({ 'fleet-rollout': await rolloutRuns(env, 300, 5) }),
	'point-read': async (env) => ({ 'point-read': await pointReadRuns(env, 1_000, 10) }),
}

export default {
	async fetch(request, env): Promise<Response> {
		const name = new URL(request.url).pathname.slice(1)
		const run = benchmarks[name]
		if (run === undefined) return new Response(`no benchmark "${name}"`, { status: 404 })
		return Response.json(await run(env))
	},
} satisfies ExportedHandler<Env>
