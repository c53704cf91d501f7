import type { Attributes, Span, Tracer } from './observability.ts'

/** A span as an {@link InMemoryTracer} keeps it. */
export interface RecordedSpan {
	readonly name: string
	readonly attributes: Attributes
	readonly errors: readonly unknown[]
	/** Milliseconds since the epoch. */
	readonly startedAt: number
	/** Milliseconds since the epoch; null while the span is open. */
	readonly endedAt: number | null
}

/**
 * Keeps spans in memory, in the order in which they began, to be read in tests and in small tools.
 *
 * @example
 * ```ts
 * const tracer = new InMemoryTracer()
 * await withSpan(tracer, 'sqlake.flush', { 'sqlake.shard': 'user-123' }, async () => {})
 * tracer.spans // [{ name: 'sqlake.flush', attributes: { 'sqlake.shard': 'user-123' }, errors: [], ... }]
 * ```
 */
export class InMemoryTracer implements Tracer {
	readonly #spans: MutableSpan[] = []
	readonly #now: () => number

	/** @param now - the time in milliseconds since the epoch */
	constructor(now: () => number = Date.now) {
		this.#now = now
	}

	startSpan(name: string, attributes: Attributes = {}): Span {
		const span = new MutableSpan(name, attributes, this.#now)
		this.#spans.push(span)
		return span
	}

	/** All spans so far, open ones too. */
	get spans(): readonly RecordedSpan[] {
		return this.#spans
	}

	/** Forgets all spans. */
	reset(): void {
		this.#spans.length = 0
	}
}

class MutableSpan implements Span, RecordedSpan {
	readonly name: string
	readonly startedAt: number
	readonly errors: unknown[] = []
	attributes: Attributes
	endedAt: number | null = null
	readonly #now: () => number

	constructor(name: string, attributes: Attributes, now: () => number) {
		this.name = name
		this.attributes = attributes
		this.startedAt = now()
		this.#now = now
	}

	setAttributes(attributes: Attributes): void {
		this.attributes = { ...this.attributes, ...attributes }
	}

	recordError(error: unknown): void {
		this.errors.push(error)
	}

	end(): void {
		this.endedAt ??= this.#now()
	}
}
