/**
 * The one alarm of a Durable Object, shared by sqlake's flushes, by migrations that are tried again, and by the application.
 *
 * @module
 */
import type { ObjectMemory } from './object-memory.ts'

/** Milliseconds between now and an alarm that is due already: the platform may never fire one that lies in the past. */
const SOON = 5

/**
 * Keeps three moments, the next flush, the next attempt at a migration and the application's own, and sets the platform's alarm to
 * the earliest. The application's moment is stored here; the others follow from what is stored elsewhere.
 */
export class SharedAlarm {
	readonly #storage: DurableObjectStorage
	readonly #memory: ObjectMemory
	/** The flush that the alarm was set for; null while none is due. */
	#flushAt: number | null = null
	#retryAt: number | null = null

	constructor(storage: DurableObjectStorage, memory: ObjectMemory) {
		this.#storage = storage
		this.#memory = memory
	}

	/** Milliseconds: when the next flush was to run; null while none is due. */
	get flushAt(): number | null {
		return this.#flushAt
	}

	/** Milliseconds: the application's own moment; null without one. */
	get applicationAt(): number | null {
		const stored = this.#memory.get('alarm')
		return stored === null ? null : Number(stored)
	}

	/** Sets the moment of the next attempt at a migration; takes effect with the next flush that is set. */
	set retryAt(at: number | null) {
		this.#retryAt = at
	}

	/** Sets the moment of the next flush. */
	async setFlush(at: number | null, now: number): Promise<void> {
		this.#flushAt = at
		await this.#apply(now)
	}

	/** Makes sure of a flush at `at` or earlier; costs nothing where one is due already. */
	async ensureFlush(at: number, now: number): Promise<void> {
		if (this.#flushAt !== null && this.#flushAt <= at) return
		await this.setFlush(at, now)
	}

	/** Sets the application's own moment. */
	async setApplication(at: number | null, now: number): Promise<void> {
		this.#memory.set('alarm', at === null ? null : String(at))
		await this.#apply(now)
	}

	/** Whether the application's own moment has come. */
	isApplicationDue(now: number): boolean {
		const at = this.applicationAt
		return at !== null && at <= now
	}

	/** True once when the application's own moment has come; the moment is then forgotten. */
	takeApplication(now: number): boolean {
		if (!this.isApplicationDue(now)) return false
		this.#memory.set('alarm', null)
		return true
	}

	/** An application's moment in the past was already offered, and is not set again: it would fire without end. */
	async #apply(now: number): Promise<void> {
		const application = this.applicationAt
		const retry = this.#retryAt === null ? null : Math.max(this.#retryAt, now + SOON)
		const moments = [this.#flushAt, retry, application !== null && application > now ? application : null]
		const at = moments.reduce((a, b) => (a === null ? b : b === null ? a : Math.min(a, b)), null)
		const set = await this.#storage.getAlarm()
		if (at === set) return
		if (at === null) await this.#storage.deleteAlarm()
		else await this.#storage.setAlarm(at)
	}
}
