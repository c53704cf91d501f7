/**
 * A REAL in a format of printf(): `%f`, `%e` and `%g` (etFLOAT, etEXP and etGENERIC in SQLite's printf.c).
 *
 * @module
 */
import { roundedDigits } from './real-text.ts'

/** A directive for a REAL. */
export interface RealFormat {
	readonly letter: 'f' | 'e' | 'E' | 'g' | 'G'
	readonly width?: number
	/** 6 unless given. */
	readonly precision?: number | undefined
	/** Written before a number that is not negative. */
	readonly prefix?: '+' | ' ' | '' | undefined
	readonly left?: boolean
	/** Zeros before the number up to the width. */
	readonly zero?: boolean
	readonly thousands?: boolean
	/** `#`: a point even without digits after it. */
	readonly alternate?: boolean
	/** `!`: more digits, and those that are zero left out. */
	readonly exact?: boolean
}

/** A REAL as text. @param value Not NaN. */
export function formatReal(value: number, format: RealFormat): string {
	const { letter, alternate = false, exact = false, zero = false } = format
	const prefix = format.prefix ?? ''
	if (!Number.isFinite(value) && !zero) return pad(value < 0 ? '-Inf' : `${prefix}Inf`, '', format)
	let precision = Math.min(format.precision ?? 6, 100_000)
	const isGeneral = letter === 'g' || letter === 'G'
	if (isGeneral && precision === 0) precision = 1
	const rounding = letter === 'f' ? -precision : isGeneral ? precision : precision + 1
	const { digits, point } = Number.isFinite(value)
		? roundedDigits(Math.abs(value), rounding, exact ? 20 : 16)
		: { digits: '9', point: 1_000 }
	const hidesSign = alternate && prefix === '' && letter === 'f' && point <= rounding
	const sign = value < 0 ? (hidesSign ? '' : '-') : prefix
	const exponent = point - 1
	let isExponential = letter === 'e' || letter === 'E'
	let trims = exact
	if (isGeneral) {
		precision -= 1
		trims = !alternate
		isExponential = exponent < -4 || exponent > precision
		if (!isExponential) precision -= exponent
	}
	const hasPoint = precision > 0 || alternate || exact
	const whole = isExponential ? 1 : Math.max(point, 0)
	const before = whole === 0 ? '0' : digits.slice(0, whole).padEnd(whole, '0')
	const grouped = format.thousands ? before.replace(/\B(?=(\d{3})+$)/g, ',') : before
	const leading = isExponential ? 0 : Math.min(Math.max(-point, 0), Math.max(precision, 0))
	const fraction = '0'.repeat(leading) + digits.slice(whole).slice(0, Math.max(precision - leading, 0))
	let text = grouped + (hasPoint ? `.${trims ? fraction.replace(/0+$/, '') : fraction.padEnd(Math.max(precision, 0), '0')}` : '')
	if (trims && text.endsWith('.')) text = exact ? `${text}0` : text.slice(0, -1)
	if (isExponential) {
		const power = String(Math.abs(exponent)).padStart(2, '0')
		text += `${letter === 'E' || letter === 'G' ? 'E' : 'e'}${exponent < 0 ? '-' : '+'}${power}`
	}
	return pad(text, sign, format)
}

function pad(text: string, sign: string, { width = 0, left = false, zero = false }: RealFormat): string {
	const missing = Math.max(0, width - text.length - sign.length)
	if (left) return sign + text + ' '.repeat(missing)
	return zero ? sign + '0'.repeat(missing) + text : ' '.repeat(missing) + sign + text
}
