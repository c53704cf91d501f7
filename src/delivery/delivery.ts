/**
 * Delivers a shard's changes to the lake, exactly once and in order.
 *
 * @module
 */
import type { Capture, Flight } from '../cdc/capture.ts'
import { SQLakeError } from '../errors.ts'
import type { Catalog, CommitRequest } from '../lake/catalog/catalog.ts'
import type { ObjectStore } from '../lake/storage/object-store.ts'
import { withTimeout } from '../lake/storage/timed-store.ts'
import type { MetricName, SpanName } from '../observability/names.ts'
import type { Observability } from '../observability/observability.ts'
import { withSpan } from '../observability/with-span.ts'
import { encodeShardPath } from '../schema/shard-path.ts'
import type { LakeSchema } from '../schema/table-schema.ts'
import type { Poison } from './find-poison.ts'
import { DEFAULT_DELIVERY_LIMITS, type DeliveryLimits } from './limits.ts'
import { reconcile } from './reconcile.ts'
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

/** What one run of a delivery did. */
export interface DeliveryResult {
	/** Ranges that were committed, by this run or by an earlier one whose answer was lost. */
	readonly flights: number
	readonly changes: number
	readonly files: number
	/** Bytes of Parquet. */
	readonly bytes: number
	/** Changes that could not be encoded and went to the dead letters. */
	readonly deadLetters: number
	/** Whether the buffer was empty at the end; false when the time was over before. */
	readonly drained: boolean
	/** Milliseconds. */
	readonly durationMs: number
}

type Tally = { -readonly [K in keyof DeliveryResult]: DeliveryResult[K] }

/** How often a run may find itself out of step before it gives up and leaves the rest to the next one. */
const MAX_SURPRISES = 5

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
 * recorded before step 1 has succeeded in this life of the object: a shard that was rewound could otherwise record a flight that
 * ends where, by chance, the lake's position of its forgotten history is.
 *
 * Not to be run twice at a time.
 */
export class Delivery {
	readonly #parts: DeliveryParts
	readonly #limits: DeliveryLimits
	/** Whether the catalog's position is known to be the shard's. */
	#inStep = false

	constructor(parts: DeliveryParts) {
		this.#parts = parts
		this.#limits = { ...DEFAULT_DELIVERY_LIMITS, ...parts.limits }
	}

	/**
	 * Delivers until the buffer is empty or the time is over.
	 *
	 * @throws `STORE_UNAVAILABLE`, `COMMIT_CONFLICT` and whatever else the store or the catalog answered: nothing is lost, the
	 *   flight is kept, and the next run finds out what became of it. `FLUSH_FAILED` when the shard and the catalog do not
	 *   come to terms.
	 */
	async run(): Promise<DeliveryResult> {
		const { capture, now } = this.#parts
		const start = now()
		const tally: Tally = { flights: 0, changes: 0, files: 0, bytes: 0, deadLetters: 0, drained: false, durationMs: 0 }
		let surprises = 0
		while (capture.pending().changes > 0) {
			if (now() - start >= this.#limits.budget) return { ...tally, durationMs: now() - start }
			try {
				if (!this.#inStep) await this.#getInStep(tally)
				await this.#deliverNext(tally)
			} catch (error) {
				this.#inStep = false
				// Another instance of this object may have committed meanwhile: its position says so.
				if (!SQLakeError.is(error, 'COMMIT_SEQUENCE') || ++surprises > MAX_SURPRISES) throw error
			}
		}
		return { ...tally, drained: true, durationMs: now() - start }
	}

	/** Step 1. */
	async #getInStep(tally: Tally): Promise<void> {
		const { capture, catalog, shard, observability } = this.#parts
		const position = await withTimeout(`position of shard ${JSON.stringify(shard)}`, this.#limits.callTimeout, () =>
			catalog.position(shard),
		)
		const state = capture.state()
		const finding = reconcile(state, position)
		if (finding === 'flight-committed' && state.flight !== null) {
			this.#acknowledge(state.flight, tally)
		} else if (finding === 'shard-rewound' || finding === 'lake-rewound') {
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

	/** Steps 2 to 5 for one flight. */
	async #deliverNext(tally: Tally): Promise<void> {
		const { capture, store, shard, lake, location, sync } = this.#parts
		const flight = capture.nextFlight(this.#limits.maxChanges)
		if (flight === null) return
		const batch = capture.readFlight(flight)
		this.#inStep = false
		// The changes themselves must be durable, too: a crash may not leave the lake with a write that the shard forgets.
		await sync()
		const outcome = await uploadFlight({ batch, attempt: flight.attempt, lake, store, location, limits: this.#limits })
		if (outcome.kind === 'taken') {
			capture.renewFlight(flight)
		} else if (outcome.kind === 'poisoned') {
			this.#setAside(flight, outcome.poison)
			tally.deadLetters += outcome.poison.length
		} else {
			await this.#commit({
				commitId: commitId(shard, flight),
				shard,
				epoch: flight.epoch,
				fromSeq: flight.fromSeq,
				toSeq: flight.toSeq,
				watermark: batch.watermark,
				appends: outcome.appends,
			})
			tally.files += outcome.files
			tally.bytes += outcome.bytes
			this.#acknowledge(flight, tally)
			this.#inStep = true
		}
	}

	/** Step 4. */
	async #commit(request: CommitRequest): Promise<void> {
		const { catalog, shard, now, observability } = this.#parts
		const { metrics, tracer } = observability
		const start = now()
		const attributes = { 'sqlake.shard': shard, 'sqlake.epoch': request.epoch, 'sqlake.to_seq': request.toSeq }
		try {
			await withSpan(tracer, 'sqlake.commit' satisfies SpanName, attributes, () =>
				withTimeout(`commit of shard ${JSON.stringify(shard)}`, this.#limits.callTimeout, () => catalog.commit(request)),
			)
		} catch (error) {
			metrics.count('sqlake.commit.errors' satisfies MetricName, 1, {
				'error.type': SQLakeError.is(error) ? error.code : 'INTERNAL',
			})
			throw error
		}
		metrics.record('sqlake.commit.duration' satisfies MetricName, now() - start)
	}

	/** Step 5. */
	#acknowledge(flight: Flight, tally: Tally): void {
		this.#parts.capture.acknowledge(flight)
		tally.flights++
		tally.changes += flight.toSeq - flight.fromSeq + 1
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

/** The same on every attempt: the range says what is committed, however it was encoded. */
function commitId(shard: string, { epoch, fromSeq, toSeq }: Flight): string {
	return `${encodeShardPath(shard)}:${epoch}:${fromSeq}-${toSeq}`
}
