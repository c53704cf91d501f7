import { env, runInDurableObject } from 'cloudflare:test'
import { Capture, type CaptureOptions } from '../../../src/cdc/capture.ts'
import type { CDCEvent, ChangeBatch } from '../../../src/cdc/change-batch.ts'
import { decodeEvents } from '../../../src/cdc/events.ts'
import { schemaOf } from './schema-of.ts'

export { schemaOf } from './schema-of.ts'

/** A shard of a test: its database and capture on it. */
export interface Shard {
	readonly sql: SqlStorage
	readonly storage: DurableObjectStorage
	readonly capture: Capture
	/** Capture for the tables as they are now; not installed. */
	captureOf(...tables: string[]): Capture
	/** Delivers all that waits and returns it as events. */
	take(capture?: Capture): CDCEvent[]
}

let shards = 0

/** Runs in a fresh Durable Object whose tables are created and captured. */
export async function inShard<T>(
	ddl: string,
	tables: string[],
	run: (shard: Shard) => T | Promise<T>,
	options: Partial<CaptureOptions> = {},
): Promise<T> {
	return inObject(`shard-${shards++}`, (storage) => {
		storage.sql.exec(ddl)
		const captureOf = (...names: string[]) => new Capture(storage, schemaOf(storage.sql, ...names), { shard: 'test', ...options })
		const capture = captureOf(...tables)
		capture.install()
		return run({ sql: storage.sql, storage, capture, captureOf, take: (from = capture) => drain(from).flatMap(decodeEvents) })
	})
}

/** Runs in a Durable Object by name. */
export async function inObject<T>(name: string, run: (storage: DurableObjectStorage) => T | Promise<T>): Promise<T> {
	return runInDurableObject(env.PLAIN_DO.getByName(name), (_instance, state) => run(state.storage))
}

/** Delivers all that waits, in flights of a size. */
export function drain(capture: Capture, maxChanges = 1_000): ChangeBatch[] {
	const batches: ChangeBatch[] = []
	for (let flight = capture.nextFlight(maxChanges); flight !== null; flight = capture.nextFlight(maxChanges)) {
		batches.push(capture.readFlight(flight))
		capture.acknowledge(flight)
	}
	return batches
}

/** Events without their position and moment, which vary. */
export function brief(events: readonly CDCEvent[]): unknown[] {
	return events.map(({ _op, _table, _before, _after }) => [_op, _table, _before, _after])
}
