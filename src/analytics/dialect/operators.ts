/**
 * Arithmetic, bitwise operators and concatenation.
 *
 * @module
 */
import { isInt64 } from '../../schema/int64.ts'
import { asBits, asNumber, asReal, asText, settled } from './convert.ts'
import { constant, NULL } from './literals.ts'
import { anySql, NUMBER_CLASSES, type TypedSql, typed } from './typed-sql.ts'

export type ArithmeticOperator = 'Add' | 'Subtract' | 'Multiply' | 'Divide' | 'Modulus'

const SYMBOLS = { Add: '+', Subtract: '-', Multiply: '*', Divide: '/', Modulus: '%' } as const
const ANY_MACROS = {
	Add: '_sl_any_add',
	Subtract: '_sl_any_subtract',
	Multiply: '_sl_any_multiply',
	Divide: '_sl_any_divide',
} as const

/** `l op r`: INTEGER of two INTEGERs, else REAL; NULL for a division by zero. */
export function arithmetic(op: ArithmeticOperator, left: TypedSql, right: TypedSql): TypedSql {
	const l = asNumber(left)
	const r = asNumber(right)
	if (l.kind === 'null' || r.kind === 'null') return NULL
	const known = fold(op, l, r)
	if (known !== undefined) return known
	if (l.kind === 'integer' && r.kind === 'integer') {
		return typed('integer', `(${l.sql} ${op === 'Divide' ? '//' : SYMBOLS[op]} ${r.sql})`)
	}
	if (op === 'Modulus') return remainder(left, right, l, r)
	if (l.kind === 'any' ? r.kind !== 'real' : r.kind === 'any' && l.kind !== 'real') {
		return anySql(`${ANY_MACROS[op]}(${any(l)}, ${any(r)})`, NUMBER_CLASSES)
	}
	return { ...typed('real', `(${asReal(l)} ${SYMBOLS[op]} ${asReal(r)})`), mayBeNaN: true }
}

/** `%` cuts its operands off, texts at their first integer; only the class of the result looks at them as numbers. */
function remainder(left: TypedSql, right: TypedSql, l: TypedSql, r: TypedSql): TypedSql {
	const bits = [asBits(left), asBits(right)] as const
	if (l.kind === 'real' || r.kind === 'real') return typed('real', `CAST((${bits.join(' % ')}) AS DOUBLE)`)
	return anySql(`_sl_any_remainder(${any(l)}, ${any(r)}, ${bits.join(', ')})`, NUMBER_CLASSES)
}

function any(e: TypedSql): string {
	if (e.kind === 'any') return e.sql
	return e.kind === 'integer' ? `_sl_any_integer(${e.sql})` : `_sl_any_real(${settled(e).sql})`
}

/** Integer constants; an overflow becomes REAL, as in SQLite. */
function fold(op: ArithmeticOperator, l: TypedSql, r: TypedSql): TypedSql | undefined {
	const [a, b] = [l.constant?.value, r.constant?.value]
	if (typeof a !== 'bigint' || typeof b !== 'bigint') return undefined
	if (op === 'Divide' || op === 'Modulus') {
		if (b === 0n) return NULL
		return constant(op === 'Divide' ? a / b : a % b)
	}
	const value = op === 'Add' ? a + b : op === 'Subtract' ? a - b : a * b
	if (isInt64(value)) return constant(value)
	const [x, y] = [Number(a), Number(b)]
	return constant(op === 'Add' ? x + y : op === 'Subtract' ? x - y : x * y)
}

export function negate(operand: TypedSql): TypedSql {
	const e = asNumber(operand)
	const value = e.constant?.value
	if (e.kind === 'null') return NULL
	if (typeof value === 'bigint') return constant(isInt64(-value) ? -value : -Number(value))
	if (typeof value === 'number') return constant(-value)
	if (e.kind === 'any') return anySql(`_sl_any_negate(${e.sql})`, NUMBER_CLASSES)
	if (e.kind === 'integer') return typed('integer', `(- ${e.sql})`)
	// SQLite subtracts from 0: of 0.0 there is no -0.0.
	return { ...typed('real', `(0e0 - ${asReal(e)})`), mayBeNaN: e.mayBeNaN }
}

export type BitwiseOperator = 'BitwiseAnd' | 'BitwiseOr' | 'LeftShift' | 'RightShift'

export function bitwise(op: BitwiseOperator, left: TypedSql, right: TypedSql): TypedSql {
	if (left.kind === 'null' || right.kind === 'null') return NULL
	const [l, r] = [asBits(left), asBits(right)]
	if (op === 'BitwiseAnd') return typed('integer', `(${l} & ${r})`)
	if (op === 'BitwiseOr') return typed('integer', `(${l} | ${r})`)
	return typed('integer', `_sl_shift(${l}, ${op === 'LeftShift' ? r : `(- ${r})`})`)
}

export function bitwiseNot(operand: TypedSql): TypedSql {
	return operand.kind === 'null' ? NULL : typed('integer', `(~ ${asBits(operand)})`)
}

export function concatenate(left: TypedSql, right: TypedSql): TypedSql {
	if (left.kind === 'null' || right.kind === 'null') return NULL
	const [a, b] = [constantText(left), constantText(right)]
	if (a !== undefined && b !== undefined) return constant(a + b)
	return typed('text', `(${asText(settled(left))} || ${asText(settled(right))})`)
}

/** Text of a constant, where it is certain without asking the engine. */
export function constantText({ constant: known }: TypedSql): string | undefined {
	const value = known?.value
	if (typeof value === 'string') return value
	return typeof value === 'bigint' ? value.toString() : undefined
}
