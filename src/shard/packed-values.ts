/**
 * More values than Durable Object SQLite binds: what JSON holds exactly goes along in one JSON array.
 *
 * @module
 */
import type { WireValue } from '../driver/transport.ts'
import { SQLakeError } from '../errors.ts'

/** Values that one statement binds (https://developers.cloudflare.com/durable-objects/platform/limits/). */
export const MAX_BOUND_VALUES = 100

/** A statement's values, of which some are packed. */
export interface PackedValues {
	/** The values to bind, the array first. */
	readonly params: readonly WireValue[]
	/** The expression that stands for each value, by its index; none for a value that the statement leaves aside. */
	readonly expressions: ReadonlyMap<number, string>
}

/**
 * Packs values beyond {@link MAX_BOUND_VALUES} into a JSON array that is bound as `?1`; `(?1->>5)` is its sixth. That expression
 * has, as a parameter has, no affinity and no collation, and gives the value in its storage class: text, NULL, a number as REAL.
 * What JSON might not hold to the last bit is bound as it is: bytes, text with NUL or half a surrogate pair, and numbers whose
 * decimals SQLite need not read exactly.
 *
 * @param used - indexes of the values that the statement has a parameter for: SQLite wants a parameter for each value
 * @throws `STATEMENT_LIMIT` for too many of those
 */
export function packValues(values: readonly WireValue[], used: ReadonlySet<number>): PackedValues {
	const texts = values.map(jsonText)
	const exact = texts.filter((text, index) => text === null && used.has(index)).length
	if (exact >= MAX_BOUND_VALUES) {
		throw new SQLakeError(
			'STATEMENT_LIMIT',
			`the statement binds ${values.length} values: expected at most ${MAX_BOUND_VALUES - 1} of bytes, of text with NUL or of numbers of more than 15 digits, found ${exact}`,
			{ hint: 'split the statement', details: { found: exact, limit: MAX_BOUND_VALUES - 1 } },
		)
	}
	let room = MAX_BOUND_VALUES - 1 - exact
	const packed: string[] = []
	const plain: WireValue[] = []
	const expressions = new Map<number, string>()
	for (const index of used) {
		const [value = null, text = null] = [values[index], texts[index]]
		// The first ones are bound as ever, as many as there is room for.
		const isBound = text === null || room-- > 0
		expressions.set(index, isBound ? `?${plain.push(value) + 1}` : `(?1->>${packed.push(text) - 1})`)
	}
	// Numbers up to that of the last parameter count as parameters, used or not: an array that is empty is bound all the same.
	return { params: [`[${packed.join()}]`, ...plain], expressions }
}

/** The value as JSON, or null where that might be another. A bigint goes as text, which its reader casts. */
function jsonText(value: WireValue): string | null {
	switch (typeof value) {
		case 'string':
			return value.includes('\0') || !value.isWellFormed() ? null : JSON.stringify(value)
		case 'bigint':
			return `"${value}"`
		case 'number':
			return isExactDecimal(value) ? value.toExponential() : Number.isNaN(value) ? 'null' : null
		default:
			return value === null ? 'null' : null
	}
}

/** Up to 15 digits times a power of ten that a double holds are read exactly by every version of SQLite. */
function isExactDecimal(value: number): boolean {
	if (!Number.isFinite(value) || Object.is(value, -0)) return false
	const [mantissa = '', exponent = ''] = value.toExponential().split('e')
	const digits = mantissa.replace(/[-.]/g, '').length
	return digits <= 15 && Math.abs(Number(exponent) - digits + 1) <= 22
}
