/** Exponents below the first and from the second on are written with `e`, as SQLite 3.53 does; earlier ones did so from 15 on. */
const SMALLEST_EXPONENT = -4
const END_OF_FIXED = 17
const END_OF_FIXED_BEFORE = 15

/** Significant digits to which the coarsest version of SQLite rounds. */
const COMMON_DIGITS = 15

/** Digits enough to tell whether a short decimal is the double itself or only near it. */
const EXACT_DIGITS = 40

/**
 * A REAL as text: the shortest digits that read back as the same double, laid out as SQLite does (always a decimal point, an
 * exponent of at least two digits). Different doubles print differently, and the text does not change with SQLite's version:
 * up to 3.52 SQLite rounds to 15 digits, later to 17, and not always correctly. Negative zero prints as `0.0`, for it equals
 * zero.
 */
export function printReal(value: number): string {
	if (value === 0) return '0.0'
	if (!Number.isFinite(value)) return value > 0 ? 'Inf' : '-Inf'
	const { digits, exponent } = decimal(value)
	const sign = value < 0 ? '-' : ''
	if (exponent < SMALLEST_EXPONENT || exponent >= END_OF_FIXED) {
		const power = `${exponent < 0 ? '-' : '+'}${Math.abs(exponent).toString().padStart(2, '0')}`
		return `${sign}${digits[0]}.${digits.slice(1) || '0'}e${power}`
	}
	if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
	return `${sign}${digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')}.${digits.slice(exponent + 1) || '0'}`
}

/**
 * Tells whether every version of SQLite prints the value as {@link printReal} does: it is a decimal of at most 15 digits
 * exactly, so that there is nothing to round. (5.5 is, 0.1 is not.)
 */
export function printsAlikeEverywhere(value: number): boolean {
	if (value === 0) return true
	if (!Number.isFinite(value)) return false
	const { digits, exponent } = decimal(value)
	const exact = decimal(value, EXACT_DIGITS).digits.replace(/0+$/, '') === digits
	return exact && digits.length <= COMMON_DIGITS && exponent >= SMALLEST_EXPONENT && exponent < END_OF_FIXED_BEFORE
}

function decimal(value: number, fractionDigits?: number): { readonly digits: string; readonly exponent: number } {
	const [mantissa = '', exponent = '0'] = Math.abs(value).toExponential(fractionDigits).split('e')
	return { digits: mantissa.replace('.', ''), exponent: Number(exponent) }
}
