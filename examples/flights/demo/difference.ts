/** One row that two answers do not share. */
export interface Difference {
	readonly row: number
	readonly expected: unknown
	readonly found: unknown
}

/** The first rows in which two answers differ, compared value by value, in order. Empty when the answers are equal. */
export function differences(expected: readonly unknown[], found: readonly unknown[], limit = 3): Difference[] {
	const result: Difference[] = []
	for (let row = 0; row < Math.max(expected.length, found.length) && result.length < limit; row++) {
		if (canonical(expected[row]) !== canonical(found[row])) result.push({ row, expected: expected[row], found: found[row] })
	}
	return result
}

/** JSON with the keys in order, so that rows are equal whatever the order of their columns. */
function canonical(row: unknown): string {
	return JSON.stringify(row ?? null, (_, value: unknown) =>
		typeof value === 'object' && value !== null && !Array.isArray(value)
			? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
			: value,
	)
}
