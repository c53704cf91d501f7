import type { Attributes, Span, Tracer } from './observability.ts'

/**
 * Runs asynchronous work in a span, which ends when the work does; what the work throws is recorded in the span and thrown on.
 *
 * @param fn - gets the span, to add attributes that are known only later
 * @example
 * ```ts
 * const files = await withSpan(tracer, 'sqlake.flush.encode', { 'sqlake.shard': shard }, async (span) => {
 *   const written = await encode(batch)
 *   span.setAttributes({ 'sqlake.to_seq': batch.toSeq })
 *   return written
 * })
 * ```
 */
export async function withSpan<T>(
	tracer: Tracer,
	name: string,
	attributes: Attributes,
	fn: (span: Span) => PromiseLike<T>,
): Promise<T> {
	const span = tracer.startSpan(name, attributes)
	try {
		return await fn(span)
	} catch (error) {
		span.recordError(error)
		throw error
	} finally {
		span.end()
	}
}

/** Runs work in a span as {@link withSpan} does, without awaiting: within a synchronous transaction nothing may be. */
export function withSpanSync<T>(tracer: Tracer, name: string, attributes: Attributes, fn: (span: Span) => T): T {
	const span = tracer.startSpan(name, attributes)
	try {
		return fn(span)
	} catch (error) {
		span.recordError(error)
		throw error
	} finally {
		span.end()
	}
}
