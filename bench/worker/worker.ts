import { DurableObject } from 'cloudflare:workers'
import { Capture } from '../../src/cdc/capture.ts'
import { writeChangesFile } from '../../src/lake/parquet/write-changes-file.ts'
import type { BenchRuns } from '../result.ts'
import { bareColumns, writeBare } from './bare-writer.ts'
import { CountedStorage } from './counted-storage.ts'
import { type Operation, type OperationCost, operate } from './operations.ts'
import { CREATE_FLIGHTS, db } from './schema.ts'

export interface Env {
	readonly CAPTURED_DO: DurableObjectNamespace<CapturedDO>
	readonly BARE_DO: DurableObjectNamespace<BareDO>
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

	/** From the buffer to a Parquet file, and hyparquet-writer alone on the table's columns of the same changes. */
	flushRuns(count: number, rounds: number): BenchRuns {
		const runs = { ours: [] as number[], baseline: [] as number[] }
		const details: Record<string, number> = {}
		for (let round = 0; round < rounds; round++) {
			operate(this.ctx.storage, 'insert', count)
			const start = performance.now()
			const flight = this.#capture.nextFlight(count)
			if (flight === null) throw new Error('nothing was captured')
			const batch = this.#capture.readFlight(flight)
			const read = performance.now()
			const [changes] = batch.tables
			if (changes === undefined || changes.length !== count)
				throw new Error(`expected ${count} changes, found ${changes?.length}`)
			const { bytes } = writeChangesFile({ changes, shard: batch.shard, epoch: batch.epoch, lake: db.lake })
			const written = performance.now()
			this.#capture.acknowledge(flight)
			const end = performance.now()
			runs.ours.push(count / ((end - start) / 1000))

			const columns = bareColumns(changes)
			const bareStart = performance.now()
			const bare = writeBare(columns)
			runs.baseline.push(count / ((performance.now() - bareStart) / 1000))
			Object.assign(details, {
				readMs: read - start,
				writeMs: written - read,
				acknowledgeMs: end - written,
				bytes: bytes.length,
				bareBytes: bare.length,
			})
			operate(this.ctx.storage, 'delete', count)
			this.drain()
		}
		return { ...runs, unit: 'events/s', details }
	}
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
			const ours = await captured.operate(operation, count)
			const theirs = await bare.operate(operation, count)
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
	capture: (env) => captureRuns(env, 10_000, 9),
	flush: async (env) => ({ 'flush-100k': await env.CAPTURED_DO.getByName('flush').flushRuns(100_000, 7) }),
}

export default {
	async fetch(request, env): Promise<Response> {
		const name = new URL(request.url).pathname.slice(1)
		const run = benchmarks[name]
		if (run === undefined) return new Response(`no benchmark "${name}"`, { status: 404 })
		return Response.json(await run(env))
	},
} satisfies ExportedHandler<Env>
