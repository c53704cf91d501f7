import { type DeleteStmt, parseStmt, tokenize, tokenName, type UpdateStmt } from 'sqlite3-parser'

/**
 * Parses an UPDATE or DELETE that ends in ORDER BY and LIMIT. A Durable Object's SQLite is built with them
 * (https://www.sqlite.org/compile.html#enable_update_delete_limit), the parser's grammar is not, although its trees have a place
 * for them. So the end of the statement is parsed as that of a SELECT, at the same offset.
 *
 * @returns null where the text is no such statement
 */
export function parseLimitedWrite(sql: string): UpdateStmt | DeleteStmt | null {
	const offset = endingOffset(sql)
	if (offset === null) return null
	const write = parseStmt(sql.slice(0, offset))
	if (write.status !== 'ok' || (write.root.type !== 'UpdateStmt' && write.root.type !== 'DeleteStmt')) return null
	// The shortest UPDATE or DELETE is longer than this SELECT.
	const ending = parseStmt('SELECT 0'.padEnd(offset) + sql.slice(offset))
	if (ending.status !== 'ok' || ending.root.type !== 'SelectStmt') return null
	const { orderBy, limit } = ending.root.body
	return { ...write.root, ...(orderBy === undefined ? {} : { orderBy }), ...(limit === undefined ? {} : { limit }) }
}

/** Where the first ORDER BY or LIMIT outside of parentheses begins, after all that may come before it. */
function endingOffset(sql: string): number | null {
	let depth = 0
	for (const { type, span } of tokenize(sql)) {
		const kind = tokenName(type)
		if (kind === 'LP') depth++
		else if (kind === 'RP') depth--
		else if (depth === 0 && (kind === 'ORDER' || kind === 'LIMIT')) return span.offset
	}
	return null
}
