/** Significant digits with which SQLite turns a REAL into text (`%!.15g`). */
const DIGITS = 15

/**
 * A REAL as SQLite turns it into text (`CAST(x AS TEXT)`): 15 significant digits, always with a decimal point, an exponent of
 * at least two digits below 1e-4 and from 1e+15 on. Negative zero prints as `0.0`, for it equals zero.
 */
export function printReal(value: number): string {
	if (value === 0) return '0.0'
	if (!Number.isFinite(value)) return value > 0 ? 'Inf' : '-Inf'
	const [mantissa = '', exponentText = '0'] = value.toExponential(DIGITS - 1).split('e')
	const exponent = Number(exponentText)
	if (exponent < -4 || exponent >= DIGITS) {
		const sign = exponent < 0 ? '-' : '+'
		return `${withPoint(mantissa)}e${sign}${Math.abs(exponent).toString().padStart(2, '0')}`
	}
	return withPoint(value.toFixed(Math.max(0, DIGITS - 1 - exponent)))
}

/** Drops trailing zeros, but keeps one digit after the point. */
function withPoint(digits: string): string {
	if (!digits.includes('.')) return `${digits}.0`
	return digits.replace(/0+$/, '').replace(/\.$/, '.0')
}
