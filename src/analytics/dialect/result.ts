/**
 * Results of rewritten queries, back in SQLite's storage classes.
 *
 * @module
 */
import type { EngineValue } from '../query-engine.ts'
import type { OutputColumn } from './context.ts'

/** An output of a rewritten query. */
export interface ResultColumn {
	readonly name: string
	readonly kind: OutputColumn['kind']
}

/** The value of an output as the engine gave it, in its storage class: a number is INTEGER or REAL, as the column says. */
export function resultValue({ kind }: ResultColumn, value: EngineValue): EngineValue {
	if (kind !== 'any' || typeof value !== 'string') return value
	const text = value.slice(1)
	switch (value[0]) {
		case 'i': {
			const integer = BigInt(text)
			return Number.isSafeInteger(Number(integer)) ? Number(integer) : integer
		}
		case 'r':
			return text === 'inf' ? Number.POSITIVE_INFINITY : text === '-inf' ? Number.NEGATIVE_INFINITY : Number(text)
		case 'b':
			return Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
		default:
			return text
	}
}

/** Rows of a rewritten query with their values in SQLite's storage classes. */
export function resultRows(
	columns: readonly ResultColumn[],
	rows: readonly (readonly EngineValue[])[],
): readonly (readonly EngineValue[])[] {
	if (columns.every(({ kind }) => kind !== 'any')) return rows
	return rows.map((row) => columns.map((column, i) => resultValue(column, row[i] ?? null)))
}

/** The storage class of a value as the engine gave it. */
export function storageClassOf({ kind }: ResultColumn, value: EngineValue): 'null' | 'integer' | 'real' | 'text' | 'blob' {
	if (value === null) return 'null'
	switch (kind) {
		case 'any':
			return typeof value === 'string'
				? (({ i: 'integer', r: 'real', b: 'blob' } as const)[value[0] as 'i' | 'r' | 'b'] ?? 'text')
				: 'null'
		case 'numeric':
			return Number.isInteger(value) && Math.abs(Number(value)) < 2 ** 63 ? 'integer' : 'real'
		case 'boolean':
			return 'integer'
		default:
			return kind
	}
}
