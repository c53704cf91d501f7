/**
 * A shard's own part in the register: it says where it stands when that has changed, and once a day that it is still there.
 *
 * @module
 */
import { messageOf } from '../errors.ts'
import type { Logger } from '../observability/observability.ts'
import { unpack } from './answer.ts'
import type { FleetRegisterRpc, ReleasedVersion, ShardReport } from './fleet.ts'

/** What a reporter works with. */
export interface ShardReporterParts {
	/** Where the last report that arrived is noted, durably. */
	readonly memory: { get(): string | null; set(note: string): void }
	/** What the shard has to say now. */
	readonly report: () => ShardReport
	/** The catalog's object; null where none is bound. */
	readonly connect: () => FleetRegisterRpc | null
	/** Called with the answer to each report that arrived. */
	readonly released: (released: ReleasedVersion | null) => void
	/** Keeps the object alive for work that nobody awaits. */
	readonly background: (work: Promise<unknown>) => void
	/** Milliseconds since the epoch. */
	readonly now: () => number
	readonly logger: Logger
}

/** Milliseconds. */
const DAY = 86_400_000

/** Milliseconds before a report that was lost is repeated; doubled each time, up to an hour. */
const FIRST_RETRY = 10_000
const LAST_RETRY = 3_600_000

/** What is noted of a report that arrived. */
interface Note {
	readonly said: string
	readonly at: number
}

/**
 * Reports in the background. Nothing here throws, delays a request, or is called often: {@link touch} compares two numbers unless
 * there is something to say.
 */
export class ShardReporter {
	readonly #parts: ShardReporterParts
	/** Milliseconds since the epoch: before this moment there is nothing to say unless something changes. */
	#quietUntil = 0
	#failures = 0
	#sending = false
	/** Something changed while a report was on its way. */
	#again = false

	constructor(parts: ShardReporterParts) {
		this.#parts = parts
	}

	/** Reports if a day has passed, or the last report was lost. To be called with every request. */
	touch(): void {
		if (this.#parts.now() >= this.#quietUntil) this.#look()
	}

	/** Reports if something has changed. To be called after a start, and whenever migrations ran or failed. */
	changed(): void {
		this.#quietUntil = 0
		this.#again = this.#sending
		this.#look()
	}

	/** Takes it that the register knows this report: it was given as an answer. */
	told(report: ShardReport): void {
		this.#note(sayingOf(report))
	}

	#look(): void {
		if (this.#sending) return
		const { report, background, now } = this.#parts
		const current = report()
		const said = sayingOf(current)
		const note = this.#noted()
		// A clock that was put back must not silence a shard for long.
		const age = note === null ? DAY : Math.abs(now() - note.at)
		if (note?.said === said && age < DAY) {
			this.#quietUntil = note.at + DAY
			return
		}
		this.#sending = true
		background(this.#send(current, said))
	}

	async #send(report: ShardReport, said: string): Promise<void> {
		const { connect, released, logger, now } = this.#parts
		try {
			const register = connect()
			if (register === null) {
				this.#quietUntil = Number.POSITIVE_INFINITY
				return
			}
			const answer = unpack(await register.sqlakeFleetReport(report))
			this.#failures = 0
			this.#note(said)
			released(answer.released)
		} catch (error) {
			this.#quietUntil = now() + Math.min(FIRST_RETRY * 2 ** this.#failures++, LAST_RETRY)
			logger.warn(`the register was not told: ${messageOf(error)}`, { 'sqlake.shard': report.shard })
		} finally {
			this.#sending = false
			if (this.#again) this.changed()
		}
	}

	#note(said: string): void {
		const at = this.#parts.now()
		this.#parts.memory.set(JSON.stringify({ said, at } satisfies Note))
		this.#quietUntil = at + DAY
	}

	#noted(): Note | null {
		const text = this.#parts.memory.get()
		return text === null ? null : (JSON.parse(text) as Note)
	}
}

/** What of a report is news: not the moment of an attempt that failed as the one before. */
function sayingOf({ binding, version, state, lastError }: ShardReport): string {
	const error = lastError === null ? null : [lastError.code, lastError.message, lastError.tag]
	return JSON.stringify([binding, version, state, error])
}
