import type { Attributes, Logger } from './observability.ts'

const levels = ['debug', 'info', 'warn', 'error'] as const

/** How much a log line matters. */
export type LogLevel = (typeof levels)[number]

/** Options of a {@link ConsoleLogger}. */
export interface ConsoleLoggerOptions {
	/** The least level that is written. Default `'info'`. */
	readonly level?: LogLevel
	/** Where lines go. Default the global console, which Workers Logs and Node both read. */
	readonly console?: Pick<Console, LogLevel>
	/** The time of a line, in milliseconds since the epoch. Default `Date.now`. */
	readonly now?: () => number
}

/**
 * Writes each log line as one line of JSON: `time` (ISO 8601), `level`, `message`, then the attributes. Workers Logs index
 * the fields of such lines.
 *
 * @example
 * ```ts
 * new ConsoleLogger({ level: 'warn' }).warn('flush failed', { 'sqlake.shard': 'user-123' })
 * // {"time":"2026-01-01T00:00:00.000Z","level":"warn","message":"flush failed","sqlake.shard":"user-123"}
 * ```
 */
export class ConsoleLogger implements Logger {
	readonly #least: number
	readonly #console: Pick<Console, LogLevel>
	readonly #now: () => number

	constructor(options: ConsoleLoggerOptions = {}) {
		this.#least = levels.indexOf(options.level ?? 'info')
		this.#console = options.console ?? console
		this.#now = options.now ?? Date.now
	}

	debug(message: string, attributes?: Attributes): void {
		this.#write('debug', message, attributes)
	}

	info(message: string, attributes?: Attributes): void {
		this.#write('info', message, attributes)
	}

	warn(message: string, attributes?: Attributes): void {
		this.#write('warn', message, attributes)
	}

	error(message: string, attributes?: Attributes): void {
		this.#write('error', message, attributes)
	}

	#write(level: LogLevel, message: string, attributes: Attributes = {}): void {
		if (levels.indexOf(level) < this.#least) return
		const head = { time: new Date(this.#now()).toISOString(), level, message }
		// Twice: before the attributes for the order of the fields, after them because no attribute may replace one.
		this.#console[level](JSON.stringify({ ...head, ...attributes, ...head }))
	}
}
