import type { LakeDialect, WireValue } from '../../driver/transport.ts'
import { SQLakeError } from '../../errors.ts'
import { type ParsedStatement, parseSQL } from '../../router/parse-sql.ts'
import { count } from '../count.ts'
import type { Params } from './parse-params.ts'

/** Values as `node:sqlite` binds them: those of `?` in their order, those of `?1` and `:name` by that name. */
export interface Bindings {
	readonly named: Readonly<Record<string, WireValue>>
	readonly anonymous: readonly WireValue[]
}

/**
 * The values in the order of a statement's parameters.
 *
 * @param dialect - of another one than SQLite's only an array is taken, as it is
 * @throws SQLakeError USAGE_INVALID where one is missing or too many are there; SQL_PARSE
 */
export function positionalParams(sql: string, params: Params, dialect: LakeDialect = 'sqlite'): readonly WireValue[] {
	if (dialect === 'sqlite') return order(parseSQL(sql), params)
	if (params instanceof Map) throw usage("expected a JSON array for a query in DuckDB's dialect, found an object")
	return [...params.values()]
}

/**
 * The values as `node:sqlite` binds them. Of a statement that only SQLite itself understands an array is taken for values of `?`.
 *
 * @throws SQLakeError USAGE_INVALID where one is missing or too many are there
 */
export function bindingsOf(sql: string, params: Params): Bindings {
	const parsed = parse(sql)
	if (parsed === null && Array.isArray(params)) return { named: {}, anonymous: params }
	const { parameters, ...statement } = parsed ?? parseSQL(sql)
	const values = order({ parameters, ...statement }, params)
	const named: Record<string, WireValue> = {}
	const anonymous: WireValue[] = []
	for (const [{ name }, position] of [...parameters].sort(([a], [b]) => a.span.offset - b.span.offset)) {
		const value = values[position] ?? null
		if (name === '?') anonymous.push(value)
		else named[name] = value
	}
	return { named, anonymous }
}

/** null where SQLite may know more than the parser does. */
function parse(sql: string): ParsedStatement | null {
	try {
		return parseSQL(sql)
	} catch (error) {
		if (SQLakeError.is(error, 'SQL_PARSE')) return null
		throw error
	}
}

function order({ parameters, parameterCount }: ParsedStatement, params: Params): readonly WireValue[] {
	if (!(params instanceof Map)) {
		const values = [...params.values()]
		if (values.length === parameterCount) return values
		throw usage(`expected ${count(parameterCount, 'value')} for the parameters of the statement, found ${values.length}`)
	}
	const values = new Array<WireValue>(parameterCount).fill(null)
	const unused = new Set(params.keys())
	for (const [{ name }, position] of parameters) {
		const key = name.replace(/^[:@$?]/, '')
		const value = params.get(key)
		if (value === undefined) throw usage(`expected a value for ${name}, found none`)
		unused.delete(key)
		values[position] = value
	}
	const [stray] = unused
	if (stray !== undefined) throw usage(`found a value for ${stray}, which the statement has no parameter for`)
	return values
}

function usage(message: string): SQLakeError {
	return new SQLakeError('USAGE_INVALID', `--params: ${message}`, { hint: `--params '["ada", 5]', or '{"id": "ada"}' for :id` })
}
