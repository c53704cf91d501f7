/**
 * Columns on their way to Parquet: one slot a row, in the physical form that Parquet's PLAIN encoding has, so that encoding is
 * copying.
 *
 * @module
 */

/** Which rows have a value: 1 or 0 a row; null where all have. */
export type Presence = Uint8Array | null

/** A column of the lake before it is encoded. The slot of a NULL is zero. */
export type LakeColumn =
	/** long, timestamptz: two words a row, low then high, little-endian as Parquet has them. */
	| { readonly kind: 'int64'; readonly present: Presence; readonly words: Int32Array }
	| { readonly kind: 'double'; readonly present: Presence; readonly values: Float64Array }
	/** 0 or 1 a row. */
	| { readonly kind: 'boolean'; readonly present: Presence; readonly values: Uint8Array }
	/** Rows are those of `values` from `from` on: an array of values is not copied to be cut. */
	| { readonly kind: 'text'; readonly values: readonly (string | null)[]; readonly from: number; readonly length: number }
	| { readonly kind: 'bytes'; readonly values: readonly (Uint8Array | null)[]; readonly from: number; readonly length: number }
	/** A column of text that is the same in every row. */
	| { readonly kind: 'constant'; readonly value: string; readonly length: number }

/** Rows `[from, to)` of a column, sharing its memory where it can. */
export function sliceColumn(column: LakeColumn, from: number, to: number): LakeColumn {
	switch (column.kind) {
		case 'int64':
			return { ...column, present: slicePresence(column.present, from, to), words: column.words.subarray(from * 2, to * 2) }
		case 'double':
			return { ...column, present: slicePresence(column.present, from, to), values: column.values.subarray(from, to) }
		case 'boolean':
			return { ...column, present: slicePresence(column.present, from, to), values: column.values.subarray(from, to) }
		case 'text':
		case 'bytes':
			return { ...column, from: column.from + from, length: to - from }
		case 'constant':
			return { ...column, length: to - from }
	}
}

function slicePresence(present: Presence, from: number, to: number): Presence {
	if (present === null) return null
	const slice = present.subarray(from, to)
	return slice.includes(0) ? slice : null
}

/** A column of texts. */
export function textColumn(values: readonly (string | null)[]): LakeColumn {
	return { kind: 'text', values, from: 0, length: values.length }
}

/** Builds an `int64` column, row by row. */
export class Int64Column {
	readonly #words: Int32Array
	#present: Uint8Array | null = null

	constructor(length: number) {
		this.#words = new Int32Array(length * 2)
	}

	/** @param value A safe integer. */
	setNumber(row: number, value: number): void {
		const high = Math.floor(value / 0x1_0000_0000)
		this.#words[row * 2] = value - high * 0x1_0000_0000
		this.#words[row * 2 + 1] = high
	}

	/** @param value Within 64 bits. */
	setBigInt(row: number, value: bigint): void {
		this.#words[row * 2] = Number(BigInt.asIntN(32, value))
		this.#words[row * 2 + 1] = Number(value >> 32n)
	}

	setNull(row: number): void {
		this.#present ??= new Uint8Array(this.#words.length / 2).fill(1)
		this.#present[row] = 0
	}

	finish(): LakeColumn {
		return { kind: 'int64', present: this.#present, words: this.#words }
	}
}
