import type { IcebergField, IcebergValue } from './types.ts'

/** A value as JavaScript has it. */
export type PlainValue = string | number | bigint | boolean | Date | Uint8Array

/**
 * The value in the type of a column: a Date or a number is a moment in milliseconds for a timestamp.
 *
 * @returns undefined for a value of another kind
 */
export function typedValue(value: PlainValue, { type }: Pick<IcebergField, 'type'>): Exclude<IcebergValue, null> | undefined {
	if (type === 'timestamptz' || type === 'timestamp') {
		const ms = value instanceof Date ? value.getTime() : value
		return typeof ms === 'number' && Number.isInteger(ms) ? BigInt(ms) * 1_000n : undefined
	}
	if (value instanceof Date) return undefined
	if (type === 'long') {
		if (typeof value === 'bigint') return value
		return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : undefined
	}
	const kinds: Readonly<Record<string, string>> = {
		string: 'string',
		double: 'number',
		int: 'number',
		boolean: 'boolean',
		binary: 'object',
	}
	return typeof value === kinds[type] ? value : undefined
}
