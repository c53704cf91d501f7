/**
 * A REAL as SQLite writes it: `%!.17g` of its printf(), which shortens to fewer digits only where those end in zeros or nines
 * and still read back (sqlite3FpDecode in SQLite's util.c, since version 3.52).
 *
 * @module
 */

const WORD = 64n
const MASK_64 = (1n << WORD) - 1n
const MASK_32 = 0xffffffffn

/** Powers of ten are taken apart into one of 27 small ones and a multiple of 27. */
const STEP = 27
const FIRST_SCALE = -13

/** A power of ten, normalised: its first 64 bits, and the 32 after them. */
interface PowerOfTen {
	readonly high: bigint
	readonly low: bigint
}

/** The first 96 bits of 10 to the power of `p`, cut off. */
function exactPower(p: number): PowerOfTen {
	const bits = 400n + BigInt(Math.abs(p)) * 4n
	const value = p >= 0 ? (10n ** BigInt(p)) << bits : (1n << (2n * bits)) / 10n ** BigInt(-p)
	const top = value >> BigInt(value.toString(2).length - 96)
	return { high: top >> 32n, low: top & MASK_32 }
}

const BASES: readonly bigint[] = Array.from({ length: STEP }, (_, p) => exactPower(p).high)
const SCALES: readonly PowerOfTen[] = Array.from({ length: 26 }, (_, i) => exactPower((i + FIRST_SCALE) * STEP))

/** As SQLite composes it, whose last bits are not exact. */
function powerOfTen(p: number): PowerOfTen {
	if (p === -1) return { high: 0xccccccccccccccccn, low: 0xccccccccn }
	if (p >= 0 && p < STEP) return { high: BASES[p] ?? 0n, low: 0n }
	const group = Math.floor(p / STEP)
	const scale = SCALES[group - FIRST_SCALE] ?? { high: 0n, low: 0n }
	const rest = p - group * STEP
	if (rest === 0) return scale
	const base = BASES[rest] ?? 0n
	const product = scale.high * base + ((scale.low * base) >> 32n)
	let high = product >> WORD
	let low = (product >> 32n) & MASK_32
	if (high >> 63n === 0n) {
		high = ((high << 1n) & MASK_64) | (low >> 31n)
		low = ((low << 1n) | 1n) & MASK_32
	}
	return { high, low }
}

const tenToTwo = (p: number) => (p * 108_853) >> 15
const twoToTen = (p: number) => (p * 78_913) >> 18

/** A number of at least `count` digits, up to 18, and a power of ten, whose product is about `m` times two to the power of `e`. */
function toDecimal(m: bigint, e: number, count: number): { readonly digits: string; readonly exponent: number } {
	const p = count - 1 - twoToTen(e + 63)
	const high = (m * powerOfTen(p).high) >> WORD
	const shift = BigInt(-(e + tenToTwo(p) + 2))
	const shifted = high >> shift
	const decimal = count === 18 ? (shifted + ((shifted << 1n) & 2n)) >> 1n : high >> (shift + 1n)
	return { digits: String(decimal), exponent: -p }
}

const view = new DataView(new ArrayBuffer(8))

/**
 * The text of a REAL.
 *
 * @param value Not NaN, which is NULL.
 * @example
 * realText(1 / 3) // 0.33333333333333332
 */
export function realText(value: number): string {
	if (!Number.isFinite(value)) return value > 0 ? 'Inf' : '-Inf'
	if (value === 0) return '0.0'
	const { digits, point } = roundedDigits(Math.abs(value), 17, 20)
	const sign = value < 0 ? '-' : ''
	const exponent = point - 1
	if (exponent < -4 || exponent > 16) {
		const fraction = digits.length === 1 ? '0' : digits.slice(1)
		const power = String(Math.abs(exponent)).padStart(2, '0')
		return `${sign}${digits[0]}.${fraction}e${exponent < 0 ? '-' : '+'}${power}`
	}
	if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
	if (point >= digits.length) return `${sign}${digits}${'0'.repeat(point - digits.length)}.0`
	return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`
}

/** Digits without zeros at their end, and how many of them stand before the point; less than 0 where zeros follow it first. */
export interface RoundedDigits {
	readonly digits: string
	readonly point: number
}

/**
 * The significant digits of a number that is not negative.
 *
 * @param rounding Digits in all if positive, else how many after the point, negated.
 * @param most Digits in all, whatever `rounding` says.
 */
export function roundedDigits(value: number, rounding: number, most: number): RoundedDigits {
	if (value === 0) return { digits: '0', point: 1 }
	const { m, e } = normalised(value)
	const decimal = toDecimal(m, e, rounding <= 0 || rounding >= 18 ? 18 : rounding + 1)
	if (decimal.digits === '0') return { digits: '0', point: 1 }
	let { digits } = decimal
	let point = digits.length + decimal.exponent
	let precision = rounding
	if (precision <= 0) {
		precision = point - rounding
		if (precision === 0 && (digits[0] ?? '0') >= '5') {
			precision = 1
			digits = `0${digits}`
			point += 1
		}
	}
	if (precision > 0 && (precision < digits.length || digits.length > most)) {
		precision = Math.min(precision, most)
		if (precision === 17) precision = shortened(value, digits, point)
		const rounded = roundTo(digits, precision)
		digits = rounded.digits
		point += rounded.carry
	}
	const trimmed = digits.replace(/0+$/, '')
	return { digits: trimmed === '' ? '0' : trimmed, point }
}

/** A number as an integer of 64 bits, the first of which is set, and a power of two. */
function normalised(value: number): { readonly m: bigint; readonly e: number } {
	view.setFloat64(0, value)
	const bits = view.getBigUint64(0)
	const biased = Number(bits >> 52n)
	const fraction = bits & 0xfffffffffffffn
	if (biased !== 0) return { m: (fraction << 11n) | (1n << 63n), e: biased - 1_086 }
	const shift = 64 - fraction.toString(2).length
	return { m: fraction << BigInt(shift), e: -1_074 - shift }
}

/** How many of 17 digits are kept: fewer where fewer read back, as SQLite notices by zeros or nines at the end. */
function shortened(value: number, digits: string, point: number): number {
	const readsBack = (text: string, length: number) => Number(`${text}e${point - length}`) === value
	if (digits.startsWith('99', 14)) {
		const kept = digits.slice(0, 14).replace(/9+$/, '')
		const up = kept === '' ? '1' : String(BigInt(kept) + 1n)
		return readsBack(up, kept.length) ? kept.length + 1 : 17
	}
	if (point >= digits.length || digits.startsWith('000', 13)) {
		const kept = digits.slice(0, 13).replace(/0+$/, '')
		return kept !== '' && readsBack(kept, kept.length) ? kept.length + 1 : 17
	}
	return 17
}

function roundTo(digits: string, precision: number): { readonly digits: string; readonly carry: number } {
	if (digits.length <= precision) return { digits, carry: 0 }
	const kept = digits.slice(0, precision)
	if ((digits[precision] ?? '0') < '5') return { digits: kept, carry: 0 }
	const up = String(BigInt(kept) + 1n).padStart(precision, '0')
	return { digits: up, carry: up.length - kept.length }
}
