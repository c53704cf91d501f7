/**
 * How far a statement from outside may recurse. SQLite runs in the thread of the object, synchronously, and nothing can interrupt
 * it there: a recursion without an end would hold the object, or the process in Node, for as long as the platform lets it.
 *
 * @module
 */
import { type CommonTableExpr, parseStmt, tokenize, tokenName, type With } from 'sqlite3-parser'
import type { BoundStatement, WireValue } from '../driver/transport.ts'
import { excerpt, SQLakeError } from '../errors.ts'
import { fold } from '../schema/fold.ts'
import { quoteIdentifier } from '../schema/quote-identifier.ts'
import { bindable } from './bind-values.ts'
import { scanStatement } from './statement.ts'

/** Rows that one recursive common table expression may make: some tenths of a second of SQLite's time. */
const MAX_ROWS = 1_000_000

/** A recursive table, and the WITH clauses that it can see, its own the last. */
interface Recursion {
	readonly table: CommonTableExpr
	readonly clauses: readonly With[]
}

/**
 * Refuses a statement that recurses too far. Each recursive table without a LIMIT of its own is counted first, by a query of its own
 * that stops at the limit: SQLite makes the rows of a recursion one by one, as they are asked for.
 *
 * @throws SQLakeError STATEMENT_LIMIT, before anything of the statement has run
 */
export function checkRecursion(sql: SqlStorage, statement: BoundStatement): void {
	const { sql: text } = statement
	if (!/\bWITH\b/i.test(text)) return
	const parsed = parseStmt(text)
	// What does not parse is for SQLite to judge; EXPLAIN runs nothing.
	if (parsed.status !== 'ok' || parsed.root.type === 'ExplainStmt') return
	for (const recursion of recursionsIn(parsed.root)) {
		const { limit } = recursion.table.select
		if (limit?.expr.type === 'NumericLiteral' && Number(limit.expr.value) <= MAX_ROWS) continue
		const rows = countRows(sql, statement, recursion)
		if (rows === null || rows > MAX_ROWS) throw tooFar(recursion.table, rows)
	}
}

/** Rows of a recursive table, up to one more than it may have; null where it cannot be counted apart from its query. */
function countRows(sql: SqlStorage, { sql: text, params }: BoundStatement, { table, clauses }: Recursion): number | null {
	// SQLite makes all rows of such a table before it gives the first.
	if (table.materialized !== 'Any') return null
	const bound: WireValue[] = []
	const { placeholders } = scanStatement(text)
	let query = `SELECT 1 FROM ${quoteIdentifier(table.tblName.text)} LIMIT ${MAX_ROWS + 1}`
	for (const clause of clauses.toReversed()) {
		const { offset: start } = clause.span
		const end = endOf(clause, text)
		const own = placeholders.filter(({ offset }) => offset >= start && offset < end)
		bound.unshift(...own.map(({ index }) => params[index] ?? null))
		query = `SELECT * FROM (${withPlainPlaceholders(text, start, end, own)} ${query})`
	}
	try {
		const counting = bindable({ sql: `SELECT count(*) AS n FROM (${query})`, params: bound })
		const [row] = sql.exec<{ n: number }>(counting.sql, ...counting.params)
		return row?.n ?? null
	} catch {
		return isRefused(sql, { sql: `EXPLAIN ${text}`, params }) ? 0 : null
	}
}

/** Where a WITH clause ends: its place in the tree takes in the query behind it. */
function endOf({ ctes }: With, text: string): number {
	const start = ctes.at(-1)?.tblName.span.offset ?? 0
	let [depth, body] = [0, false]
	for (const { type, span } of tokenize(text.slice(start))) {
		const kind = tokenName(type)
		if (kind === 'LP') depth++
		else if (kind === 'AS' && depth === 0) body = true
		else if (kind === 'RP' && --depth === 0 && body) return start + span.offset + span.length
	}
	return text.length
}

function withPlainPlaceholders(
	text: string,
	start: number,
	end: number,
	placeholders: readonly { readonly offset: number; readonly text: string }[],
): string {
	let [result, from] = ['', start]
	for (const { offset, text: name } of placeholders) {
		result += `${text.slice(from, offset)}?`
		from = offset + name.length
	}
	return result + text.slice(from, end)
}

/** Whether SQLite refuses the statement itself, and says better why. */
function isRefused(sql: SqlStorage, explain: BoundStatement): boolean {
	try {
		const { sql: text, params } = bindable(explain)
		// To its end: a transaction that is rolled back while a cursor is open resets the object.
		sql.exec(text, ...params).toArray()
		return false
	} catch {
		return true
	}
}

/** The recursive tables of a statement, wherever they stand. */
function recursionsIn(root: object): Recursion[] {
	const found: Recursion[] = []
	const open: { readonly node: object; readonly clauses: readonly With[] }[] = [{ node: root, clauses: [] }]
	for (let next = open.pop(); next !== undefined; next = open.pop()) {
		const { node } = next
		const clause = 'with' in node ? (node.with as With | undefined) : undefined
		const clauses = clause === undefined ? next.clauses : [...next.clauses, clause]
		for (const table of clause?.ctes ?? []) if (namesItself(table)) found.push({ table, clauses })
		for (const child of childrenOf(node)) open.push({ node: child, clauses })
	}
	return found
}

function namesItself({ tblName, select }: CommonTableExpr): boolean {
	const name = fold(tblName.text)
	const open: object[] = [select]
	for (let node = open.pop(); node !== undefined; node = open.pop()) {
		if ('tblName' in node && 'type' in node && node.type === 'TableSelectTable') {
			const { objName } = node.tblName as { readonly objName: { readonly text: string } }
			if (fold(objName.text) === name) return true
		}
		open.push(...childrenOf(node))
	}
	return false
}

function childrenOf(node: object): object[] {
	return Object.values(node)
		.flat()
		.filter((value) => typeof value === 'object' && value !== null && !ArrayBuffer.isView(value))
}

function tooFar({ tblName }: CommonTableExpr, rows: number | null): SQLakeError {
	const name = excerpt(tblName.text)
	const found = rows === null ? 'one whose rows cannot be counted apart from its query' : 'more'
	return new SQLakeError('STATEMENT_LIMIT', `recursive table ${name}: expected at most ${MAX_ROWS} rows, found ${found}`, {
		hint: `end the recursion, or give the recursive query itself a LIMIT of ${MAX_ROWS} at most; the lake answers longer ones, within timeoutMs`,
		details: { table: tblName.text, limit: MAX_ROWS },
	})
}
