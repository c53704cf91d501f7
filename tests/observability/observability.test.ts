import { describe, expect, it } from 'vitest'
import {
	attributeDescriptions,
	ConsoleLogger,
	createObservability,
	InMemoryMetrics,
	InMemoryTracer,
	metricDescriptions,
	spanDescriptions,
	withSpan,
	withSpanSync,
} from '../../src/observability/index.ts'

describe('createObservability', () => {
	it('reports nowhere by default, without failing', async () => {
		const { logger, metrics, tracer } = createObservability()
		logger.debug('a')
		logger.info('a')
		logger.warn('a')
		logger.error('a', { b: 1 })
		metrics.count('a', 1)
		metrics.gauge('a', 1)
		metrics.record('a', 1)
		expect(await withSpan(tracer, 'a', {}, async () => 7)).toBe(7)
	})

	it('uses what it is given', () => {
		const metrics = new InMemoryMetrics()
		expect(createObservability({ metrics }).metrics).toBe(metrics)
	})
})

describe('ConsoleLogger', () => {
	function logged(level?: 'debug' | 'info' | 'warn' | 'error'): { logger: ConsoleLogger; lines: [string, string][] } {
		const lines: [string, string][] = []
		const sink = (name: string) => (line: string) => void lines.push([name, line])
		const console = { debug: sink('debug'), info: sink('info'), warn: sink('warn'), error: sink('error') }
		return { logger: new ConsoleLogger({ ...(level === undefined ? {} : { level }), console, now: () => 0 }), lines }
	}

	it('writes one line of JSON for each message, to the console method of its level', () => {
		const { logger, lines } = logged('debug')
		logger.warn('flush\nfailed', { 'sqlake.shard': 'a"b', retries: 3, final: false, nothing: undefined })
		expect(lines).toEqual([
			[
				'warn',
				'{"time":"1970-01-01T00:00:00.000Z","level":"warn","message":"flush\\nfailed","sqlake.shard":"a\\"b","retries":3,"final":false}',
			],
		])
	})

	it.each([
		[undefined, ['info', 'warn', 'error']],
		['debug', ['debug', 'info', 'warn', 'error']],
		['warn', ['warn', 'error']],
		['error', ['error']],
	] as const)('at level %s writes %j', (level, written) => {
		const { logger, lines } = logged(level)
		for (const name of ['debug', 'info', 'warn', 'error'] as const) logger[name]('m')
		expect(lines.map(([name]) => name)).toEqual(written)
	})

	it('lets no attribute replace level, message or time', () => {
		const { logger, lines } = logged()
		logger.info('m', { level: 'x', message: 'y', time: 'z' })
		expect(JSON.parse(lines[0]?.[1] ?? '')).toEqual({ time: '1970-01-01T00:00:00.000Z', level: 'info', message: 'm' })
	})
})

describe('InMemoryMetrics', () => {
	it('adds up counters, over all series that have the attributes asked for', () => {
		const metrics = new InMemoryMetrics()
		metrics.count('changes', 40, { table: 'users', op: 'c' })
		metrics.count('changes', 2, { op: 'c', table: 'orders' })
		metrics.count('changes', 1, { op: 'c', table: 'users' })
		expect(metrics.counter('changes')).toBe(43)
		expect(metrics.counter('changes', { table: 'users' })).toBe(41)
		expect(metrics.counter('changes', { table: 'plans' })).toBe(0)
		expect(metrics.counter('unknown')).toBe(0)
	})

	it('keeps the last value of a gauge', () => {
		const metrics = new InMemoryMetrics()
		expect(metrics.lastGauge('lag')).toBeUndefined()
		metrics.gauge('lag', 5, { shard: 'a' })
		metrics.gauge('lag', 7, { shard: 'b' })
		metrics.gauge('lag', 6, { shard: 'a' })
		expect(metrics.lastGauge('lag')).toBe(6)
		expect(metrics.lastGauge('lag', { shard: 'b' })).toBe(7)
	})

	it('sums histograms up as count, sum, least and greatest value', () => {
		const metrics = new InMemoryMetrics()
		expect(metrics.histogram('time')).toEqual({ count: 0, sum: 0, min: Number.NaN, max: Number.NaN })
		metrics.record('time', 3, { route: 'shard' })
		metrics.record('time', 1, { route: 'shard' })
		metrics.record('time', 9, { route: 'lake' })
		expect(metrics.histogram('time', { route: 'shard' })).toEqual({ count: 2, sum: 4, min: 1, max: 3 })
		expect(metrics.histogram('time')).toEqual({ count: 3, sum: 13, min: 1, max: 9 })
	})

	it('names what was measured, and forgets it when asked to', () => {
		const metrics = new InMemoryMetrics()
		metrics.record('b', 1)
		metrics.count('a', 1)
		metrics.gauge('c', 1)
		expect(metrics.names()).toEqual(['a', 'b', 'c'])
		metrics.reset()
		expect(metrics.names()).toEqual([])
	})
})

describe('withSpan', () => {
	it('ends the span after the work, with the attributes added on the way', async () => {
		let time = 100
		const tracer = new InMemoryTracer(() => time++)
		const result = await withSpan(tracer, 'sqlake.flush', { shard: 'a' }, async (span) => {
			expect(tracer.spans[0]?.endedAt).toBeNull()
			await Promise.resolve()
			span.setAttributes({ changes: 3 })
			return 'done'
		})
		expect(result).toBe('done')
		expect(tracer.spans).toMatchObject([
			{ name: 'sqlake.flush', attributes: { shard: 'a', changes: 3 }, errors: [], startedAt: 100, endedAt: 101 },
		])
	})

	it('records an error, ends the span and throws the error on, whether it came at once or later', async () => {
		const tracer = new InMemoryTracer()
		const error = new Error('down')
		await expect(withSpan(tracer, 'later', {}, () => Promise.reject(error))).rejects.toBe(error)
		await expect(
			withSpan(tracer, 'at once', {}, () => {
				throw error
			}),
		).rejects.toBe(error)
		expect(() =>
			withSpanSync(tracer, 'sync', {}, () => {
				throw error
			}),
		).toThrow(error)
		expect(tracer.spans.map((span) => [span.name, span.errors, span.endedAt === null])).toEqual([
			['later', [error], false],
			['at once', [error], false],
			['sync', [error], false],
		])
	})

	it('runs synchronous work without awaiting', () => {
		const tracer = new InMemoryTracer()
		expect(withSpanSync(tracer, 'a', {}, () => 5)).toBe(5)
		tracer.reset()
		expect(tracer.spans).toEqual([])
	})

	it('keeps the time at which a span ended first', () => {
		let time = 0
		const tracer = new InMemoryTracer(() => time++)
		const span = tracer.startSpan('a')
		span.end()
		span.end()
		expect(tracer.spans[0]).toMatchObject({ startedAt: 0, endedAt: 1 })
	})
})

describe('names', () => {
	it("are in OpenTelemetry's style, each with a description", () => {
		const described = [
			...Object.entries(metricDescriptions).map(([name, metric]) => [name, metric.description] as const),
			...Object.entries(spanDescriptions),
			...Object.entries(attributeDescriptions),
		]
		for (const [name, description] of described) {
			expect(name).toMatch(/^(?:sqlake|error)(?:\.[a-z]+(?:_[a-z]+)*)+$/)
			expect(description).not.toBe('')
		}
	})
})
