/**
 * A statement in DuckDB's own dialect, for queries that ask for it: checked to read the tables of the schema and nothing else.
 *
 * What a relation is must be certain before DuckDB sees the statement: it takes the name of a file for a table, and functions for
 * files, addresses and other databases. So only tables of the schema, common table expressions, sub-queries and a few functions
 * may stand where a relation stands.
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'
import { type Token, tokensOf } from './tokens.ts'

/** What a statement asks for. */
export interface DuckDBStatement {
	/** Names of the schema's tables that it reads. */
	readonly tables: readonly string[]
	/** Values that it wants bound. */
	readonly parameterCount: number
}

/** Table functions that make rows out of nothing but their arguments. */
const TABLE_FUNCTIONS: ReadonlySet<string> = new Set(['range', 'generate_series', 'unnest', 'generate_subscripts'])

/** Functions that reach for files, the environment, other statements or DuckDB itself, wherever they stand. */
const FORBIDDEN_FUNCTIONS =
	/^(?:read_|write_|parquet_|glob$|sniff_|query$|query_table$|getenv|get_?variable|current_setting|duckdb_|pragma_|which_secret|install|load|copy|checkpoint|force_checkpoint|vacuum|nextval|currval|add_parquet_key|enable_|disable_|set_|.*_scan$|iceberg_|delta_|postgres_|mysql_|sqlite_|ducklake_|http)/

/** Functions in whose arguments FROM stands. */
const FROM_FUNCTIONS: ReadonlySet<string> = new Set(['extract', 'substring', 'trim', 'overlay', 'position'])

const BEGINNINGS: ReadonlySet<string> = new Set(['select', 'with', 'from', 'values', '(', 'pivot', 'unpivot', 'summarize'])

/** Words that end a list of relations. */
const ENDS: ReadonlySet<string> = new Set(
	'where group having window qualify order limit offset union except intersect select sample on using returning set'.split(' '),
)

/**
 * @param tables Names of the schema's tables.
 * @throws `READ_ONLY` for what is not one SELECT; `DIALECT_UNSUPPORTED` for a relation or function that is none of the lake's.
 */
export function duckdbStatement(sql: string, tables: readonly string[]): DuckDBStatement {
	const tokens = tokensOf(sql)
	if (tokens === undefined)
		throw new SQLakeError('SQL_PARSE', 'expected one SELECT of DuckDB, found a quote or comment without end')
	while (tokens.at(-1)?.text === ';' && tokens.at(-1)?.kind === 'symbol') tokens.pop()
	const [first] = tokens
	if (first === undefined || first.kind === 'text' || !BEGINNINGS.has(first.text)) {
		throw new SQLakeError('READ_ONLY', `a lake query only reads: expected a SELECT, found ${first?.text ?? 'nothing'}`)
	}
	if (tokens.some(({ kind, text }) => kind === 'symbol' && text === ';')) {
		throw new SQLakeError('READ_ONLY', 'a lake query only reads: expected one SELECT, found several statements')
	}
	const known = new Map(tables.map((name) => [name.toLowerCase(), name]))
	const used = new Set<string>()
	const named = commonNames(tokens)
	for (const [index, token] of tokens.entries()) {
		const isCall = tokens[index + 1]?.text === '(' && tokens[index + 1]?.kind === 'symbol'
		const isName = token.kind === 'word' || token.kind === 'quoted'
		if (isName && isCall && FORBIDDEN_FUNCTIONS.test(token.text.toLowerCase()))
			throw forbidden(`the function ${token.text}()`, token)
	}
	for (const index of relationPositions(tokens)) {
		const token = tokens[index]
		if (token === undefined || token.text === '(' || token.kind === 'parameter') continue
		// A sub-query in parentheses has a FROM of its own.
		if (token.kind === 'word' && /^(?:select|with|from|values)$/.test(token.text) && tokens[index - 1]?.text === '(') continue
		if (token.kind === 'text') throw forbidden(`the file '${token.text}'`, token)
		const name = token.text.toLowerCase()
		const next = tokens[index + 1]
		if (next?.text === '(' && token.kind !== 'symbol') {
			if (!TABLE_FUNCTIONS.has(name)) throw forbidden(`the table function ${token.text}()`, token)
			continue
		}
		const qualified = next?.text === '.' && next.kind === 'symbol'
		const last = qualified ? (tokens[index + 2]?.text.toLowerCase() ?? '') : name
		if (qualified && name !== 'main' && !known.has(name) && !named.has(name))
			throw forbidden(`the table ${token.text}.${last}`, token)
		const table = known.get(last)
		if (table !== undefined && !named.has(last)) used.add(table)
		else if (!named.has(last) && !(qualified && known.has(name))) {
			throw new SQLakeError('ROUTE_UNKNOWN_TABLE', `table "${last}": expected a table of the schema, found none of that name`, {
				hint: `The schema has ${tables.join(', ')}.`,
				details: { table: last },
			})
		}
	}
	return { tables: [...used], parameterCount: parameterCount(tokens) }
}

/** Names of common table expressions: `name AS (`, `name(a, b) AS (`, and with MATERIALIZED. */
function commonNames(tokens: readonly Token[]): ReadonlySet<string> {
	const names = new Set<string>()
	for (const [index, { kind, text }] of tokens.entries()) {
		if (kind !== 'word' || text !== 'as') continue
		let open = index + 1
		while (['not', 'materialized'].includes(tokens[open]?.text ?? '')) open += 1
		if (tokens[open]?.text !== '(' || !/^(?:select|with|from|values|\()$/.test(tokens[open + 1]?.text ?? '')) continue
		let before = index - 1
		if (tokens[before]?.text === ')') while (before > 0 && tokens[before]?.text !== '(') before -= 1
		if (tokens[before]?.text === '(') before -= 1
		const name = tokens[before]
		if (name?.kind === 'word' || name?.kind === 'quoted') names.add(name.text.toLowerCase())
	}
	return names
}

/** Positions at which relations stand. */
function* relationPositions(tokens: readonly Token[]): Generator<number> {
	/** For each parenthesis that is open: whether a list of relations is, and whether FROM means something else within. */
	const levels = [{ inFrom: false, isCall: false }]
	for (const [index, { kind, text }] of tokens.entries()) {
		const level = levels.at(-1) ?? { inFrom: false, isCall: false }
		const previous = tokens[index - 1]
		if (kind === 'symbol' && text === '(') {
			const opensRelation = level.inFrom && (previous?.text === '(' || isRelationStart(previous))
			const isQuery = /^(?:select|with|from|values)$/.test(tokens[index + 1]?.text ?? '')
			levels.push({ inFrom: opensRelation && !isQuery, isCall: previous?.kind === 'word' && FROM_FUNCTIONS.has(previous.text) })
			if (opensRelation) yield index + 1
		} else if (kind === 'symbol' && text === ')') levels.pop()
		else if (kind === 'word' && text === 'from' && !level.isCall && previous?.text !== 'distinct') {
			level.inFrom = true
			yield next(tokens, index)
		} else if (kind === 'word' && text === 'join') {
			level.inFrom = true
			yield next(tokens, index)
		} else if (kind === 'symbol' && text === ',' && level.inFrom) yield next(tokens, index)
		else if (kind === 'word' && ENDS.has(text)) level.inFrom = false
		else if (kind === 'word' && /^(?:pivot|unpivot|summarize|table)$/.test(text) && index === 0) yield index + 1
	}
}

function isRelationStart(token: Token | undefined): boolean {
	return token?.kind === 'word' ? /^(?:from|join|lateral)$/.test(token.text) : token?.text === ','
}

/** What follows, LATERAL aside. */
function next(tokens: readonly Token[], index: number): number {
	return tokens[index + 1]?.text === 'lateral' ? index + 2 : index + 1
}

function parameterCount(tokens: readonly Token[]): number {
	let count = 0
	let unnumbered = 0
	for (const { kind, text, offset } of tokens) {
		if (kind !== 'parameter') continue
		const number = /^[$?](\d+)$/.exec(text)?.[1]
		if (number !== undefined) count = Math.max(count, Number(number))
		else if (text === '?') unnumbered += 1
		else throw new SQLakeError('QUERY_FAILED', `the parameter ${text}: expected ? or $1, found a name`, { details: { offset } })
	}
	return Math.max(count, unnumbered)
}

function forbidden(construct: string, { offset }: Token): SQLakeError {
	return new SQLakeError('DIALECT_UNSUPPORTED', `${construct} cannot be read in a lake query`, {
		hint: 'A lake query reads the tables of the schema; range(), generate_series() and unnest() may stand beside them.',
		details: { construct, offset },
	})
}
