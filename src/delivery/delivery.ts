/**
 * Delivers a shard's changes to the lake, exactly once and in order.
 *
 * @module
 */
import type { Capture, Flight } from '../cdc/capture.ts'
import type { ChangeBatch } from '../cdc/change-batch.ts'
import { SQLakeError } from '../errors.ts'
import type { Catalog, CatalogSnapshot, CommitRequest, PositionOptions, ShardPosition } from '../lake/catalog/catalog.ts'
import { changesTableName } from '../lake/change-table.ts'
import { withKeptTypes } from '../lake/kept-types.ts'
import type { ObjectStore } from '../lake/storage/object-store.ts'
import { withTimeout } from '../lake/storage/timed-store.ts'
import type { MetricName, SpanName } from '../observability/names.ts'
import type { Observability } from '../observability/observability.ts'
import { withSpan, withSpanSync } from '../observability/with-span.ts'
import { encodeShardPath } from '../schema/shard-path.ts'
import { isNumericText } from '../schema/sqlite-kind.ts'
import type { LakeSchema } from '../schema/table-schema.ts'
import { ClockWatch } from './clock-watch.ts'
import type { Poison } from './find-poison.ts'
import { DEFAULT_DELIVERY_LIMITS, type DeliveryLimits } from './limits.ts'
import { isEndOf, type Reconciliation, reconcile } from './reconcile.ts'
import { addCounts, type DeliveryCounts, type DeliveryTally, newTally } from './tally.ts'
import { uploadFlight } from './upload-flight.ts'

/** What a delivery works with. */
export interface DeliveryParts {
	readonly capture: Capture
	readonly store: ObjectStore
	readonly catalog: Catalog
	readonly shard: string
	readonly lake: LakeSchema
	/** Prefix of file paths in the lake's metadata, such as `s3://sqlake`. */
	readonly location: string
	/** Resolves when all that was written to SQLite so far is durable. */
	readonly sync: () => Promise<void>
	/** Milliseconds since the epoch. */
	readonly now: () => number
	readonly observability: Observability
	readonly limits?: Partial<DeliveryLimits>
}

/** What a run of a delivery did. */
export interface DeliveryResult extends DeliveryCounts {
	/** Whether the buffer was empty at the end; false when the time was over before. */
	readonly drained: boolean
	/** Milliseconds. */
	readonly durationMs: number
}

/** What comparing shard and lake has found, and the position that it found it by. */
interface Comparison {
	readonly finding: Reconciliation
	readonly position: ShardPosition | null
}

/** How often a run may find itself out of step before it gives up and leaves the rest to the next one. */
const MAX_SURPRISES = 5

/** Milliseconds before each further look at a position that does not fit, until the catalog is asked to confirm it. */
const SECOND_LOOKS = [100, 400]

/**
 * The state machine from the buffer to the lake. Its steps, each of which may be the last before a crash:
 *
 * 1. Unless the shard is known to be in step, ask the catalog for its position and {@link reconcile}.
 * 2. Record durably which range goes next: the flight. Until its outcome is known, every attempt delivers this very range.
 * 3. Encode it, and upload the files under names that follow from their content.
 * 4. Commit: files and the shard's new position take effect together, once.
 * 5. Acknowledge: drop the changes, forget the flight.
 *
 * A crash before 4 leaves files that nothing refers to; a crash after 4 leaves a flight that step 1 finds committed. Nothing is
 * recorded before step 1 has succeeded in this life of the object, since a shard may have been rewound in between.
 *
 * Not to be run twice at a time.
 */
export class Delivery {
	readonly #parts: DeliveryParts
	readonly #limits: DeliveryLimits
	readonly #clock: ClockWatch
	/** Whether the catalog's position is known to be the shard's. */
	#inStep = false
	/** The lake's tables, where their types may not be the code's: once known, a type stays. */
	#tables: CatalogSnapshot['tables'] | undefined

	constructor(parts: DeliveryParts) {
		this.#parts = parts
		this.#limits = { ...DEFAULT_DELIVERY_LIMITS, ...parts.limits }
		this.#clock = new ClockWatch(parts.shard, parts.observability)
	}

	/**
	 * Delivers until the buffer is empty or the time is over.
	 *
	 * @param tally - what earlier runs did that nobody was told of; the result counts it, too
	 * @throws `STORE_UNAVAILABLE`, `COMMIT_CONFLICT` and whatever else the store or the catalog answered: nothing is lost, the
	 *   flight is kept, and the next run finds out what became of it. `FLUSH_FAILED` when the shard and the catalog do not
	 *   come to terms.
	 */
	async run(tally = newTally()): Promise<DeliveryResult> {
		const { capture, now } = this.#parts
		const start = now()
		let surprises = 0
		while (capture.pending().changes > 0) {
			if (now() - start >= this.#limits.budget) return { ...tally.counts, drained: false, durationMs: now() - start }
			try {
				if (!this.#inStep) await this.#getInStep(tally)
				await this.#deliverNext(tally)
			} catch (error) {
				this.#tables = undefined
				// Another instance of this object may have committed meanwhile: its position says so.
				if (!SQLakeError.is(error, 'COMMIT_SEQUENCE') || ++surprises > MAX_SURPRISES) throw error
			}
		}
		return { ...tally.counts, drained: true, durationMs: now() - start }
	}

	/** Step 1. */
	async #getInStep(tally: DeliveryTally): Promise<void> {
		const { capture, shard, observability } = this.#parts
		const { finding, position } = await this.#compare()
		const state = capture.state()
		if (finding === 'flight-committed' && state.flight !== null) {
			this.#acknowledge(state.flight, tally)
		} else if (isRewound(finding)) {
			const epoch = Math.max(capture.epoch, position?.epoch ?? 0) + 1
			observability.logger.warn(
				finding === 'shard-rewound'
					? 'the shard was restored to an earlier state than the lake has seen; a new epoch begins'
					: 'the lake lacks changes that the shard has delivered; a new epoch begins',
				{
					'sqlake.shard': shard,
					'sqlake.epoch': epoch,
					acknowledged: state.acknowledged,
					committedEpoch: position?.epoch,
					committed: position?.seq,
				},
			)
			capture.startEpoch(epoch)
		}
		this.#inStep = true
	}

	/**
	 * Compares shard and lake. What would begin a new epoch is looked at again, for some time, and then confirmed by the catalog: a
	 * read that was stale must not make the shard deliver all of its rows anew. The other findings need no second look: positions
	 * only grow, so one that a flight has reached is a fact, and a shard that goes on in error meets the catalog's check.
	 */
	async #compare(): Promise<Comparison> {
		const { shard, observability } = this.#parts
		const first = await this.#compareOnce()
		if (!isRewound(first.finding)) return first
		let latest = first
		for (const pause of [...SECOND_LOOKS, null]) {
			if (pause !== null) await new Promise((resolve) => setTimeout(resolve, pause))
			latest = await this.#compareOnce({ confirm: pause === null })
			if (isRewound(latest.finding)) continue
			observability.logger.warn('a read of the catalog was stale: it is not behind the shard, and its history goes on', {
				'sqlake.shard': shard,
				stale: first.position?.seq,
				committed: latest.position?.seq,
			})
			break
		}
		return latest
	}

	async #compareOnce(options?: PositionOptions): Promise<Comparison> {
		const { capture, catalog, shard } = this.#parts
		const position = await withTimeout(`position of shard ${JSON.stringify(shard)}`, this.#limits.callTimeout, () =>
			catalog.position(shard, options),
		)
		const { flight, ...state } = capture.state()
		const end = flight === null ? null : { ...flight, watermark: capture.watermarkOf(flight) }
		return { finding: reconcile({ ...state, flight: end }, position), position }
	}

	/** Steps 2 to 5 for one flight. */
	async #deliverNext(tally: DeliveryTally): Promise<void> {
		const { capture, store, shard, lake, location, sync, now, observability } = this.#parts
		const flight = capture.nextFlight(this.#limits.maxChanges)
		if (flight === null) return
		const { tracer } = observability
		const attributes = { 'sqlake.shard': shard, 'sqlake.from_seq': flight.fromSeq, 'sqlake.to_seq': flight.toSeq }
		const read = withSpanSync(tracer, 'sqlake.flush.read' satisfies SpanName, attributes, () => capture.readFlight(flight))
		const batch = await this.#asTheLakeHasIt(read)
		this.#inStep = false
		this.#clock.look(batch, now())
		// The changes themselves must be durable, too: a crash may not leave the lake with a write that the shard forgets.
		await sync()
		const outcome = await uploadFlight({ batch, attempt: flight.attempt, lake, store, location, tracer, limits: this.#limits })
		if (outcome.kind === 'taken') {
			capture.renewFlight(flight)
		} else if (outcome.kind === 'poisoned') {
			this.#setAside(flight, outcome.poison)
			tally.counts = addCounts(tally.counts, { deadLetters: outcome.poison.length })
			observability.metrics.count('sqlake.capture.dead_letters' satisfies MetricName, outcome.poison.length)
		} else {
			tally.uploaded = { flight, files: outcome.files, bytes: outcome.bytes }
			await this.#commit({
				commitId: commitId(shard, flight),
				shard,
				epoch: flight.epoch,
				fromSeq: flight.fromSeq,
				toSeq: flight.toSeq,
				watermark: batch.watermark,
				appends: outcome.appends,
			})
			this.#acknowledge(flight, tally)
			this.#inStep = true
		}
	}

	/** The batch with the types that the lake has for its columns, where those may not be the code's. */
	async #asTheLakeHasIt(batch: ChangeBatch): Promise<ChangeBatch> {
		if (!batch.tables.some(({ table }) => table.columns.some(isNumericText))) return batch
		const { catalog } = this.#parts
		this.#tables ??= (await withTimeout('tables of the lake', this.#limits.callTimeout, () => catalog.load())).tables
		const known = this.#tables
		const tables = batch.tables.map((changes) => {
			const { table } = changes
			return { ...changes, table: withKeptTypes(table, known.get(changesTableName(table.name))?.metadata) }
		})
		return { ...batch, tables }
	}

	/**
	 * Step 4.
	 *
	 * @throws `COMMIT_SEQUENCE` also where the lake already has other changes under the flight's positions: a stale read has hidden
	 *   that the shard was rewound.
	 */
	async #commit(request: CommitRequest): Promise<void> {
		const { catalog, shard, now, observability } = this.#parts
		const { metrics, tracer } = observability
		const start = now()
		const attributes = { 'sqlake.shard': shard, 'sqlake.epoch': request.epoch, 'sqlake.to_seq': request.toSeq }
		try {
			const {
				status,
				position,
				retries = 0,
			} = await withSpan(tracer, 'sqlake.commit' satisfies SpanName, attributes, () =>
				withTimeout(`commit of shard ${JSON.stringify(shard)}`, this.#limits.callTimeout, () => catalog.commit(request)),
			)
			if (retries > 0) metrics.count('sqlake.commit.retries' satisfies MetricName, retries)
			if (status === 'duplicate' && !isEndOf(request, position)) throw foreignHistory(request, position)
		} catch (error) {
			metrics.count('sqlake.commit.errors' satisfies MetricName, 1, {
				'error.type': SQLakeError.is(error) ? error.code : 'INTERNAL',
			})
			throw error
		}
		metrics.record('sqlake.commit.duration' satisfies MetricName, now() - start)
	}

	/** Step 5. */
	#acknowledge(flight: Flight, tally: DeliveryTally): void {
		const { capture, now, observability } = this.#parts
		const { metrics } = observability
		const { oldestTs } = capture.pending()
		if (oldestTs !== null) metrics.record('sqlake.lag' satisfies MetricName, Math.max(0, now() - oldestTs))
		capture.acknowledge(flight)
		const { uploaded } = tally
		const isUploaded = uploaded?.flight.epoch === flight.epoch && uploaded.flight.toSeq === flight.toSeq
		const { files, bytes } = isUploaded ? uploaded : { files: 0, bytes: 0 }
		const changes = flight.toSeq - flight.fromSeq + 1
		tally.counts = addCounts(tally.counts, { flights: 1, changes, files, bytes })
		tally.uploaded = null
		metrics.count('sqlake.flush.changes' satisfies MetricName, changes)
		metrics.count('sqlake.flush.files' satisfies MetricName, files)
		metrics.count('sqlake.flush.bytes' satisfies MetricName, bytes)
	}

	/** Takes poisonous changes out of the flight. What is left is other content, so it goes under other names. */
	#setAside(flight: Flight, poison: readonly Poison[]): void {
		const { capture, observability, shard } = this.#parts
		for (const [message, group] of Map.groupBy(poison, (change) => change.message)) {
			capture.deadLetter(
				group.map(({ seq }) => seq),
				message,
			)
			observability.logger.error(`changes set aside: ${message}`, { 'sqlake.shard': shard, changes: group.length })
		}
		capture.renewFlight(flight)
	}
}

function isRewound(finding: Reconciliation): finding is 'shard-rewound' | 'lake-rewound' {
	return finding === 'shard-rewound' || finding === 'lake-rewound'
}

function foreignHistory({ shard, epoch, fromSeq, toSeq }: CommitRequest, position: ShardPosition): SQLakeError {
	return new SQLakeError(
		'COMMIT_SEQUENCE',
		`shard ${JSON.stringify(shard)}: expected changes ${fromSeq} to ${toSeq} of epoch ${epoch} to be new, found the lake at ${position.seq} of epoch ${position.epoch} by other ones`,
		{ details: { shard, position } },
	)
}

/** The same on every attempt: the range says what is committed, however it was encoded. */
function commitId(shard: string, { epoch, fromSeq, toSeq }: Flight): string {
	return `${encodeShardPath(shard)}:${epoch}:${fromSeq}-${toSeq}`
}
