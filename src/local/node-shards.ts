/**
 * The shards of a router in Node.
 *
 * @module
 */
import type { DeliveryResult } from '../delivery/delivery.ts'
import { addCounts, type DeliveryCounts, newTally } from '../delivery/tally.ts'
import type { ExecuteRequest, ExecuteResponse, ShardTransport } from '../driver/transport.ts'
import { messageOf, SQLakeError } from '../errors.ts'
import { mapLimit } from '../lake/map-limit.ts'
import type { BundledMigrations } from '../migrator/bundled-migrations.ts'
import type { ManifestJson } from '../migrator/manifest.ts'
import type { MigrateRequest, MigrationPlan, MigrationResult, MigrationStatus } from '../migrator/migration-status.ts'
import type { CDCFlushMetrics, Shard } from '../shard/shard.ts'
import { isBusy } from './node-sqlite.ts'
import { type OpenShard, openShard, type ShardSettings } from './open-shard.ts'
import type { ShardPlaces } from './shard-places.ts'

/** What {@link NodeShards} works with. */
export interface NodeShardsParts extends Omit<ShardSettings, 'background'> {
	readonly places: ShardPlaces
	/** Asked for when the first shard is opened. */
	readonly migrations: () => Promise<BundledMigrations | ManifestJson>
	/** Whether changes are delivered in time by themselves, as a Durable Object's alarm does, or by `flush()` alone. */
	readonly alarms: boolean
}

/** A shard that is open. */
interface Entry extends OpenShard {
	/** Deliveries that are under way; its database must stay open meanwhile. */
	deliveries: number
}

/** Shards that deliver at the same time. Their commits share one swap of the catalog's pointer. */
const CONCURRENT_DELIVERIES = 8

/**
 * Opens shards as they are asked for, and closes those that were not asked for longest when they are too many. A shard answers
 * synchronously once it is open, so its requests never interleave, as in a Durable Object.
 */
export class NodeShards implements ShardTransport {
	readonly #parts: NodeShardsParts
	/** In the order of their last use. */
	readonly #open = new Map<string, Entry>()
	readonly #timers = new Map<string, { readonly at: number; readonly timer: NodeJS.Timeout }>()
	readonly #running = new Set<Promise<unknown>>()
	/** Calls of {@link flush} that are under way. */
	#flushing = 0
	/** What shards delivered meanwhile by their alarms, and before a failure of others: the next call that succeeds counts it. */
	#untold = newTally().counts
	#closed = false

	constructor(parts: NodeShardsParts) {
		this.#parts = parts
	}

	/** @throws SQLakeError with the code that a Durable Object gives; SHARD_UNAVAILABLE while another process holds the file. */
	async execute(request: ExecuteRequest): Promise<ExecuteResponse> {
		const { shard, statements } = request
		return this.#use(shard, ({ shard: opened, storage }) =>
			// Another process may write between two statements.
			statements.length === 1 ? opened.execute(request) : storage.transactionSync(() => opened.execute(request)),
		)
	}

	/** The names of all shards that there are. */
	async names(): Promise<string[]> {
		this.#assertOpen()
		return [...new Set([...this.#open.keys(), ...(await this.#parts.places.names())])].sort()
	}

	/** How a shard's delivery is doing. */
	async metrics(name: string): Promise<CDCFlushMetrics> {
		return this.#use(name, ({ shard }) => shard.metrics)
	}

	/**
	 * Delivers what waits in all shards. A shard that fails does not stop the others; what they delivered is counted by the next call
	 * that succeeds.
	 */
	async flush(): Promise<DeliveryResult> {
		const start = Date.now()
		const failures: unknown[] = []
		const flushOne = async (name: string) => {
			try {
				return [await this.#deliver(name, (shard) => shard.flush())]
			} catch (error) {
				failures.push(error)
				return []
			}
		}
		this.#flushing++
		let results: DeliveryResult[]
		try {
			const names = await this.names()
			const done = this.#parts.lock.hold(() => mapLimit(names, flushOne, CONCURRENT_DELIVERIES))
			results = (await this.#track(done)).flat()
		} finally {
			this.#flushing--
		}
		const counts = results.reduce<DeliveryCounts>(addCounts, this.#untold)
		this.#untold = failures.length > 0 ? counts : newTally().counts
		if (failures.length > 0) throw failures[0]
		return { ...counts, drained: results.every(({ drained }) => drained), durationMs: Date.now() - start }
	}

	/** Waits for deliveries that are under way and closes all databases. What was not delivered stays in them. */
	async close(): Promise<void> {
		this.#closed = true
		for (const { timer } of this.#timers.values()) clearTimeout(timer)
		this.#timers.clear()
		while (this.#running.size > 0) await Promise.allSettled(this.#running)
		for (const { storage } of this.#open.values()) storage.close()
		this.#open.clear()
		this.#parts.lock.close()
	}

	/** Runs work with a shard. Its database is open until the work returns, not until a promise of it settles. */
	async #use<T>(name: string, work: (entry: Entry) => T): Promise<Awaited<T>> {
		this.#assertOpen()
		try {
			const migrations = await this.#parts.migrations()
			const path = await this.#parts.places.pathOf(name)
			this.#assertOpen()
			// From here on nothing is awaited before the work begins: another shard that is opened could close this one.
			return await work(this.#entry(name, path, migrations))
		} catch (error) {
			throw asShardError(error, name)
		}
	}

	/** Runs work that the shard's database must stay open for. */
	async #deliver<T>(name: string, work: (shard: Shard) => Promise<T>): Promise<T> {
		return this.#use(name, async (entry) => {
			entry.deliveries++
			try {
				return await this.#track(work(entry.shard))
			} finally {
				entry.deliveries--
			}
		})
	}

	/** Where a shard's migrations stand. */
	async migrationStatus(name: string): Promise<MigrationStatus> {
		return this.#use(name, ({ migrations }) => migrations.status())
	}

	/** Migrates one shard on request. */
	async migrate(name: string, request: MigrateRequest): Promise<MigrationResult> {
		// Nothing comes between, because nothing is awaited.
		return this.#use(name, ({ migrations, shard }) => {
			try {
				return migrations.runNow(request)
			} finally {
				this.#background(shard.arm())
			}
		})
	}

	/** What migrating a shard would do. */
	async planMigration(name: string, request: MigrateRequest): Promise<MigrationPlan> {
		return this.#use(name, ({ migrations }) => migrations.planNow(request))
	}

	#entry(name: string, path: string, migrations: BundledMigrations | ManifestJson): Entry {
		const known = this.#open.get(name)
		if (known !== undefined) {
			if (known.migrations.isRetryDue) known.migrations.openNow()
			this.#open.delete(name)
			this.#open.set(name, known)
			return known
		}
		const background = (work: Promise<unknown>) => this.#background(work)
		const opened = openShard(name, path, migrations, this.#alarm(name), { ...this.#parts, background })
		const entry: Entry = { ...opened, deliveries: 0 }
		this.#closeIdle()
		this.#open.set(name, entry)
		background(opened.shard.arm())
		return entry
	}

	/** Makes room for one more: closes the shards that were not used longest. Their alarms stay set, and open them again. */
	#closeIdle(): void {
		let surplus = this.#open.size + 1 - this.#parts.places.maxOpen
		for (const [name, { storage, deliveries }] of this.#open) {
			if (surplus <= 0) return
			if (deliveries > 0) continue
			storage.close()
			this.#open.delete(name)
			surplus--
		}
	}

	#alarm(name: string) {
		return {
			get: () => this.#timers.get(name)?.at ?? null,
			set: (at: number | null) => this.#setAlarm(name, at),
		}
	}

	#setAlarm(name: string, at: number | null): void {
		clearTimeout(this.#timers.get(name)?.timer)
		this.#timers.delete(name)
		if (at === null || this.#closed || !this.#parts.alarms) return
		const timer = setTimeout(
			() => {
				this.#timers.delete(name)
				this.#background(this.#onAlarm(name))
			},
			Math.max(0, at - Date.now()),
		)
		// A process that has nothing else to do may end: what was not delivered is in the file.
		timer.unref()
		this.#timers.set(name, { at, timer })
	}

	async #onAlarm(name: string): Promise<void> {
		const isRetry = this.#open.get(name)?.migrations.isRetryDue ?? false
		const counts = await this.#deliver(name, (shard) => shard.onAlarm(isRetry))
		if (this.#flushing > 0) this.#untold = addCounts(this.#untold, counts)
	}

	#background(work: Promise<unknown>): void {
		const { logger } = this.#parts.observability
		void this.#track(work.catch((error) => logger.error(`a delivery in the background failed: ${messageOf(error)}`)))
	}

	async #track<T>(work: Promise<T>): Promise<T> {
		this.#running.add(work)
		try {
			return await work
		} finally {
			this.#running.delete(work)
		}
	}

	#assertOpen(): void {
		if (!this.#closed) return
		throw new SQLakeError('SHARD_UNAVAILABLE', 'the router was closed', { hint: 'open another one' })
	}
}

function asShardError(error: unknown, shard: string): SQLakeError {
	if (SQLakeError.is(error)) return error
	if (isBusy(error)) {
		return new SQLakeError(
			'SHARD_UNAVAILABLE',
			`shard ${JSON.stringify(shard)}: expected its database to be free, found another process writing to it`,
			{ cause: error, hint: 'nothing was written; try again', details: { shard, outcome: 'not run' } },
		)
	}
	return SQLakeError.wrap(error, 'QUERY_FAILED', `shard ${JSON.stringify(shard)}`)
}
