/**
 * Reads the conditions that Drizzle's operators build (`eq`, `inArray`, `and`, ...) without parsing SQL text.
 *
 * Only shapes whose every piece of text is known are read; anything else is "unknown", and the statement goes to the parser.
 * That rule is what makes the reading sound: `and(eq(t.id, 1), sql`a or b`)` prints `(id = 1 and a or b)`, where the key pins
 * nothing, since `and` does not put raw SQL in parentheses.
 *
 * @module
 */
import { Column, Param, Placeholder, SQL, StringChunk } from 'drizzle-orm'
import { SQLiteColumn, SQLiteCustomColumn } from 'drizzle-orm/sqlite-core'
import { isEntity } from './entity.ts'

/** A condition that every row of the answer fulfils. */
export type Conjunct =
	| { readonly kind: 'equal-columns'; readonly left: Column; readonly right: Column }
	/** `values` are as they stand in the builder: Param, Placeholder or a bare value. */
	| { readonly kind: 'one-of'; readonly column: Column; readonly values: readonly unknown[] }

const COMPARISONS = new Set([' = ', ' <> ', ' > ', ' >= ', ' < ', ' <= ', ' like ', ' not like '])
const PLAIN_TEXT = new Set(['count(', 'count(distinct ', 'sum(', 'sum(distinct ', 'avg(', 'avg(distinct ', 'min(', 'max(', '*'])
const PLAIN_SUFFIX = new Set([')', ' asc', ' desc', ''])

/**
 * The conjuncts of a condition, appended to `out`.
 *
 * @returns false where a part of the condition is of unknown shape; `out` then means nothing.
 */
export function readConjuncts(condition: SQL, out: Conjunct[]): boolean {
	if (isInlined(condition)) return false
	const chunks = significantChunks(condition)
	const [first, second, third, fourth, fifth] = chunks
	switch (chunks.length) {
		case 1:
			return isEntity(first, SQL) && readConjuncts(first, out)
		case 2:
			if (isOperand(first)) return isText(second, ' is null') || isText(second, ' is not null')
			return isText(first, 'not ') && isEntity(second, SQL) && readConjuncts(second, [])
		case 3:
			if (isText(first, '(')) return isText(third, ')') && isEntity(second, SQL) && readList(second, out)
			return readComparison(first, second, third, out)
		case 5:
			return (
				(isText(second, ' between ') || isText(second, ' not between ')) &&
				isText(fourth, ' and ') &&
				[first, third, fifth].every(isOperand)
			)
		default:
			return false
	}
}

/** The list inside the parentheses of `and(...)` or `or(...)`. */
function readList(list: SQL, out: Conjunct[]): boolean {
	if (isInlined(list)) return false
	const chunks = significantChunks(list)
	const separator = textOf(chunks[1])
	if (separator !== ' and ' && separator !== ' or ') return false
	// The arms of an OR must be of known shape, but pin nothing.
	const into = separator === ' and ' ? out : []
	return chunks.every((chunk, index) => {
		if (index % 2 === 1) return isText(chunk, separator)
		return isEntity(chunk, SQL) && readConjuncts(chunk, into)
	})
}

function readComparison(left: unknown, operator: unknown, right: unknown, out: Conjunct[]): boolean {
	const text = textOf(operator)
	if (text === ' in ' || text === ' not in ') {
		if (!isOperand(left) || !Array.isArray(right) || !right.every(isValue)) return false
		if (text === ' in ' && isEntity(left, Column)) out.push({ kind: 'one-of', column: left, values: right })
		return true
	}
	if (text === null || !COMPARISONS.has(text) || !isOperand(left) || !isOperand(right)) return false
	if (text === ' = ') {
		if (isEntity(left, Column) && isEntity(right, Column)) out.push({ kind: 'equal-columns', left, right })
		else if (isEntity(left, Column)) out.push({ kind: 'one-of', column: left, values: [right] })
		else if (isEntity(right, Column)) out.push({ kind: 'one-of', column: right, values: [left] })
	}
	return true
}

/**
 * Tells whether a selected, ordered or grouped expression reads nothing but columns and values: a column, a column with
 * `asc`/`desc`, or one of Drizzle's aggregates over one.
 */
export function isPlainExpression(expression: unknown): boolean {
	if (isEntity(expression, Column)) return true
	if (isEntity(expression, SQL.Aliased)) return isPlainExpression(expression.sql)
	if (!isEntity(expression, SQL) || isInlined(expression)) return false
	return significantChunks(expression).every(
		(chunk) =>
			isValue(chunk) || isPlainExpression(chunk) || PLAIN_TEXT.has(textOf(chunk) ?? '') || PLAIN_SUFFIX.has(textOf(chunk) ?? ' '),
	)
}

/** Tells whether a value of INSERT or UPDATE is a bound value or the word `null`, and no expression. */
export function isBoundOrNull(value: unknown): boolean {
	return isValue(value) || isNullLiteral(value)
}

/** The `null` that Drizzle writes for a column that a row leaves out. */
export function isNullLiteral(value: unknown): boolean {
	if (!isEntity(value, SQL)) return false
	const chunks = significantChunks(value)
	return chunks.length === 1 && isText(chunks[0], 'null')
}

function isOperand(chunk: unknown): boolean {
	return isEntity(chunk, Column) || isValue(chunk)
}

/** A bound value: a placeholder, a primitive, or a Param that is known to print as one `?`. */
export function isValue(chunk: unknown): boolean {
	if (isEntity(chunk, Param)) {
		const { value, encoder } = chunk
		if (value === null || isEntity(value, Placeholder)) return true
		if (isEntity(encoder, SQLiteColumn) && !isEntity(encoder, SQLiteCustomColumn)) return true
		// An encoder of the application's own may encode a value as SQL, which prints as text of its own.
		return !isEntity(encoder.mapToDriverValue(value), SQL)
	}
	return isEntity(chunk, Placeholder) || chunk === null || ['string', 'number', 'bigint', 'boolean'].includes(typeof chunk)
}

/** `sql`...`.inlineParams()` prints its values as literals: a number is then an INTEGER and not a REAL. */
export function isInlined(sql: SQL): boolean {
	return Reflect.get(sql, 'shouldInlineParams') === true
}

function significantChunks(sql: SQL): unknown[] {
	return sql.queryChunks.filter((chunk) => chunk !== undefined && textOf(chunk) !== '')
}

function textOf(chunk: unknown): string | null {
	return isEntity(chunk, StringChunk) ? chunk.value.join('') : null
}

function isText(chunk: unknown, text: string): boolean {
	return textOf(chunk) === text
}
