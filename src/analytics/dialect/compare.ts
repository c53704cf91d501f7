/**
 * Comparisons: which operand takes the other's affinity, and how values of different classes stand to each other
 * (https://www.sqlite.org/datatype3.html sections 3 and 4).
 *
 * @module
 */
import type { Affinity } from '../../schema/table-schema.ts'
import type { EngineValue } from '../query-engine.ts'
import { asAny, asCondition, asKey, asReal, asText, collated, settled } from './convert.ts'
import { constant, NULL, wholeNumber } from './literals.ts'
import { withArguments } from './macros/let.ts'
import {
	anySql,
	BLOB_CLASS,
	type Collation,
	INTEGER_CLASS,
	isColumn,
	isNumber,
	REAL_CLASS,
	TEXT_CLASS,
	type TypedSql,
	typed,
} from './typed-sql.ts'

export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>=' | 'IS NOT DISTINCT FROM' | 'IS DISTINCT FROM'

/** Two expressions that DuckDB compares as SQLite compares the originals. */
export interface Comparands {
	readonly left: string
	readonly right: string
	/** Whether they are structs. */
	readonly structs?: boolean
}

/** A comparison as a condition. */
export function compare(op: Comparison, left: TypedSql, right: TypedSql): TypedSql {
	const [l, r] = withAffinities(settled(left), settled(right))
	const nullSafe = op.startsWith('IS')
	if (l.kind === 'null' || r.kind === 'null') {
		if (!nullSafe) return NULL
		const other = l.kind === 'null' ? r : l
		const value = other.kind === 'null' ? 'CAST(NULL AS BIGINT)' : other.sql
		return typed('boolean', `(${value} IS ${op === 'IS DISTINCT FROM' ? 'NOT ' : ''}NULL)`)
	}
	const known = fold(op, l, r)
	if (known !== undefined) return known
	if (!nullSafe) {
		const settledByClass = compareWithFraction(op, l, r)
		if (settledByClass !== undefined) return typed('boolean', settledByClass)
	}
	const collation = collationOf(left, right)
	const direct = collation === 'BINARY' ? compareWithConstant(op, l, r) : undefined
	if (direct !== undefined) return typed('boolean', direct)
	const exact = compareExactly(op, l, r)
	if (exact !== undefined) return typed('boolean', exact)
	const comparands = comparable(l, r, collation)
	// DuckDB makes one BETWEEN of two comparisons, and then cannot do it with structs.
	if (comparands.structs && !nullSafe && op !== '=' && op !== '<>') {
		return typed('boolean', `(_sl_order(${anyCollated(l, collation)}, ${anyCollated(r, collation)}) ${op} 0)`)
	}
	return typed('boolean', `(${comparands.left} ${op} ${comparands.right})`)
}

/** An INTEGER and a REAL that neither is constant: a double cannot hold every INTEGER. */
function compareExactly(op: Comparison, l: TypedSql, r: TypedSql): string | undefined {
	if (l.constant !== undefined || r.constant !== undefined) return undefined
	const isReal = (e: TypedSql) => e.kind === 'real' || e.kind === 'numeric'
	if (isReal(l) && r.kind === 'integer') return compareExactly(FLIPPED[op], r, l)
	if (l.kind !== 'integer' || !isReal(r)) return undefined
	if (op === '=') return `_sl_same_number(${l.sql}, ${r.sql})`
	if (op === '<>') return `(NOT _sl_same_number(${l.sql}, ${r.sql}))`
	const bothNull = `COALESCE(_sl_same_number(${l.sql}, ${r.sql}), ${l.sql} IS NULL AND ${r.sql} IS NULL)`
	if (op === 'IS NOT DISTINCT FROM') return bothNull
	if (op === 'IS DISTINCT FROM') return `(NOT ${bothNull})`
	return `(_sl_order(${asAny(l)}, ${asAny(r)}) ${op} 0)`
}

const FLIPPED: Readonly<Record<Comparison, Comparison>> = {
	'=': '=',
	'<>': '<>',
	'<': '>',
	'<=': '>=',
	'>': '<',
	'>=': '<=',
	'IS NOT DISTINCT FROM': 'IS NOT DISTINCT FROM',
	'IS DISTINCT FROM': 'IS DISTINCT FROM',
}

/** A value of no certain class against a constant, class by class: much faster than by keys. */
function compareWithConstant(op: Comparison, l: TypedSql, r: TypedSql): string | undefined {
	if (l.kind !== 'any') return r.kind === 'any' && l.constant !== undefined ? compareWithConstant(FLIPPED[op], r, l) : undefined
	const value = r.constant?.value
	if (op.startsWith('IS')) return undefined
	const native = l.jsonAt?.of === l.sql ? compareNatively(op, l.jsonAt, value) : undefined
	const generic = compareByClass(op, l, r, value)
	return native === undefined || generic === undefined ? generic : `COALESCE(${native}, ${generic})`
}

/** JSON at a path against a constant, by DuckDB's own functions; NULL where they do not tell. */
function compareNatively(
	op: Comparison,
	at: NonNullable<TypedSql['jsonAt']>,
	value: EngineValue | undefined,
): string | undefined {
	const place = `${at.subject}, ${at.path}`
	if (typeof value === 'bigint' || typeof value === 'number') {
		if (!(Math.abs(Number(value)) < 2 ** 53)) return undefined
		return `(TRY_CAST(_sl_json_at(${place}) AS DOUBLE) ${op} ${constant(Number(value)).sql})`
	}
	if (typeof value !== 'string' || (op !== '=' && op !== '<>') || /["\\[{]|\p{Cc}/u.test(value)) return undefined
	const isText = `_sl_json_is_text(${place}, ${constant(`"${value}"`).sql})`
	return op === '=' ? isText : `(NOT ${isText})`
}

function compareByClass(op: Comparison, l: TypedSql, r: TypedSql, value: EngineValue | undefined): string | undefined {
	// What a class that comes before, or after, the constant's own is to it.
	const before = op === '<' || op === '<=' || op === '<>' ? 'TRUE' : 'FALSE'
	const after = op === '>' || op === '>=' || op === '<>' ? 'TRUE' : 'FALSE'
	const exact =
		typeof value === 'bigint'
			? value >= -(2n ** 53n) && value <= 2n ** 53n
			: typeof value === 'number' && !(Math.abs(value) >= 2 ** 53)
	if (exact && (typeof value === 'bigint' || typeof value === 'number')) {
		const whole = typeof value === 'bigint' || Number.isInteger(value)
		const integer = whole ? `p.a.i ${op} ${constant(BigInt(value)).sql}` : `CAST(p.a.i AS DOUBLE) ${op} ${constant(value).sql}`
		return once(
			l,
			`CASE p.a.c WHEN 1 THEN ${integer} WHEN 2 THEN p.a.r ${op} ${constant(Number(value)).sql} WHEN 3 THEN ${after} WHEN 4 THEN ${after} END`,
		)
	}
	if (typeof value !== 'string') return undefined
	return once(
		l,
		`CASE p.a.c WHEN 1 THEN ${before} WHEN 2 THEN ${before} WHEN 3 THEN p.a.t ${op} ${r.sql} WHEN 4 THEN ${after} END`,
	)
}

/** A body that reads a value as `p.a`, several times. */
function once(e: TypedSql, body: string): string {
	return isColumn(e) ? `(${body.replaceAll('p.a', e.sql)})` : withArguments({ a: e.sql }, body)
}

/** Two integer constants. */
function fold(op: Comparison, l: TypedSql, r: TypedSql): TypedSql | undefined {
	const [a, b] = [l.constant?.value, r.constant?.value]
	if (typeof a !== 'bigint' || typeof b !== 'bigint') return undefined
	const order = a < b ? -1 : a > b ? 1 : 0
	const truth = {
		'=': order === 0,
		'<>': order !== 0,
		'<': order < 0,
		'<=': order <= 0,
		'>': order > 0,
		'>=': order >= 0,
		'IS NOT DISTINCT FROM': order === 0,
		'IS DISTINCT FROM': order !== 0,
	}[op]
	return { ...typed('boolean', truth ? 'TRUE' : 'FALSE'), constant: { value: truth ? 1n : 0n } }
}

/** Operands that compare with each other in DuckDB, affinities applied. */
export function comparands(left: TypedSql, right: TypedSql): Comparands {
	const [l, r] = withAffinities(settled(left), settled(right))
	if (l.kind === 'null' || r.kind === 'null') {
		return { left: l.kind === 'null' ? 'NULL' : asKey(l), right: r.kind === 'null' ? 'NULL' : asKey(r) }
	}
	return comparable(l, r, collationOf(left, right))
}

/** `x IS TRUE` and its relatives. */
export function compareTruth(e: TypedSql, truth: boolean, not: boolean): TypedSql {
	return typed('boolean', `(${asCondition(e)} IS ${not ? 'NOT ' : ''}${truth ? 'TRUE' : 'FALSE'})`)
}

/** An explicit collation wins, the left one first; then a column's, the left one first. */
export function collationOf(left: TypedSql, right: TypedSql): Collation {
	if (left.explicitCollation) return left.collation ?? 'BINARY'
	if (right.explicitCollation) return right.collation ?? 'BINARY'
	return left.collation ?? right.collation ?? 'BINARY'
}

function withAffinities(left: TypedSql, right: TypedSql): readonly [TypedSql, TypedSql] {
	const affinity = comparisonAffinity(left.affinity, right.affinity)
	if (affinity === 'NUMERIC') return [withNumericAffinity(left), withNumericAffinity(right)]
	if (affinity === 'TEXT') return [withTextAffinity(left, right), withTextAffinity(right, left)]
	return [left, right]
}

function comparisonAffinity(left: Affinity | undefined, right: Affinity | undefined): 'NUMERIC' | 'TEXT' | 'BLOB' {
	if (left !== undefined && right !== undefined) return isNumeric(left) || isNumeric(right) ? 'NUMERIC' : 'BLOB'
	const only = left ?? right ?? 'BLOB'
	return isNumeric(only) ? 'NUMERIC' : only === 'TEXT' ? 'TEXT' : 'BLOB'
}

function isNumeric(affinity: Affinity): boolean {
	return affinity === 'INTEGER' || affinity === 'REAL' || affinity === 'NUMERIC'
}

function withNumericAffinity(e: TypedSql): TypedSql {
	if (e.kind === 'text') {
		if (typeof e.constant?.value === 'string') {
			const number = wholeNumber(e.constant.value)
			return number === null ? e : constant(number)
		}
		return { ...anySql(`_sl_text_affinity(${e.sql})`, INTEGER_CLASS | REAL_CLASS | TEXT_CLASS), collation: e.collation }
	}
	if (e.kind === 'any' && e.classes & TEXT_CLASS) {
		return { ...e, sql: `_sl_any_affinity(${e.sql})`, classes: e.classes | INTEGER_CLASS | REAL_CLASS }
	}
	return e
}

/** Numbers become text only where the other operand is one. */
function withTextAffinity(e: TypedSql, other: TypedSql): TypedSql {
	if ((other.classes & TEXT_CLASS) === 0) return e
	if (isNumber(e)) return typed('text', asText(e))
	if (e.kind === 'any' && e.classes & (INTEGER_CLASS | REAL_CLASS)) {
		return { ...anySql(`_sl_any_text_affinity(${e.sql})`, (e.classes & BLOB_CLASS) | TEXT_CLASS), collation: e.collation }
	}
	return e
}

/** An INTEGER against a REAL constant: compared as integers, so that nothing is rounded and files can be skipped. */
function compareWithFraction(op: Comparison, left: TypedSql, right: TypedSql): string | undefined {
	if (left.kind === 'real' && left.constant !== undefined && right.kind === 'integer') {
		const flipped = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const
		return compareWithFraction(op in flipped ? flipped[op as keyof typeof flipped] : op, right, left)
	}
	const value = right.constant?.value
	if (left.kind !== 'integer' || right.kind !== 'real' || typeof value !== 'number' || Number.isInteger(value)) return undefined
	if (!Number.isFinite(value)) return undefined
	const constantly = (truth: boolean) => `(CASE WHEN ${left.sql} IS NOT NULL THEN ${truth ? 'TRUE' : 'FALSE'} END)`
	if (op === '=') return constantly(false)
	if (op === '<>') return constantly(true)
	if (Math.abs(value) >= 2 ** 53) return undefined
	const below = constant(BigInt(Math.floor(value))).sql
	return op.startsWith('<') ? `(${left.sql} <= ${below})` : `(${left.sql} > ${below})`
}

function comparable(l: TypedSql, r: TypedSql, collation: Collation): Comparands {
	if (isNumber(l) && isNumber(r)) return comparableNumbers(l, r)
	if (l.kind === 'text' && r.kind === 'text') return { left: collated(l.sql, collation), right: collated(r.sql, collation) }
	if (l.kind === 'blob' && r.kind === 'blob') return { left: l.sql, right: r.sql }
	return { left: `_sl_key(${anyCollated(l, collation)})`, right: `_sl_key(${anyCollated(r, collation)})`, structs: true }
}

/** What orders as the values do. */
export function orderKey(e: TypedSql, collation: Collation): string {
	if (e.kind === 'any') return `_sl_key(${anyCollated(e, collation)})`
	return e.kind === 'text' ? collated(e.sql, collation) : e.sql
}

/** A value of no certain class whose texts compare as the collation says. */
function anyCollated(e: TypedSql, collation: Collation): string {
	const text = e.kind === 'any' ? e.classes & TEXT_CLASS : e.kind === 'text'
	if (collation === 'BINARY' || !text) return asAny(e)
	return `${collation === 'NOCASE' ? '_sl_any_nocase' : '_sl_any_rtrim'}(${asAny(e)})`
}

function comparableNumbers(l: TypedSql, r: TypedSql): Comparands {
	if (l.kind === r.kind) return { left: l.sql, right: r.sql }
	const whole = (e: TypedSql) => {
		const value = e.constant?.value
		return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 63
			? constant(BigInt(value)).sql
			: undefined
	}
	if (l.kind === 'integer') {
		const right = whole(r)
		if (right !== undefined) return { left: l.sql, right }
	}
	if (r.kind === 'integer') {
		const left = whole(l)
		if (left !== undefined) return { left, right: r.sql }
	}
	// An infinite or fractional constant needs no care: no rounding of an INTEGER brings the two together.
	if (l.constant !== undefined || r.constant !== undefined) return { left: asReal(l), right: asReal(r) }
	return { left: exactReal(l), right: exactReal(r) }
}

/** An INTEGER as a DOUBLE, unless that would round it: SQLite compares the two exactly. */
function exactReal(e: TypedSql): string {
	return e.kind === 'integer' ? `_sl_exact_real(${e.sql})` : asReal(e)
}
