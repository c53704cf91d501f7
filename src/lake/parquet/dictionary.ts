/**
 * Dictionaries: each value of a column chunk once, and the rows as indices (Parquet format, "Encodings", RLE_DICTIONARY = 8).
 *
 * @module
 */

/** A chunk's values, and for each row that has one its index. */
export interface Dictionary<T> {
	readonly values: readonly T[]
	readonly indices: Int32Array
}

/** So many values, spread over the chunk, are looked at before a dictionary is tried. */
const SAMPLE = 500

/** A dictionary is not tried where more than this share of the sample is distinct, nor kept where half of all values are. */
const DISTINCT_SHARE = 0.9

/**
 * Builds a dictionary, if one is worth having.
 *
 * @param rows How many rows there are.
 * @param valueAt The value of a row, undefined for NULL. Values are told apart as keys of a Map.
 * @returns null if the values do not repeat enough.
 */
export function buildDictionary<T extends string | number>(
	rows: number,
	valueAt: (row: number) => T | undefined,
): Dictionary<T> | null {
	if (!isRepetitive(rows, valueAt)) return null
	const positions = new Map<T, number>()
	const values: T[] = []
	const indices = new Int32Array(rows)
	let count = 0
	for (let row = 0; row < rows; row++) {
		const value = valueAt(row)
		if (value === undefined) continue
		let index = positions.get(value)
		if (index === undefined) {
			index = values.push(value) - 1
			if (index > rows / 2) return null
			positions.set(value, index)
		}
		indices[count++] = index
	}
	return values.length * 2 > count ? null : { values, indices: indices.subarray(0, count) }
}

function isRepetitive<T>(rows: number, valueAt: (row: number) => T | undefined): boolean {
	const distinct = new Set<T>()
	let sampled = 0
	const step = Math.max(1, rows / SAMPLE)
	for (let row = 0; row < rows; row += step) {
		const value = valueAt(Math.floor(row))
		if (value === undefined) continue
		distinct.add(value)
		sampled++
	}
	return distinct.size < sampled * DISTINCT_SHARE
}
