/**
 * Constants of a statement: literals, and parameters whose values come with each execution.
 *
 * @module
 */

import type { BinaryExpr, Expr, NumericLiteral } from 'sqlite3-parser'
import { parseInt64 } from '../schema/int64.ts'
import { comparand, type Domain, type Element, isExactDecimal, type SqlValue } from './key-value.ts'
import type { ParsedStatement } from './parse-sql.ts'

/** An operand that is the same for every row, and has no affinity of its own unless it is a cast. */
export type Term =
	| { readonly kind: 'literal'; readonly value: string | number | bigint | null }
	| { readonly kind: 'parameter'; readonly index: number }
	/** `CAST(x AS INTEGER)`, which is how a bigint is sent. */
	| { readonly kind: 'integer'; readonly of: Term }

/** Values of parameters, in SQLite's order; absent while they are not known. */
export type Params = readonly unknown[]

/** The constant that an expression is; null for anything else, and for literals whose value conversions may disagree about. */
export function termOf(expr: Expr | undefined, parsed: ParsedStatement): Term | null {
	switch (expr?.type) {
		case 'StringLiteral':
			return { kind: 'literal', value: expr.value }
		case 'NumericLiteral':
			return numberTerm(expr, 1)
		case 'NullLiteral':
			return { kind: 'literal', value: null }
		case 'VariableExpr': {
			const index = parsed.parameters.get(expr)
			return index === undefined ? null : { kind: 'parameter', index }
		}
		case 'ParenthesizedExpr':
			return expr.exprs.length === 1 ? termOf(expr.exprs[0], parsed) : null
		case 'UnaryExpr':
			if (expr.op === 'Positive') return termOf(expr.expr, parsed)
			return expr.op === 'Negative' && expr.expr.type === 'NumericLiteral' ? numberTerm(expr.expr, -1) : null
		case 'CastExpr': {
			const of = expr.typeName !== undefined && /^integer$/i.test(expr.typeName.name) ? termOf(expr.expr, parsed) : null
			return of === null ? null : { kind: 'integer', of }
		}
		case 'BinaryExpr':
			return arithmeticTerm(expr, parsed)
		default:
			return null
	}
}

/** `1 + 1` of whole literals, which has no affinity either. */
function arithmeticTerm({ left, op, right }: BinaryExpr, parsed: ParsedStatement): Term | null {
	const [a, b] = [termOf(left, parsed), termOf(right, parsed)]
	if (a?.kind !== 'literal' || b?.kind !== 'literal' || typeof a.value !== 'bigint' || typeof b.value !== 'bigint') return null
	const value =
		op === 'Add' ? a.value + b.value : op === 'Subtract' ? a.value - b.value : op === 'Multiply' ? a.value * b.value : null
	return value !== null && value > -(2n ** 63n) && value < 2n ** 63n ? { kind: 'literal', value } : null
}

function numberTerm(literal: NumericLiteral, sign: 1 | -1): Term | null {
	const text = literal.value
	if (/^\d+$/.test(text)) {
		// A literal beyond 64 bits is a REAL, and -9223372036854775808 is an INTEGER that some REAL equals.
		const whole = parseInt64(text)
		return whole === null ? null : { kind: 'literal', value: whole * BigInt(sign) }
	}
	if (/^0x[0-9a-f]+$/i.test(text)) return text.length > 17 ? null : { kind: 'literal', value: BigInt(text) * BigInt(sign) }
	const parts = /^(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text)
	if (parts === null || !isExactDecimal(parts[1] ?? '', parts[2] ?? '', Number(parts[3] ?? 0))) return null
	return { kind: 'literal', value: Number(text) * sign }
}

/** A term's value; `undefined` where it is not known, or has a type that no parameter can have. */
export function termValue(term: Term, params: Params | undefined): SqlValue | undefined {
	if (term.kind === 'literal') return term.value
	if (term.kind === 'integer') return castInteger(termValue(term.of, params))
	const value = params?.[term.index]
	switch (typeof value) {
		case 'string':
		case 'bigint':
		case 'number':
			return value
		default:
			return value === null || value instanceof Uint8Array || value instanceof ArrayBuffer ? value : undefined
	}
}

function castInteger(value: SqlValue | undefined): SqlValue | undefined {
	if (value === null || typeof value === 'bigint') return value
	if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined
	return typeof value === 'string' && /^-?\d{1,18}$/.test(value) ? BigInt(value) : undefined
}

/** The one element of a domain that equals the term: see {@link comparand}. */
export function elementOf(term: Term, domain: Domain, params: Params | undefined): Element | null | undefined {
	const value = termValue(term, params)
	return value === undefined ? undefined : comparand(value, domain, term.kind !== 'literal')
}

/** The element that the term itself is in a domain, without any conversion: a number among numbers, text among text. */
export function plainElementOf(term: Term, domain: Domain, params: Params | undefined): Element | null | undefined {
	const value = termValue(term, params)
	if (value === undefined) return undefined
	const fits = value === null || (domain === 'NUMERIC' ? typeof value !== 'string' : typeof value === 'string')
	return fits ? comparand(value, domain, true) : undefined
}
