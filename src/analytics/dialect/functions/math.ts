/**
 * Functions of numbers.
 *
 * @module
 */
import { asAny, asInteger, asReal } from '../convert.ts'
import { constant, NULL } from '../literals.ts'
import { withArguments } from '../macros/let.ts'
import { anySql, BLOB_CLASS, NUMBER_CLASSES, TEXT_CLASS, type TypedSql, typed } from '../typed-sql.ts'
import { expectArguments, ofOne, type ScalarFunction } from './scalar-function.ts'

/** A function of doubles; what lies outside of its domain is NULL. */
const ofReal =
	(print: (x: string) => string, domain?: (x: string) => string): ScalarFunction =>
	(call) => {
		expectArguments(call, 1)
		const [e = NULL] = call.args
		if (e.kind === 'null') return NULL
		const x = mathOperand(e)
		return typed('real', domain === undefined ? print(x) : `(CASE WHEN ${domain(x)} THEN ${print(x)} END)`)
	}

const named = (name: string, domain?: (x: string) => string): ScalarFunction => ofReal((x) => `${name}(${x})`, domain)
const positive = (x: string) => `${x} > 0`
const withinOne = (x: string) => `${x} BETWEEN -1 AND 1`

/** Rounds to a whole number; an INTEGER stays as it is. */
const whole = (name: string): ScalarFunction =>
	ofOne((e) => {
		if (e.kind === 'blob') return NULL
		if (e.kind === 'integer') return { ...e, affinity: undefined, constant: undefined }
		if (e.kind === 'real') return typed('real', `${name}(${e.sql})`)
		return anySql(`_sl_any_${name}(_sl_math_number(${asAny(e)}))`, NUMBER_CLASSES)
	})

/** Macros that name their argument several times would multiply the macros in it. */
function once(sql: string, print: (x: string) => string): string {
	return sql.includes('_sl_') ? withArguments({ a: sql }, print('p.a')) : print(sql)
}

export const MATH_FUNCTIONS: Readonly<Record<string, ScalarFunction>> = {
	abs: ofOne((e) => {
		if (e.kind === 'integer') return typed('integer', `abs(${e.sql})`)
		if (e.kind === 'real') return typed('real', `abs(${e.sql})`)
		// A text counts as a REAL here, whatever it looks like, and so does a BLOB.
		if (e.kind === 'text' || e.kind === 'blob') return typed('real', `abs(${asReal(e)})`)
		return anySql(`_sl_any_abs(${asAny(e)})`, NUMBER_CLASSES)
	}),
	round: (call) => {
		expectArguments(call, 1, 2)
		const [e = NULL, digits] = call.args
		if (e.kind === 'null' || digits?.kind === 'null') return NULL
		if (e.kind === 'integer')
			return typed(
				'real',
				digits === undefined ? asReal(e) : `(CASE WHEN ${asInteger(digits)} IS NOT NULL THEN ${asReal(e)} END)`,
			)
		const known = digits?.constant?.value
		if (typeof known === 'bigint' && known > 0n && known <= 9n) {
			return typed(
				'real',
				once(asReal(e), (x) => `_sl_round_to(${x}, ${known}, ${10 ** Number(known)}e0)`),
			)
		}
		return typed(
			'real',
			once(asReal(e), (x) => `_sl_round(${x}, ${digits === undefined ? '0' : asInteger(digits)})`),
		)
	},
	sign: ofOne((e) => {
		if (e.kind === 'blob') return NULL
		return typed('integer', `CAST(sign(${mathOperand(e)}) AS BIGINT)`)
	}),
	ceil: whole('ceil'),
	ceiling: whole('ceil'),
	floor: whole('floor'),
	trunc: whole('trunc'),
	pi: (call) => {
		expectArguments(call, 0)
		return constant(Math.PI)
	},
	sqrt: named('sqrt', (x) => `${x} >= 0`),
	exp: named('exp'),
	ln: named('ln', positive),
	log10: named('log10', positive),
	log2: named('log2', positive),
	log: (call) => {
		expectArguments(call, 1, 2)
		if (call.args.some(({ kind }) => kind === 'null')) return NULL
		const [a = '', b] = call.args.map((arg) => mathOperand(arg))
		if (b === undefined) return typed('real', `(CASE WHEN ${a} > 0 THEN log10(${a}) END)`)
		return typed('real', `(CASE WHEN ${a} > 0 AND ${b} > 0 AND ${a} <> 1 THEN ln(${b}) / ln(${a}) END)`)
	},
	pow: power,
	power,
	mod: (call) => {
		expectArguments(call, 2)
		if (call.args.some(({ kind }) => kind === 'null')) return NULL
		const [x, y] = call.args.map((arg) => mathOperand(arg))
		return typed('real', `(CASE WHEN ${y} <> 0 THEN ${x} % ${y} END)`)
	},
	acos: named('acos', withinOne),
	asin: named('asin', withinOne),
	atan: named('atan'),
	atan2: (call) => {
		expectArguments(call, 2)
		if (call.args.some(({ kind }) => kind === 'null')) return NULL
		return typed('real', `atan2(${call.args.map((arg) => mathOperand(arg)).join(', ')})`)
	},
	acosh: named('acosh', (x) => `${x} >= 1`),
	asinh: named('asinh'),
	atanh: named('atanh', (x) => `${x} > -1 AND ${x} < 1`),
	cos: named('cos'),
	sin: named('sin'),
	tan: named('tan'),
	cosh: named('cosh'),
	sinh: named('sinh'),
	tanh: named('tanh'),
	degrees: named('degrees'),
	radians: named('radians'),
}

function power(call: Parameters<ScalarFunction>[0]): TypedSql {
	expectArguments(call, 2)
	if (call.args.some(({ kind }) => kind === 'null')) return NULL
	return typed('real', `pow(${call.args.map((arg) => mathOperand(arg)).join(', ')})`)
}

/** These functions take numbers, and texts that are numbers as a whole; the others are NULL to them. */
function mathOperand(e: TypedSql): string {
	if (e.kind === 'blob') return 'CAST(NULL AS DOUBLE)'
	return e.classes & (TEXT_CLASS | BLOB_CLASS) ? `_sl_math_real(${asAny(e)})` : asReal(e)
}
