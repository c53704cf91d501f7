/** What one benchmark found: the medians of its runs, without the first, which warms up. */
export interface BenchResult {
	readonly name: string
	readonly ours: number
	readonly baseline: number
	/** `ours / baseline`. */
	readonly ratio: number
	readonly unit: string
}

/** The figures of one benchmark, run by run, ours and the baseline in turn. */
export interface BenchRuns {
	readonly ours: readonly number[]
	readonly baseline: readonly number[]
	readonly unit: string
	/** Figures worth knowing that are no result of their own, such as the stages of ours. */
	readonly details?: Readonly<Record<string, number>>
}

/** The median of the runs: one that was disturbed does not show. */
export function summarize(name: string, { ours, baseline, unit }: BenchRuns): BenchResult {
	const result = { ours: median(ours.slice(1)), baseline: median(baseline.slice(1)) }
	return { name, ...result, ratio: result.ours / result.baseline, unit }
}

export function median(values: readonly number[]): number {
	const sorted = [...values].sort((a, b) => a - b)
	const middle = sorted.length >> 1
	const upper = sorted[middle] ?? Number.NaN
	return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}
