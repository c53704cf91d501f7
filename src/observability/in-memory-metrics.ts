import type { Attributes, Metrics } from './observability.ts'

/** What a histogram has seen. `min` and `max` are NaN while `count` is 0. */
export interface HistogramSummary {
	readonly count: number
	readonly sum: number
	readonly min: number
	readonly max: number
}

/** One metric under one set of attributes. */
interface Series<T> {
	readonly name: string
	readonly attributes: Attributes
	value: T
}

const emptyHistogram: HistogramSummary = { count: 0, sum: 0, min: Number.NaN, max: Number.NaN }

/**
 * Keeps measurements in memory, to be read in tests and in small tools. Each metric has one series for each set of attributes;
 * a reader names the attributes it cares for and sees all series that have them.
 *
 * @example
 * ```ts
 * const metrics = new InMemoryMetrics()
 * metrics.count('sqlake.flush.changes', 40, { 'sqlake.table': 'users' })
 * metrics.count('sqlake.flush.changes', 2, { 'sqlake.table': 'orders' })
 * metrics.counter('sqlake.flush.changes') // 42
 * metrics.counter('sqlake.flush.changes', { 'sqlake.table': 'users' }) // 40
 * ```
 */
export class InMemoryMetrics implements Metrics {
	readonly #counters = new Map<string, Series<number>>()
	readonly #gauges = new Map<string, Series<number>>()
	readonly #histograms = new Map<string, Series<HistogramSummary>>()

	count(name: string, value: number, attributes: Attributes = {}): void {
		const series = seriesOf(this.#counters, name, attributes, 0)
		series.value += value
	}

	gauge(name: string, value: number, attributes: Attributes = {}): void {
		const key = keyOf(name, attributes)
		// Taken out first, so that the map's order is the order of the last measurements.
		this.#gauges.delete(key)
		this.#gauges.set(key, { name, attributes, value })
	}

	record(name: string, value: number, attributes: Attributes = {}): void {
		const series = seriesOf(this.#histograms, name, attributes, emptyHistogram)
		series.value = merge(series.value, { count: 1, sum: value, min: value, max: value })
	}

	/** The sum of a counter over all series that have the given attributes; 0 where there is none. */
	counter(name: string, attributes?: Attributes): number {
		return matching(this.#counters, name, attributes).reduce((sum, series) => sum + series.value, 0)
	}

	/** The last value of a gauge over all series that have the given attributes; undefined where there is none. */
	lastGauge(name: string, attributes?: Attributes): number | undefined {
		return matching(this.#gauges, name, attributes).at(-1)?.value
	}

	/** What a histogram has seen over all series that have the given attributes. */
	histogram(name: string, attributes?: Attributes): HistogramSummary {
		return matching(this.#histograms, name, attributes).reduce((sum, series) => merge(sum, series.value), emptyHistogram)
	}

	/** The names of everything measured so far, sorted. */
	names(): readonly string[] {
		const all = [this.#counters, this.#gauges, this.#histograms].flatMap((map) => Array.from<Series<unknown>>(map.values()))
		return [...new Set(all.map((series) => series.name))].sort()
	}

	/** Forgets everything. */
	reset(): void {
		for (const map of [this.#counters, this.#gauges, this.#histograms]) map.clear()
	}
}

function keyOf(name: string, attributes: Attributes): string {
	const entries = Object.entries(attributes).filter(([, value]) => value !== undefined)
	return JSON.stringify([name, entries.sort(([a], [b]) => (a < b ? -1 : 1))])
}

function seriesOf<T>(map: Map<string, Series<T>>, name: string, attributes: Attributes, initial: T): Series<T> {
	const key = keyOf(name, attributes)
	const existing = map.get(key)
	if (existing !== undefined) return existing
	const created = { name, attributes, value: initial }
	map.set(key, created)
	return created
}

function matching<T>(map: ReadonlyMap<string, Series<T>>, name: string, attributes: Attributes = {}): readonly Series<T>[] {
	const wanted = Object.entries(attributes)
	return [...map.values()].filter(
		(series) => series.name === name && wanted.every(([key, value]) => series.attributes[key] === value),
	)
}

function merge(a: HistogramSummary, b: HistogramSummary): HistogramSummary {
	if (a.count === 0) return b
	if (b.count === 0) return a
	return { count: a.count + b.count, sum: a.sum + b.sum, min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) }
}
