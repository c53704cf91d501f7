/**
 * How long a statement may be, and how deep.
 *
 * @module
 */
import { excerpt, SQLakeError } from '../errors.ts'

/** Longest text of a statement that is parsed, in UTF-16 units. A shard itself takes 100,000 bytes. */
const MAX_LENGTH = 1_000_000

/**
 * Nodes of a statement's tree that may lie within each other: what walks the tree calls itself for each. SQLite has a limit of
 * 1,000 for expressions (https://www.sqlite.org/limits.html#max_expr_depth); the rest is for the queries around them.
 */
const MAX_DEPTH = 1_200

/** Queries that may lie within each other, once common table expressions are written out where they are named. */
const MAX_NESTED_QUERIES = 150

/** @throws SQLakeError STATEMENT_LIMIT */
export function checkLength(sql: string): void {
	if (sql.length <= MAX_LENGTH) return
	throw new SQLakeError(
		'STATEMENT_LIMIT',
		`statement ${excerpt(sql)}: expected at most ${MAX_LENGTH} characters, found ${sql.length}`,
		{
			hint: 'bind values as parameters instead of writing them into the text',
			details: { limit: MAX_LENGTH, found: sql.length },
		},
	)
}

/** @throws SQLakeError STATEMENT_LIMIT */
export function checkDepth(sql: string, root: object): void {
	// A list of its own, and no recursion: this is what keeps others from running out of stack.
	let level: object[] = [root]
	for (let depth = 0; level.length > 0; depth++) {
		if (depth > MAX_DEPTH) throw tooDeep(sql, MAX_DEPTH, 'levels')
		level = level.flatMap(childrenOf)
	}
}

/** Nodes and lists of nodes; a list counts as no level of its own. */
function childrenOf(node: object): object[] {
	return Object.entries(node)
		.flatMap(([name, value]): unknown => (name === 'span' ? [] : value))
		.filter(isObject)
}

function isObject(value: unknown): value is object {
	return typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)
}

/** @throws SQLakeError STATEMENT_LIMIT */
export function checkNesting(sql: string, depth: number): void {
	if (depth > MAX_NESTED_QUERIES) throw tooDeep(sql, MAX_NESTED_QUERIES, 'queries within each other')
}

function tooDeep(sql: string, limit: number, unit: string): SQLakeError {
	return new SQLakeError('STATEMENT_LIMIT', `statement ${excerpt(sql)}: expected at most ${limit} ${unit}, found more`, {
		hint: 'write long sums as sum() over rows, many alternatives as IN (...), and deep steps one after the other',
		details: { limit },
	})
}
