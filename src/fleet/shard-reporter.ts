/**
 * A shard's own part in the register: it says where it stands when that has changed, and once a day that it is still there.
 *
 * @module
 */
import { messageOf, unpackAnswer } from '../errors.ts'
import type { Logger } from '../observability/observability.ts'
import type { FleetRegisterRpc, ReleasedVersion, ShardReport } from './fleet.ts'

/** What a reporter works with. */
export interface ShardReporterParts {
	/** Where the last report that arrived is noted, durably. */
	readonly memory: { get(): string | null; set(note: string): void }
	/** The catalog's object; null where none is bound. */
	readonly connect: () => FleetRegisterRpc | null
	/** Called in the background with the answer to each report that arrived. */
	readonly released: (released: ReleasedVersion | null) => Promise<void>
	/** Keeps the object alive for work that nobody awaits. */
	readonly background: (work: Promise<unknown>) => void
	/** Waits so many milliseconds. */
	readonly pause: (milliseconds: number) => Promise<void>
	/** Milliseconds since the epoch. */
	readonly now: () => number
	readonly logger: () => Logger
}

/** Milliseconds. */
const DAY = 86_400_000

/**
 * Milliseconds before news is sent. A shard that a roll-out wakes has news when it starts and again when it has migrated, and the
 * answer to the roll-out tells both.
 */
const SETTLING = 250

/** Milliseconds before a report that was lost is repeated; doubled each time, up to an hour. */
const FIRST_RETRY = 10_000
const LAST_RETRY = 3_600_000

/** What is noted of a report that arrived. */
interface Note {
	readonly said: string
	readonly at: number
}

/**
 * Reports in the background. Nothing here throws or delays a request, and {@link touch} compares two numbers unless there is
 * something to say.
 */
export class ShardReporter {
	readonly #parts: ShardReporterParts
	#report: ShardReport | null = null
	/** Milliseconds since the epoch: before this moment there is nothing to say unless something changes. */
	#quietUntil = Number.POSITIVE_INFINITY
	#failures = 0
	#sending = false
	/** Calls under way whose answers carry a report. */
	#answering = 0

	constructor(parts: ShardReporterParts) {
		this.#parts = parts
	}

	/** Takes what the shard has to say from now on. To be called at each start, and whenever migrations ran or failed. */
	changed(report: ShardReport): void {
		this.#report = report
		this.#quietUntil = 0
		this.#look()
	}

	/** Reports if a day has passed, or the last report was lost. To be called with every request. */
	touch(): void {
		if (this.#parts.now() >= this.#quietUntil) this.#look()
	}

	/**
	 * Runs what the register asked for itself: its answer carries what the shard has to say then, which need not be sent besides.
	 *
	 * @returns what came of it, and the report; null where there is none yet
	 */
	async answering<T>(call: () => Promise<T>): Promise<{ readonly value: T; readonly report: ShardReport | null }> {
		this.#answering++
		try {
			const value = await call()
			if (this.#report !== null) this.#safely(() => this.#note(this.#report))
			return { value, report: this.#report }
		} finally {
			this.#answering--
			this.touch()
		}
	}

	#look(): void {
		this.#safely(() => {
			if (this.#sending || this.#answering > 0 || !this.#hasNews()) return
			if (this.#parts.connect() === null) {
				this.#quietUntil = Number.POSITIVE_INFINITY
				return
			}
			this.#sending = true
			this.#parts.background(this.#send())
		})
	}

	/** Whether the register does not know, or has not heard for a day. */
	#hasNews(): boolean {
		if (this.#report === null) return false
		const note = this.#noted()
		// A clock that was put back must not silence a shard for long.
		const age = note === null ? DAY : Math.abs(this.#parts.now() - note.at)
		if (note?.said !== sayingOf(this.#report) || age >= DAY) return true
		this.#quietUntil = note.at + DAY
		return false
	}

	async #send(): Promise<void> {
		const { connect, released, pause, logger } = this.#parts
		let sent: ShardReport | null = null
		try {
			await pause(SETTLING)
			// Told meanwhile, in an answer.
			if (this.#answering > 0 || !this.#hasNews()) return
			const register = connect()
			const report = this.#report
			if (register === null || report === null) return
			const answer = unpackAnswer(await register.sqlakeFleetReport(report))
			this.#failures = 0
			this.#note(report)
			sent = report
			await released(answer.released)
		} catch (error) {
			if (sent === null) this.#later()
			const what = sent === null ? 'the register was not told' : 'the released version was not applied'
			logger().warn(`${what}: ${messageOf(error)}`, { 'sqlake.shard': this.#report?.shard ?? '' })
		} finally {
			this.#sending = false
			// What changed on the way.
			if (sent !== null && sent !== this.#report) this.#look()
		}
	}

	#later(): void {
		this.#quietUntil = this.#parts.now() + Math.min(FIRST_RETRY * 2 ** this.#failures++, LAST_RETRY)
	}

	#note(report: ShardReport | null): void {
		if (report === null) return
		const at = this.#parts.now()
		this.#parts.memory.set(JSON.stringify({ said: sayingOf(report), at } satisfies Note))
		this.#quietUntil = at + DAY
	}

	#noted(): Note | null {
		const text = this.#parts.memory.get()
		return text === null ? null : (JSON.parse(text) as Note)
	}

	/** The object's memory may be gone: deleteAll() takes it away under the living object. */
	#safely(run: () => void): void {
		try {
			run()
		} catch (error) {
			this.#later()
			this.#parts.logger().warn(`the register is not told: ${messageOf(error)}`)
		}
	}
}

/** What of a report is news: not the moment of an attempt that failed as the one before. */
function sayingOf({ binding, version, state, lastError }: ShardReport): string {
	const error = lastError === null ? null : [lastError.code, lastError.message, lastError.tag]
	return JSON.stringify([binding, version, state, error])
}
