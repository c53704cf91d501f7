/**
 * The three small interfaces that the rest of sqlake reports to. They are handed in; nothing here is global.
 *
 * @module
 */

/** Attributes of a log line, a measurement or a span. Never holds a row's values or a secret. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>

/** Structured logs. */
export interface Logger {
	debug(message: string, attributes?: Attributes): void
	info(message: string, attributes?: Attributes): void
	warn(message: string, attributes?: Attributes): void
	error(message: string, attributes?: Attributes): void
}

/** Counters, gauges and histograms. Names follow OpenTelemetry: dotted, lower case, the unit in the name's documentation. */
export interface Metrics {
	count(name: string, value: number, attributes?: Attributes): void
	gauge(name: string, value: number, attributes?: Attributes): void
	record(name: string, value: number, attributes?: Attributes): void
}

/** One timed operation. */
export interface Span {
	setAttributes(attributes: Attributes): void
	recordError(error: unknown): void
	end(): void
}

/** Opens spans. */
export interface Tracer {
	startSpan(name: string, attributes?: Attributes): Span
}

/** What sqlake reports to. */
export interface Observability {
	readonly logger: Logger
	readonly metrics: Metrics
	readonly tracer: Tracer
}
