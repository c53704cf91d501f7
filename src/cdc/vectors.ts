/**
 * From values as JavaScript sees them to vectors that keep SQLite's storage classes.
 *
 * A read gives REAL and INTEGER both as a number, INTEGER beyond 2^53 rounded, and text that is not UTF-8 with U+FFFD in it.
 * Affinity settles nearly all of it without another look: a column of INTEGER or NUMERIC affinity holds no REAL that is a safe
 * integer, one of REAL affinity holds no INTEGER. What is left open is read again, exactly, and only for the columns concerned.
 *
 * @module
 */

import { type SqlValue, TextBytes } from '../schema/sql-value.ts'
import type { Affinity } from '../schema/table-schema.ts'
import type { ColumnVector } from './change-batch.ts'

/** Reads values of one column again, exactly; keys are indexes into the column. */
export interface ExactReader {
	/** All INTEGER values. */
	integers(): ReadonlyMap<number, bigint>
	/** The bytes of all TEXT values. */
	texts(): ReadonlyMap<number, Uint8Array>
}

/** Kind of the vector of a column that holds nothing but NULL. */
const emptyKind = { INTEGER: 'integer', NUMERIC: 'real', REAL: 'real', TEXT: 'text', BLOB: 'blob' } as const

/** A vector of NULLs. */
export function nullVector(affinity: Affinity, length: number): ColumnVector {
	return { kind: emptyKind[affinity], values: new Array<null>(length).fill(null) }
}

/**
 * The vector of a column.
 *
 * @param values - as read; the vector takes them over
 * @param affinity - the column's, as the table had it when the values were written
 */
export function toVector(values: SqlStorageValue[], affinity: Affinity, exact: ExactReader): ColumnVector {
	let integers = 0
	let reals = 0
	let texts = 0
	let blobs = 0
	let open = 0
	let suspects = 0
	const byAffinity = affinity === 'INTEGER' || affinity === 'NUMERIC'
	for (const value of values) {
		if (value === null) continue
		if (typeof value === 'number') {
			if (affinity === 'REAL' || !Number.isInteger(value)) reals++
			else if (byAffinity && Number.isSafeInteger(value)) integers++
			else open++
		} else if (typeof value === 'string') {
			texts++
			if (value.includes('\uFFFD')) suspects++
		} else blobs++
	}
	const total = integers + reals + texts + blobs + open
	if (total === 0) return { kind: emptyKind[affinity], values: values as null[] }
	const invalid = suspects > 0 ? invalidTexts(values, exact) : null
	if (open === 0 && invalid === null) {
		if (integers === total) return { kind: 'integer', values: values as (number | null)[] }
		if (reals === total) return { kind: 'real', values: values as (number | null)[] }
		if (texts === total) return { kind: 'text', values: values as (string | null)[] }
	}
	if (blobs === total) {
		return { kind: 'blob', values: values.map((value) => (value instanceof ArrayBuffer ? new Uint8Array(value) : null)) }
	}
	return mixedVector(values, { affinity, exact: open > 0 ? exact.integers() : null, invalid })
}

/** Several vectors of one column, one behind the other. */
export function concatVectors(vectors: readonly ColumnVector[]): ColumnVector {
	const [only] = vectors
	if (only !== undefined && vectors.length === 1) return only
	const holding = vectors.filter(({ values }) => values.some((value) => value !== null))
	const kind = holding[0]?.kind ?? only?.kind ?? 'text'
	if (holding.every((vector) => vector.kind === kind)) {
		// Vectors of NULLs go with any kind.
		return { kind, values: vectors.flatMap(({ values }) => values as unknown[]) } as ColumnVector
	}
	return { kind: 'mixed', values: vectors.flatMap(storedValues) }
}

/** The values of a vector with their storage classes. */
export function storedValues(vector: ColumnVector): readonly SqlValue[] {
	return vector.kind === 'integer' ? vector.values.map((value) => (value === null ? null : BigInt(value))) : vector.values
}

interface Resolved {
	readonly affinity: Affinity
	/** The INTEGER values where numbers were open; null where affinity told them all. */
	readonly exact: ReadonlyMap<number, bigint> | null
	readonly invalid: ReadonlyMap<number, TextBytes> | null
}

function mixedVector(values: readonly SqlStorageValue[], { affinity, exact, invalid }: Resolved): ColumnVector {
	const byAffinity = affinity === 'INTEGER' || affinity === 'NUMERIC'
	const mixed = values.map((value, index): SqlValue => {
		if (typeof value === 'number') {
			if (exact !== null) return exact.get(index) ?? value
			return byAffinity && Number.isInteger(value) ? BigInt(value) : value
		}
		if (typeof value === 'string') return invalid?.get(index) ?? value
		return value === null ? null : new Uint8Array(value)
	})
	// Numbers that were open may turn out to be of one class.
	if (mixed.every((value) => value === null || typeof value === 'number')) return { kind: 'real', values: mixed }
	if (mixed.every((value) => value === null || (typeof value === 'bigint' && isSafe(value)))) {
		return { kind: 'integer', values: mixed.map((value) => (value === null ? null : Number(value))) }
	}
	return { kind: 'mixed', values: mixed }
}

function isSafe(value: bigint): boolean {
	return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
}

/** The texts that are not UTF-8, or null where every U+FFFD is one that was written. */
function invalidTexts(values: readonly SqlStorageValue[], exact: ExactReader): Map<number, TextBytes> | null {
	const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
	const bytes = exact.texts()
	const invalid = new Map<number, TextBytes>()
	for (const [index, value] of values.entries()) {
		if (typeof value !== 'string' || !value.includes('\uFFFD')) continue
		const stored = bytes.get(index)
		if (stored === undefined) continue
		try {
			decoder.decode(stored)
		} catch {
			// Not UTF-8: this is what the decoder was asked to tell.
			invalid.set(index, new TextBytes(stored))
		}
	}
	return invalid.size === 0 ? null : invalid
}
