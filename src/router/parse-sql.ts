import { type ParseDiagnostic, parseStmt, type Stmt, traverse, type VariableExpr } from 'sqlite3-parser'
import { SQLakeError } from '../errors.ts'
import { checkDepth, checkLength } from './check-statement-size.ts'
import { LruCache } from './lru.ts'
import { parseLimitedWrite } from './parse-limited-write.ts'

/** One parsed statement. */
export interface ParsedStatement {
	readonly sql: string
	/** The statement as sqlite3-parser gives it. */
	readonly statement: Stmt
	/** The position in the parameter list, from 0, of every parameter in the statement. */
	readonly parameters: ReadonlyMap<VariableExpr, number>
	/** How many parameters the statement takes. */
	readonly parameterCount: number
}

/** Statements whose trees are kept. */
const CACHE_LIMIT = 1_000

/** Longer texts are mostly inserts with literal values, which never come back. UTF-16 units. */
const MAX_CACHED_LENGTH = 10_000

const cache = new LruCache<string, ParsedStatement>(CACHE_LIMIT)

/**
 * Parses one SQL statement of SQLite's dialect.
 *
 * @param sql - the text of one statement; a `;` at its end is allowed
 * @throws SQLakeError SQL_PARSE with `details: { sql, offset, line, column }`: offset in UTF-16 units from 0, line and column
 * from 1. Several statements are one too many. STATEMENT_LIMIT for a text too long, or a tree too deep, to be looked through.
 * @example
 * ```ts
 * import { parseSQL } from 'sqlake'
 *
 * parseSQL('SELECT * FROM users WHERE id = ?').statement.type // 'SelectStmt'
 * ```
 */
export function parseSQL(sql: string): ParsedStatement {
	return sql.length > MAX_CACHED_LENGTH ? parse(sql) : cache.get(sql, () => parse(sql))
}

function parse(sql: string): ParsedStatement {
	checkLength(sql)
	const result = parseStmt(sql)
	const root = result.status === 'ok' ? result.root : parseLimitedWrite(sql)
	if (root === null) throw parseError(sql, result.errors?.[0])
	checkDepth(sql, root)
	return { sql, statement: root, ...numberParameters(root) }
}

function parseError(sql: string, diagnostic: ParseDiagnostic | undefined): SQLakeError {
	const span = diagnostic?.span ?? { offset: 0, line: 1, col: 0 }
	const several = diagnostic?.message.startsWith('expected end of input') ?? false
	const message = several ? 'expected one statement, found several' : (diagnostic?.message ?? 'syntax error')
	const [line, column] = [span.line, span.col + 1]
	return new SQLakeError('SQL_PARSE', `SQL at line ${line}, column ${column}: ${message}`, {
		hint: several ? 'send each statement on its own, or several with db.batch([...])' : diagnostic?.hints?.[0]?.message,
		details: { sql, offset: span.offset, line, column },
	})
}

/** Numbers parameters as SQLite does (https://www.sqlite.org/lang_expr.html#varparam), but from 0. */
function numberParameters(root: Stmt): Pick<ParsedStatement, 'parameters' | 'parameterCount'> {
	const variables: VariableExpr[] = []
	traverse(root, { nodes: { VariableExpr: (node) => void variables.push(node) } })
	variables.sort((a, b) => a.span.offset - b.span.offset)
	const parameters = new Map<VariableExpr, number>()
	const named = new Map<string, number>()
	let largest = 0
	for (const variable of variables) {
		let number: number
		if (variable.name === '?') number = largest + 1
		else if (variable.name.startsWith('?')) number = Number(variable.name.slice(1))
		else {
			number = named.get(variable.name) ?? largest + 1
			named.set(variable.name, number)
		}
		largest = Math.max(largest, number)
		parameters.set(variable, number - 1)
	}
	return { parameters, parameterCount: largest }
}
