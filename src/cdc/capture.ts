/**
 * Change capture of one shard: triggers write every change into `_cdc_buffer`, from where it is delivered in flights.
 *
 * @module
 */
import { SQLakeError } from '../errors.ts'
import type { LakeSchema } from '../schema/table-schema.ts'
import { BUFFER, lastPosition } from './buffer.ts'
import { type BufferLimits, BufferSize, DEFAULT_BUFFER_LIMITS } from './buffer-size.ts'
import type { Bookmark, ChangeBatch } from './change-batch.ts'
import { type DeadLetter, listDeadLetters, purge, putBack, type RetryOptions, setAside } from './dead-letters.ts'
import { restartAt } from './epochs.ts'
import { closeFlight, dropFlight, openFlight, renumberFlight, requireRecorded, watermarkOf } from './flights.ts'
import { abandonTable, installCapture, releaseTable, replaceTable, resumeCapture, settleCapture } from './install.ts'
import { readLayouts } from './layouts.ts'
import { firstRow } from './query.ts'
import { readChanges } from './reader.ts'
import { type CaptureState, currentEpoch, type Flight, readState } from './state.ts'

export type { DeadLetter, RetryOptions } from './dead-letters.ts'
export type { CaptureState, Flight } from './state.ts'

/** Settings of {@link Capture}. */
export interface CaptureOptions {
	/** The shard's id. */
	readonly shard: string
	/** What may wait for delivery before {@link Capture.assertRoom} refuses more, read each time; else {@link DEFAULT_BUFFER_LIMITS}. */
	readonly bufferLimits?: () => Partial<BufferLimits>
	/** Bytes that the values of one flight may take in memory, roughly. Default: 32 MiB of the 128 MiB of an isolate. */
	readonly maxFlightBytes?: number
}

/** What must be called around the statements of a migration. */
export interface CaptureMigration {
	/** Before rows are written, where tables have changed. */
	settle(): void
	/** Before a column is dropped. */
	dropColumn(table: string): void
	/** Before a table is dropped that another one takes the place of. */
	replaceTable(table: string, by: string, isFinal: boolean): void
	/** Before a table is dropped for good. */
	dropTable(table: string): void
	/** After the last statement. */
	finish(): void
}

/**
 * The changes of one shard: captured, numbered in one total order over all tables, and kept until they are in the lake.
 *
 * Invariants:
 * - A change is in the buffer if and only if the write that made it is committed.
 * - `seq` grows strictly and never repeats within an epoch. An update that takes two rows of the buffer has the position of the
 *   second, so positions may have holes.
 * - A flight is recorded before anything of it leaves the shard, reads the same until it is acknowledged or given up, and never
 *   holds part of a transaction.
 *
 * Nothing is cached: a transaction that rolls back takes capture's own state back with it.
 *
 * @example
 * ```ts
 * const capture = new Capture(ctx.storage, schema, { shard: 'user-123' })
 * capture.install()
 * const flight = capture.nextFlight(10_000)
 * if (flight !== null) {
 *   await deliver(capture.readFlight(flight))
 *   capture.acknowledge(flight)
 * }
 * ```
 */
export class Capture {
	readonly #storage: DurableObjectStorage
	readonly #sql: SqlStorage
	#schema: LakeSchema
	readonly #shard: string
	readonly #bufferLimits: () => Partial<BufferLimits>
	readonly #size = new BufferSize()
	readonly #maxFlightBytes: number

	constructor(storage: DurableObjectStorage, schema: LakeSchema, options: CaptureOptions) {
		this.#storage = storage
		this.#sql = storage.sql
		this.#schema = schema
		this.#shard = options.shard
		this.#bufferLimits = options.bufferLimits ?? (() => ({}))
		this.#maxFlightBytes = options.maxFlightBytes ?? 32 * 1024 * 1024
	}

	/**
	 * Puts capture in place. Call it on every start, after migrations, and again after anything that changed a captured table or
	 * its triggers: it does only what is missing.
	 *
	 * @throws SQLakeError CAPTURE_RECURSIVE_TRIGGER when a trigger of the user's would fire itself without end once
	 * `recursive_triggers` is on, CAPTURE_INSTALL when a table cannot be captured.
	 */
	install(): void {
		installCapture(this.#storage, this.#schema)
	}

	/** Whether capture was ever installed in this database. */
	get isInstalled(): boolean {
		return firstRow(this.#sql, `SELECT 1 FROM sqlite_schema WHERE name = '${BUFFER}'`) !== null
	}

	/** Goes on with capture as it was installed last: the tables are not what the code describes, and stay captured as they are. */
	resume(): void {
		resumeCapture(this.#sql)
	}

	/**
	 * Goes by another description of the tables from here on: the one that fits the migrations that the shard has. Call it when they
	 * are committed.
	 */
	describe(schema: LakeSchema): void {
		this.#schema = schema
	}

	/**
	 * What capture does within a migration's transaction, so that the shard's history goes on without a gap.
	 *
	 * @param after - the tables as they are after the migration
	 * @param direction - `down` where a migration is undone: the rows of a table that goes are then captured as deleted, because the
	 *   table may come back
	 */
	migrate(after: LakeSchema, direction: 'up' | 'down'): CaptureMigration {
		return {
			settle: () => settleCapture(this.#storage),
			dropColumn: (table) => releaseTable(this.#storage, table),
			replaceTable: (table, by, isFinal) => replaceTable(this.#storage, after, table, by, isFinal),
			dropTable: (table) => abandonTable(this.#storage, table, direction === 'down'),
			finish: () => installCapture(this.#storage, after),
		}
	}

	/** Grows whenever the shard's history was rewound or has a gap; from 1. */
	get epoch(): number {
		return currentEpoch(readState(this.#sql))
	}

	/** Position of the newest change; 0 before the first. */
	lastSeq(): number {
		return lastPosition(this.#sql)
	}

	/** All changes up to this position are in the lake. */
	acknowledgedSeq(): number {
		return readState(this.#sql).acknowledged
	}

	/** What is recorded of delivery: the epochs, what was acknowledged, and the flight. */
	state(): CaptureState {
		return readState(this.#sql)
	}

	/** The moment of a flight's last change, in milliseconds since the epoch, as {@link readFlight} has it: no read of its changes. */
	watermarkOf(flight: Flight): number {
		return watermarkOf(this.#sql, readState(this.#sql), flight)
	}

	/** Position of the newest change, for a causal read. */
	bookmark(): Bookmark {
		return { shard: this.#shard, seq: BigInt(this.lastSeq()), epoch: this.epoch }
	}

	/**
	 * What waits for delivery. `changes` counts positions, which is no scan; an update of a row wide or large enough to take two
	 * counts twice. `oldestTs` is in milliseconds since the epoch.
	 */
	pending(): { changes: number; oldestTs: number | null } {
		const { acknowledged } = readState(this.#sql)
		const oldest = firstRow(this.#sql, `SELECT ts FROM ${BUFFER} WHERE seq > ? AND tag <> 0 ORDER BY seq LIMIT 1`, acknowledged)
		return {
			changes: Math.max(0, this.lastSeq() - acknowledged),
			oldestTs: typeof oldest?.[0] === 'number' ? Math.round(oldest[0] * 1000) : null,
		}
	}

	/**
	 * Refuses a write where too much waits, so that a store that is down does not fill the shard's database. Call it before each
	 * statement that may write.
	 *
	 * @throws SQLakeError BUFFER_FULL
	 */
	assertRoom(): void {
		const { maxChanges, maxBytes } = { ...DEFAULT_BUFFER_LIMITS, ...this.#bufferLimits() }
		const [acknowledged, last] = [this.acknowledgedSeq(), this.lastSeq()]
		const changes = last - acknowledged
		this.#size.follow(acknowledged, last)
		if (changes >= maxChanges) throw this.#full('changes', maxChanges, changes)
		// A database that is smaller as a whole needs no look at its rows.
		if (changes <= 0 || this.#sql.databaseSize < maxBytes) return
		const bytes = this.#size.measure(this.#sql, last)
		if (bytes >= maxBytes) throw this.#full('bytes', maxBytes, bytes)
	}

	#full(unit: 'changes' | 'bytes', limit: number, found: number): SQLakeError {
		return new SQLakeError(
			'BUFFER_FULL',
			`shard "${this.#shard}": expected fewer than ${limit} ${unit} waiting for delivery, found ${found}`,
			{
				hint: 'the lake has not taken changes for long; see the last error of the flush, and write again once it gets through',
				details: { shard: this.#shard, unit, limit, found },
			},
		)
	}

	/**
	 * Gives the changes since a position one moment. A transaction may straddle a millisecond, and batches are cut where the
	 * moment changes, so call it at the end of each transaction, inside it.
	 *
	 * @param fromSeq - {@link lastSeq} as it was before the transaction
	 */
	sealTransaction(fromSeq: number): void {
		const moments = firstRow(this.#sql, `SELECT min(ts), max(ts) FROM ${BUFFER} WHERE seq > ?`, fromSeq)
		if (moments === null || moments[0] === moments[1]) return
		this.#sql.exec(`UPDATE ${BUFFER} SET ts = ? WHERE seq > ? AND ts <> ?`, moments[1], fromSeq, moments[1])
	}

	/**
	 * The flight to deliver: the recorded one, with the same content as before, or else a new one, which is recorded. It ends
	 * where the moment of changes changes, so it may be shorter than asked for, or longer where one transaction is. Changes with
	 * large values make a flight shorter, so that it fits in memory.
	 *
	 * @param maxChanges - rows of the buffer it should not exceed
	 * @returns null where nothing waits
	 */
	nextFlight(maxChanges: number): Flight | null {
		return this.#storage.transactionSync(() => openFlight(this.#sql, { maxChanges, maxBytes: this.#maxFlightBytes }))
	}

	/**
	 * The changes of the recorded flight, exactly. The batch has no tables where all its changes are dead letters.
	 *
	 * @throws SQLakeError FLUSH_FAILED when the flight is not the recorded one.
	 */
	readFlight(flight: Flight): ChangeBatch {
		const state = readState(this.#sql)
		requireRecorded(state, flight)
		const { epoch, fromSeq, toSeq } = flight
		return {
			shard: this.#shard,
			epoch,
			fromSeq,
			toSeq,
			watermark: watermarkOf(this.#sql, state, flight),
			...readChanges(this.#sql, {
				schema: this.#schema,
				layouts: readLayouts(this.#sql),
				source: BUFFER,
				fromSeq,
				toSeq,
				earliest: state.mark + 1,
			}),
		}
	}

	/**
	 * Drops the changes of a flight, which is in the lake now. May be called again for the same flight.
	 *
	 * @throws SQLakeError FLUSH_FAILED when another flight is recorded.
	 */
	acknowledge(flight: Flight): void {
		this.#size.forget(this.#sql, flight.toSeq)
		this.#storage.transactionSync(() => closeFlight(this.#sql, flight))
	}

	/**
	 * Gives up a flight that is known not to be in the lake. The next one gets a higher `attempt` and may be cut differently.
	 *
	 * @throws SQLakeError FLUSH_FAILED when another flight is recorded.
	 */
	abandonFlight(flight: Flight): void {
		this.#storage.transactionSync(() => dropFlight(this.#sql, flight))
	}

	/**
	 * Gives the recorded flight the next attempt and keeps its range: its content changed, or its files' names are taken.
	 *
	 * @throws SQLakeError FLUSH_FAILED when another flight is recorded.
	 */
	renewFlight(flight: Flight): void {
		this.#storage.transactionSync(() => renumberFlight(this.#sql, flight))
	}

	/**
	 * Begins a new epoch after the shard's history was rewound: what waited is dropped, and all rows follow as created. Positions
	 * go on upwards.
	 *
	 * @param epoch - greater than any that the lake has seen of this shard
	 */
	startEpoch(epoch: number): void {
		this.#storage.transactionSync(() => {
			const current = this.epoch
			if (!Number.isSafeInteger(epoch) || epoch <= current) {
				throw new SQLakeError('HISTORY_REWOUND', `shard "${this.#shard}": expected an epoch after ${current}, found ${epoch}`, {
					hint: 'take the epoch that the catalog has recorded, plus one',
				})
			}
			restartAt(this.#sql, epoch)
		})
	}

	/**
	 * Sets changes aside that cannot be delivered, so that the others can.
	 *
	 * @param seqs - positions of the changes
	 * @param reason - why, for the one who looks at them
	 */
	deadLetter(seqs: readonly number[], reason: string): void {
		this.#storage.transactionSync(() => setAside(this.#sql, seqs, reason, Date.now()))
	}

	/** The oldest changes that were set aside. */
	deadLetters(limit = 100): DeadLetter[] {
		return listDeadLetters(this.#sql, this.#schema, this.#shard, limit)
	}

	/**
	 * Puts changes that were set aside back into the buffer, each followed by the row as it is now.
	 *
	 * @returns how many
	 */
	retryDeadLetters(options: RetryOptions = {}): number {
		return this.#storage.transactionSync(() => {
			const before = this.lastSeq()
			const count = putBack(this.#sql, this.#schema, options)
			this.sealTransaction(before)
			return count
		})
	}

	/**
	 * Deletes changes that were set aside, for good.
	 *
	 * @param olderThanMs - those set aside at least this long ago, in milliseconds. Default: 7 days.
	 * @returns how many
	 */
	purgeDeadLetters(olderThanMs = 7 * 24 * 60 * 60 * 1000): number {
		return this.#storage.transactionSync(() => purge(this.#sql, Date.now() - olderThanMs))
	}
}
