import type { BenchResult } from './result.ts'

/** What a benchmark should reach. */
interface Aim {
	readonly text: string
	met(result: Pick<BenchResult, 'ours' | 'ratio'>): boolean
}

/** The aims, by name of the benchmark. One that is missed is reported as missed. */
export const aims: Readonly<Record<string, Aim>> = {
	'capture-insert': { text: '<= 2.0x', met: ({ ratio }) => ratio <= 2 },
	'capture-rows-written': { text: '<= 2.1 rows a change', met: ({ ours }) => ours <= 2.1 },
	'flush-100k': { text: '>= 100,000/s and >= 0.6x', met: ({ ours, ratio }) => ours >= 100_000 && ratio >= 0.6 },
	'point-read': { text: '<= 1.5x', met: ({ ratio }) => ratio <= 1.5 },
}
