/**
 * RETURNING of integers beyond 2^53, which Durable Object SQLite hands out as doubles that have lost their last digits. A write
 * cannot be asked again, as a query can, so it is undone and done once more with its digits as text.
 *
 * @module
 */
import { tokenize, tokenName } from 'sqlite3-parser'
import type { WireValue } from '../driver/transport.ts'
import { quoteIdentifier } from '../schema/quote-identifier.ts'
import { inexactColumns, restoreDigits } from './exact-integers.ts'

/** What a write answered. */
interface Returned {
	readonly columns: readonly string[]
	readonly rows: WireValue[][]
}

/** An item of the list behind RETURNING. */
interface ReturningItem {
	/** Without its alias; `*` for all columns. */
	readonly expression: string
	/** Whether a parameter is in it. */
	readonly bound: boolean
}

interface ReturningList {
	readonly items: readonly ReturningItem[]
	/** Where the list ends in the text. */
	readonly end: number
}

/** Thrown to undo a write; it never leaves this file. */
class Undo {
	/** Columns that lost digits, and the expressions that give them. */
	readonly inexact: ReadonlyMap<number, string>
	/** Where the list behind RETURNING ends in the text. */
	readonly end: number

	constructor(inexact: ReadonlyMap<number, string>, end: number) {
		this.inexact = inexact
		this.end = end
	}
}

/**
 * Runs a write with RETURNING; integers that a double cannot hold come as bigints. A column whose expression binds a value stays
 * as it is: written twice, the parameter would count twice.
 *
 * @param text - of one statement, without a semicolon
 * @param offset - where RETURNING stands in it
 * @param run - runs SQL with the values of the statement
 * @param transact - runs work in a transaction, nested where one is open, that is rolled back when it throws
 */
export function runReturning<T extends Returned>(
	text: string,
	offset: number,
	run: (sql: string) => T,
	transact: <R>(work: () => R) => R,
): T {
	try {
		return transact(() => {
			const answer = run(text)
			const columns = inexactColumns(answer.rows)
			if (columns.length === 0) return answer
			const { items, end } = returningList(text, offset)
			const expressions = columns.map((index) => [index, expressionOf(items, answer.columns, index)] as const)
			const inexact = new Map(expressions.flatMap(([index, sql]) => (sql === null ? [] : [[index, sql]])))
			if (inexact.size > 0) throw new Undo(inexact, end)
			return answer
		})
	} catch (undo) {
		if (!(undo instanceof Undo)) throw undo
		const { end } = undo
		const digits = Array.from(undo.inexact.values(), (sql) => `iif(typeof(${sql}) = 'integer', CAST(${sql} AS TEXT), NULL)`)
		const answer = run(`${text.slice(0, end)}, ${digits.join(', ')} ${text.slice(end)}`)
		const width = answer.columns.length - digits.length
		for (const row of answer.rows) restoreDigits(row, [...undo.inexact.keys()], row.splice(width))
		return { ...answer, columns: answer.columns.slice(0, width) }
	}
}

/** A token of the list. */
interface ListToken {
	readonly kind: string
	readonly offset: number
	readonly end: number
}

/** Takes the list apart; it ends at ORDER BY, at LIMIT, or with the text. */
function returningList(text: string, offset: number): ReturningList {
	const items: ListToken[][] = [[]]
	let depth = 0
	let end = offset
	for (const { type, text: token, span } of tokenize(text)) {
		if (span.offset <= offset) continue
		const kind = tokenName(type) ?? ''
		if (depth === 0 && (kind === 'ORDER' || kind === 'LIMIT')) break
		if (kind === 'LP') depth++
		if (kind === 'RP') depth--
		end = span.offset + token.length
		if (depth === 0 && kind === 'COMMA') items.push([])
		else items.at(-1)?.push({ kind, offset: span.offset, end })
	}
	return { items: items.map((tokens) => itemOf(text, tokens)), end }
}

/** Tokens that end an expression: a name behind one is an alias. */
const OPERAND_ENDS = new Set(['ID', 'STRING', 'INTEGER', 'FLOAT', 'BLOB', 'NULL', 'RP', 'END', 'VARIABLE', 'CTIME_KW'])

function itemOf(text: string, tokens: readonly ListToken[]): ReturningItem {
	const [last, before, beforeAs] = [tokens.at(-1), tokens.at(-2), tokens.at(-3)]
	const isName = last?.kind === 'ID' || last?.kind === 'STRING'
	const named = isName && before?.kind === 'AS' && beforeAs !== undefined
	const bare = isName && before !== undefined && OPERAND_ENDS.has(before.kind)
	const end = named ? beforeAs.end : bare ? before.end : (last?.end ?? 0)
	return {
		expression: text.slice(tokens[0]?.offset ?? end, end),
		bound: tokens.some(({ kind }) => kind === 'VARIABLE'),
	}
}

/** The expression of a column of the answer; null where it cannot be written a second time. */
function expressionOf(items: readonly ReturningItem[], columns: readonly string[], index: number): string | null {
	const stars = items.filter(({ expression }) => expression === '*').length
	const perStar = stars === 0 ? 0 : (columns.length - items.length + stars) / stars
	let position = 0
	for (const { expression, bound } of items) {
		const width = expression === '*' ? perStar : 1
		if (index < position + width) {
			if (expression === '*') return quoteIdentifier(columns[index] ?? '')
			return bound ? null : expression
		}
		position += width
	}
	return null
}
