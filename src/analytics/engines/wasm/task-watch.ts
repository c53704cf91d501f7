/**
 * Ends a task of DuckDB-WASM in its middle. DuckDB runs in the one thread that there is, and one task of it may take minutes: a
 * join whose rows all fail the WHERE gives nothing back before it is through.
 *
 * With profiling on, DuckDB asks for the time whenever an operator begins or ends a chunk of rows, and it looks at the
 * connection's flag of interruption as often. So the clock that it is given here looks at the deadline, and sets that flag.
 *
 * @module
 */
import type { QueryDeadline } from '../query-deadline.ts'

/**
 * Looks at the clock that a task may take for each millisecond its query has left, where time stands still during a task, as in a
 * Worker: a look takes from 30 microseconds, for little work on a chunk, to some milliseconds.
 */
const LOOKS_A_MS = 20

/** What watches the tasks of one instance. */
export class TaskWatch {
	#watched: { readonly deadline: QueryDeadline; readonly interrupt: () => void } | undefined
	#looks = 0
	#mostLooks = 0
	#startedAt = 0
	#ended = false

	/** The imports of the module, with a clock that watches. */
	watch(imports: WebAssembly.Imports): WebAssembly.Imports {
		const { env = {} } = imports
		const clock = env.emscripten_get_now
		if (typeof clock !== 'function') return imports
		return {
			...imports,
			env: {
				...env,
				emscripten_get_now: () => {
					this.#look()
					return clock()
				},
			},
		}
	}

	/**
	 * Runs one task.
	 *
	 * @param interrupt - sets the flag of the connection that the task is of
	 * @throws what the task throws; `ANALYTICS_TIMEOUT` where it was ended
	 */
	during<T>(deadline: QueryDeadline, interrupt: () => void, task: () => T): T {
		this.#looks = 0
		this.#ended = false
		this.#startedAt = Date.now()
		this.#mostLooks = LOOKS_A_MS * deadline.remainingMs
		this.#watched = { deadline, interrupt }
		try {
			return task()
		} catch (error) {
			throw this.#ended ? deadline.timedOut() : error
		} finally {
			this.#watched = undefined
		}
	}

	#look(): void {
		if (this.#watched === undefined || this.#ended) return
		this.#looks++
		const now = Date.now()
		const { deadline, interrupt } = this.#watched
		if (now < deadline.expiresAt && (now > this.#startedAt || this.#looks <= this.#mostLooks)) return
		this.#ended = true
		interrupt()
	}
}
