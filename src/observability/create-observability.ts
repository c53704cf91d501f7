import type { Logger, Metrics, Observability, Span, Tracer } from './observability.ts'

function nothing(): void {}

const noSpan: Span = Object.freeze({ setAttributes: nothing, recordError: nothing, end: nothing })
const noLogger: Logger = Object.freeze({ debug: nothing, info: nothing, warn: nothing, error: nothing })
const noMetrics: Metrics = Object.freeze({ count: nothing, gauge: nothing, record: nothing })
const noTracer: Tracer = Object.freeze({ startSpan: () => noSpan })

/**
 * Puts together what sqlake reports to; what is left out reports nowhere.
 *
 * @example
 * ```ts
 * import { ConsoleLogger, createObservability, InMemoryMetrics } from 'sqlake'
 *
 * const observability = createObservability({ logger: new ConsoleLogger({ level: 'info' }), metrics: new InMemoryMetrics() })
 * ```
 */
export function createObservability(parts: Partial<Observability> = {}): Observability {
	return Object.freeze({
		logger: parts.logger ?? noLogger,
		metrics: parts.metrics ?? noMetrics,
		tracer: parts.tracer ?? noTracer,
	})
}
