/**
 * One shard: its SQLite, its capture, its delivery and its alarm, put together.
 *
 * @module
 */
import type { Capture, DeadLetter, RetryOptions } from '../cdc/capture.ts'
import type { CDCEvent } from '../cdc/change-batch.ts'
import type { Delivery, DeliveryResult } from '../delivery/delivery.ts'
import { CDCFlushErrorTracker, type FlushOutcomes } from '../delivery/flush-error-tracker.ts'
import { type FlushPolicy, nextFlushAt } from '../delivery/flush-policy.ts'
import { type DeliveryCounts, newTally } from '../delivery/tally.ts'
import type { BoundStatement, ExecuteRequest, ExecuteResponse, StatementResult } from '../driver/transport.ts'
import { SQLakeError } from '../errors.ts'
import type { MetricName, SpanName } from '../observability/names.ts'
import type { Observability } from '../observability/observability.ts'
import { withSpan, withSpanSync } from '../observability/with-span.ts'
import { TextBytes } from '../schema/sql-value.ts'
import { checkColumnOrder } from './column-order.ts'
import { executeStatement, executeStatements } from './execute-statements.ts'
import type { ShardMigrations } from './shard-migrations.ts'
import type { SharedAlarm } from './shared-alarm.ts'
import { changesSchema, scanStatement } from './statement.ts'
import { validateRequest } from './validate-request.ts'

/** What a shard is made of. */
export interface ShardParts {
	readonly name: string
	readonly storage: DurableObjectStorage
	/** Null where the schema says `cdc: false`. */
	readonly capture: Capture | null
	readonly delivery: (capture: Capture) => Delivery
	readonly alarm: SharedAlarm
	readonly migrations: ShardMigrations
	/** Read anew each time: a subclass may change its settings. */
	readonly policy: () => FlushPolicy
	readonly observability: Observability
	/** Milliseconds since the epoch. */
	readonly now: () => number
	/** Keeps the object alive for work that nobody awaits. */
	readonly background: (work: Promise<unknown>) => void
}

/** How a shard's delivery is doing. */
export interface CDCFlushMetrics extends FlushOutcomes {
	/** Changes that are not in the lake yet. */
	readonly buffered: number
	/** Milliseconds: age of the oldest of them; 0 without one. */
	readonly lag: number
}

/** A change that was set aside, as plain data that crosses RPC. */
export type CDCDeadLetterEvent = DeadLetter

/** Milliseconds by which a flush may be late before it counts as missed. */
const OVERDUE = 10_000

/** Milliseconds by which an alarm may come too early. */
const EARLY = 100

/** Statements that write nothing, whatever follows. WITH may begin a write. */
const READS = new Set(['SELECT', 'VALUES', 'EXPLAIN'])

const NOTHING_DELIVERED: DeliveryResult = { ...newTally().counts, drained: true, durationMs: 0 }

/** One shard. */
export class Shard {
	readonly #parts: ShardParts
	readonly #tracker = new CDCFlushErrorTracker()
	#lastFailureAt = 0
	/** Where within its bounds the next flush lies; chosen anew after each. */
	#spread = Math.random()
	#delivery: Delivery | null = null
	#running: Promise<DeliveryResult> | null = null
	/** Callers that wait for it to end. */
	#waiting = 0
	/** What was delivered and no caller was told of: by a run that failed, or one by the alarm that a caller waits for. */
	#untold = newTally()

	constructor(parts: ShardParts) {
		this.#parts = parts
	}

	/**
	 * Runs what a caller from outside asks for.
	 *
	 * @throws what {@link validateRequest} and {@link executeStatements} throw; `BUFFER_FULL`; `MIGRATION_PENDING` and its like where
	 *   the shard's tables are not those of the code
	 */
	execute(request: unknown): ExecuteResponse {
		const { name, migrations } = this.#parts
		const valid = validateRequest(request, name)
		for (const { sql } of valid.statements) migrations.check(sql)
		try {
			return this.#execute(valid)
		} catch (error) {
			throw migrations.explain(error)
		}
	}

	#execute({ statements, readOnly, columnOrder }: ExecuteRequest): ExecuteResponse {
		const { name, storage, capture, observability, now } = this.#parts
		if (columnOrder !== undefined) checkColumnOrder(storage.sql, name, columnOrder)
		// Nothing awaits in between, so that reads see one state without a transaction.
		if (statements.every(isRead)) return { results: executeStatements(storage, statements, readOnly), bookmark: null }
		const start = now()
		const { tracer, metrics } = observability
		const response = withSpanSync(tracer, 'sqlake.write' satisfies SpanName, { 'sqlake.shard': name }, () =>
			storage.transactionSync((): ExecuteResponse => {
				const before = capture?.lastSeq() ?? 0
				const assertRoom = () => (readOnly ? undefined : capture?.assertRoom())
				const results = executeStatements(storage, statements, readOnly, () => capture?.install(), assertRoom)
				if (capture === null || capture.lastSeq() === before) return { results, bookmark: null }
				capture.sealTransaction(before)
				return { results, bookmark: capture.bookmark() }
			}),
		)
		metrics.record('sqlake.write.duration' satisfies MetricName, now() - start)
		metrics.count(
			'sqlake.write.rows' satisfies MetricName,
			response.results.reduce((sum, { changes }) => sum + changes, 0),
		)
		if (response.bookmark !== null) this.wrote()
		return response
	}

	/** Runs a statement of the object's own code. */
	executeLocally(statement: BoundStatement): StatementResult {
		return this.observe(statement.sql, () => executeStatement(this.#parts.storage, statement))
	}

	/**
	 * Runs a statement of the object's own code, and sees to what follows from it: capture looks at the tables again after a
	 * change of the schema, and what was written is delivered in time.
	 *
	 * @throws `BUFFER_FULL` for a write while too many changes wait for the lake
	 */
	observe<T>(sql: string, run: () => T): T {
		const { migrations } = this.#parts
		migrations.check(sql)
		try {
			return this.#observe(sql, run)
		} catch (error) {
			throw migrations.explain(error)
		}
	}

	#observe<T>(sql: string, run: () => T): T {
		const { storage, capture } = this.#parts
		const { keyword } = scanStatement(sql)
		if (capture === null || READS.has(keyword)) return run()
		capture.assertRoom()
		if (changesSchema(sql)) {
			return storage.transactionSync(() => {
				const result = run()
				capture.install()
				return result
			})
		}
		const before = capture.lastSeq()
		const result = run()
		if (capture.lastSeq() !== before) this.wrote()
		return result
	}

	/** Runs a transaction of the object's own code; its changes stay together on their way to the lake. */
	transaction<T>(run: () => T): T {
		const { storage, capture } = this.#parts
		if (capture === null) return storage.transactionSync(run)
		return storage.transactionSync(() => {
			const before = capture.lastSeq()
			const result = run()
			if (capture.lastSeq() !== before) capture.sealTransaction(before)
			return result
		})
	}

	/** Sees to it that what was written is delivered in time. */
	wrote(): void {
		const { alarm, now, background, observability, name } = this.#parts
		const time = now()
		const at = this.#nextFlushAt(time)
		if (at === null) return
		const due = alarm.flushAt
		if (due !== null && due + OVERDUE < time && this.#running === null) {
			observability.logger.warn('a flush is overdue: does the alarm() of a subclass call super.alarm()?', {
				'sqlake.shard': name,
				overdueMs: time - due,
			})
			background(this.#flushFromAlarm())
		} else if (due === null || due > at) {
			background(alarm.ensureFlush(at, time))
		}
	}

	/** Sets the alarm after a start: a deploy resets the object, and an alarm may be lost. */
	async arm(): Promise<void> {
		const { alarm, now, migrations } = this.#parts
		const time = now()
		alarm.retryAt = migrations.retryAt
		await alarm.setFlush(this.#nextFlushAt(time), time)
	}

	/**
	 * What the platform's alarm does. Never throws: a failure is counted, and the alarm is set again.
	 *
	 * @param otherwiseDue - whether the alarm was for something else, which was done
	 * @returns what it delivered, unless a caller of {@link flush} waits for it and is told
	 */
	async onAlarm(otherwiseDue = false): Promise<DeliveryCounts> {
		const { alarm, now, policy } = this.#parts
		const time = now()
		const at = this.#nextFlushAt(time)
		// An alarm of the application's own: a flush each time would make as many small files.
		if ((otherwiseDue || alarm.isApplicationDue(time)) && (at === null || at > time + EARLY)) {
			await alarm.setFlush(at, time)
			return NOTHING_DELIVERED
		}
		// Should the object die in the middle for good, the platform gives up after some retries; this alarm is still there then.
		if (at !== null) await alarm.setFlush(time + Math.max(policy().interval, OVERDUE), time)
		return this.#flushFromAlarm()
	}

	/**
	 * Delivers what is in the buffer. The result also counts what the alarm delivered while this call waited for it, and what was
	 * delivered before an earlier failure.
	 *
	 * @throws what `Delivery.run` throws; the changes stay in the buffer
	 */
	flush(): Promise<DeliveryResult> {
		return this.#flush(true)
	}

	async #flush(isAsked: boolean): Promise<DeliveryResult> {
		this.#waiting++
		// A flush that runs already may have read the buffer before the newest change. Its failure is its caller's to tell.
		while (this.#running !== null) await Promise.allSettled([this.#running])
		this.#waiting--
		this.#running = this.#deliver(isAsked)
		try {
			return await this.#running
		} finally {
			this.#running = null
			await this.arm()
		}
	}

	get metrics(): CDCFlushMetrics {
		const time = this.#parts.now()
		return { ...this.#tracker.outcomes, buffered: this.#parts.capture?.pending().changes ?? 0, lag: this.#lag(time) }
	}

	deadLetters(limit: number): CDCDeadLetterEvent[] {
		return (this.#parts.capture?.deadLetters(limit) ?? []).map((letter) => ({ ...letter, event: plainEvent(letter.event) }))
	}

	retryDeadLetters(options: RetryOptions): number {
		const retried = this.#parts.capture?.retryDeadLetters(options) ?? 0
		if (retried > 0) this.wrote()
		return retried
	}

	purgeDeadLetters(olderThanMs: number): number {
		return this.#parts.capture?.purgeDeadLetters(olderThanMs) ?? 0
	}

	async #flushFromAlarm(): Promise<DeliveryCounts> {
		try {
			return await this.#flush(false)
		} catch (error) {
			// Counted and logged where it happened; the alarm is set for the next attempt.
			if (!SQLakeError.is(error)) throw error
			return NOTHING_DELIVERED
		}
	}

	/** @param isAsked - whether a caller is told of the result */
	async #deliver(isAsked: boolean): Promise<DeliveryResult> {
		const { capture, observability, name, now } = this.#parts
		if (capture === null) return NOTHING_DELIVERED
		const { changes } = capture.pending()
		if (changes > 0) observability.metrics.record('sqlake.capture.buffered' satisfies MetricName, changes)
		const tally = this.#untold
		const { flights: before } = tally.counts
		try {
			this.#delivery ??= this.#parts.delivery(capture)
			const delivery = this.#delivery
			const attributes = { 'sqlake.shard': name }
			const result = await withSpan(observability.tracer, 'sqlake.flush' satisfies SpanName, attributes, () =>
				delivery.run(tally),
			)
			this.#tracker.succeeded(now())
			if (result.flights > before) {
				observability.metrics.record('sqlake.flush.duration' satisfies MetricName, result.durationMs)
			}
			// Every flight is told of once: to a caller that waits rather than to the alarm.
			if (!isAsked && this.#waiting > 0) return { ...result, ...newTally().counts }
			this.#untold = newTally()
			return result
		} catch (error) {
			const failure = SQLakeError.wrap(error, 'FLUSH_FAILED', `flush of shard ${JSON.stringify(name)}`)
			// A call that hangs may have left the catalog's client waiting for it: the next flush begins with a new one.
			this.#delivery = null
			this.#lastFailureAt = now()
			this.#tracker.failed(failure, this.#lastFailureAt)
			observability.logger.error(`flush failed: ${failure.message}`, { 'sqlake.shard': name, 'error.type': failure.code })
			observability.metrics.count('sqlake.flush.errors' satisfies MetricName, 1, { 'error.type': failure.code })
			observability.metrics.record('sqlake.lag' satisfies MetricName, this.#lag(this.#lastFailureAt))
			throw failure
		} finally {
			this.#spread = Math.random()
		}
	}

	#lag(time: number): number {
		const oldest = this.#parts.capture?.pending().oldestTs ?? null
		return oldest === null ? 0 : Math.max(0, time - oldest)
	}

	#nextFlushAt(time: number): number | null {
		const { capture, policy } = this.#parts
		if (capture === null) return null
		const { consecutiveFailures } = this.#tracker.outcomes
		const { changes, oldestTs } = capture.pending()
		return nextFlushAt(
			policy(),
			{
				buffered: changes,
				oldestAt: oldestTs ?? time,
				consecutiveFailures,
				lastFailureAt: this.#lastFailureAt,
			},
			time,
			this.#spread,
		)
	}
}

/** Text that is not UTF-8 goes as its bytes: an instance of a class does not cross RPC. */
function plainEvent(event: CDCEvent): CDCEvent {
	const plain = (row: CDCEvent['_after']) =>
		row === null
			? null
			: Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value instanceof TextBytes ? value.bytes : value]))
	return { ...event, _before: plain(event._before), _after: plain(event._after) }
}

function isRead({ sql }: BoundStatement): boolean {
	return READS.has(scanStatement(sql).keyword)
}
