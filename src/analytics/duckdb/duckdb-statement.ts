/**
 * A statement in DuckDB's own dialect, for queries that ask for it: which tables of the schema it reads, as DuckDB itself binds it.
 *
 * What is refused here is refused for the sake of a good message. That nothing else can be read is the engine's: it has nothing
 * but the files of the query's plan, and cannot be told otherwise.
 *
 * @module
 */
import { SQLakeError, type SQLakeErrorCode } from '../../errors.ts'
import type { EngineLimits, EnginePlan, InspectedStatement, QueryEngine } from '../query-engine.ts'

/** Table functions that make rows out of nothing but their arguments. */
const TABLE_FUNCTIONS: ReadonlySet<string> = new Set(['range', 'generate_series', 'unnest'])

/** What a statement begins with that may be one SELECT; DuckDB knows what a statement is once its tables are known. */
const READS = /^(?:\s|\(|--[^\n]*\n|\/\*.*?\*\/)*(?:select|with|from|values|table|pivot|unpivot|summarize|describe|show)\b/is

/** What DuckDB says of a statement that it refuses. */
const REFUSALS: readonly (readonly [message: RegExp, code: SQLakeErrorCode])[] = [
	[/^(?:Failed to extract statements: )?Parser Error/, 'SQL_PARSE'],
	[/^Catalog Error: .* is not an table|^Binder Error: Can only (?:insert|update|delete)/, 'READ_ONLY'],
	[/^Catalog Error: Table with name|^Binder Error: Catalog /, 'ROUTE_UNKNOWN_TABLE'],
	[/^Permission Error|^Catalog Error: Table Function with name/, 'DIALECT_UNSUPPORTED'],
	[
		/^Invalid Input Error: Values were not provided|^Invalid Input Error: Parameter argument\/count mismatch|excess parameters/,
		'QUERY_FAILED',
	],
]

/**
 * @param statement With all tables of the schema.
 * @returns positions of the tables that it reads.
 * @throws `SQL_PARSE`; `READ_ONLY` for what is not one SELECT; `ROUTE_UNKNOWN_TABLE`; `DIALECT_UNSUPPORTED` for a file, another
 *   database, or a function that reads something else; `QUERY_FAILED` for another number of values; or as the engine does.
 */
export async function duckdbStatement(
	engine: Pick<QueryEngine, 'inspect'>,
	statement: InspectedStatement,
	limits: EngineLimits,
): Promise<EnginePlan['relations']> {
	const { relations, functions, others } = await engine.inspect(statement, limits).catch((error: unknown) => {
		throw refusal(error, statement)
	})
	const [other] = others
	if (other !== undefined) throw unknownTable(`table "${other}": expected a table of the schema`, statement)
	const called = [...functions].find((name) => !TABLE_FUNCTIONS.has(name))
	if (called !== undefined) throw unsupported(`the table function ${called}() cannot be read in a lake query`)
	return relations
}

/** The same error under the code that says what to do. */
function refusal(error: unknown, statement: InspectedStatement): unknown {
	if (!SQLakeError.is(error, 'ANALYTICS_FAILED')) return error
	const code = REFUSALS.find(([message]) => message.test(error.message))?.[1]
	if (code === 'READ_ONLY' || (code !== 'SQL_PARSE' && !READS.test(statement.sql))) {
		return new SQLakeError('READ_ONLY', 'a lake query only reads: expected one SELECT, found another statement', { cause: error })
	}
	if (code === undefined) return error
	if (code === 'ROUTE_UNKNOWN_TABLE') return unknownTable(error.message, statement)
	if (code === 'DIALECT_UNSUPPORTED') return unsupported(error.message, error)
	return new SQLakeError(code, error.message, { cause: error })
}

function unknownTable(message: string, { relations }: InspectedStatement): SQLakeError {
	return new SQLakeError('ROUTE_UNKNOWN_TABLE', message, {
		hint: `The schema has ${relations.map(({ name }) => name).join(', ')}.`,
	})
}

function unsupported(message: string, cause?: unknown): SQLakeError {
	return new SQLakeError('DIALECT_UNSUPPORTED', message, {
		hint: 'A lake query reads the tables of the schema; range(), generate_series() and unnest() may stand beside them.',
		cause,
	})
}
