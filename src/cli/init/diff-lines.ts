/** A line of a difference. */
export interface DiffLine {
	readonly kind: 'same' | 'added' | 'removed'
	readonly text: string
}

/** The shortest difference between two texts, line by line. Time and memory grow with the product of their lengths. */
export function diffLines(before: string, after: string): readonly DiffLine[] {
	const [a, b] = [before.split('\n'), after.split('\n')]
	const common = longestCommon(a, b)
	const lines: DiffLine[] = []
	let [i, j] = [0, 0]
	while (i < a.length || j < b.length) {
		const [old = '', now = ''] = [a[i], b[j]]
		if (i < a.length && j < b.length && old === now) {
			lines.push({ kind: 'same', text: old })
			i++
			j++
		} else if (j === b.length || (i < a.length && (common[i + 1]?.[j] ?? 0) >= (common[i]?.[j + 1] ?? 0))) {
			lines.push({ kind: 'removed', text: old })
			i++
		} else {
			lines.push({ kind: 'added', text: now })
			j++
		}
	}
	return lines
}

/** For each pair of positions, how many lines what follows them has in common. */
function longestCommon(a: readonly string[], b: readonly string[]): readonly (readonly number[])[] {
	const table = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0))
	for (let i = a.length - 1; i >= 0; i--) {
		const [row = [], next = []] = [table[i], table[i + 1]]
		for (let j = b.length - 1; j >= 0; j--) {
			row[j] = a[i] === b[j] ? (next[j + 1] ?? 0) + 1 : Math.max(next[j] ?? 0, row[j + 1] ?? 0)
		}
	}
	return table
}
