/**
 * DuckDB's errors as sqlake's.
 *
 * @module
 */
import { messageOf, SQLakeError } from '../../errors.ts'
import { dialectError } from '../dialect/run-time-error.ts'

/** Some of DuckDB-WASM's errors are JSON. */
const JSON_ERROR = /^\{"exception_type":/

/** What DuckDB puts before the error that ended a result in the middle. */
const WRAPPED_ERROR = /^Attempting to (?:execute|fetch from) an unsuccessful or closed [^\n]*\nError: (.*)$/s

/** DuckDB's limits of 1,000 levels, for expressions and for what its parser takes in. */
const TOO_DEEP = /^[^\n]*Max expression depth limit of \d+ exceeded/

/**
 * What is said where there is no memory: for a block of a table, for anything else, by C++, and by JavaScript in a function that is
 * called back. Most of it comes inside of another message, or of JSON that was cut short.
 */
const OUT_OF_MEMORY =
	/(?:^|[":] ?)(?:Out of Memory\b|(?:could not|failed to) allocate |std::bad_alloc|Invalid (?:string|array|typed array) length|Array buffer allocation failed)/i

/** The message of an error of DuckDB, in one form. */
export function duckdbMessage(error: unknown): string {
	const message = messageOf(error)
	if (!JSON_ERROR.test(message)) return message
	try {
		const { exception_type: type, exception_message: text }: { exception_type?: unknown; exception_message?: unknown } =
			JSON.parse(message)
		return WRAPPED_ERROR.exec(String(text))?.[1] ?? `${String(type)} Error: ${String(text)}`
	} catch {
		// Cut short by DuckDB: the raw text still says more than a complaint about its form.
		return message
	}
}

/**
 * The error that a query ends with when DuckDB refused something.
 *
 * @param memoryLimitBytes Named in the message of ANALYTICS_MEMORY.
 */
export function engineError(error: unknown, memoryLimitBytes: number): SQLakeError {
	if (SQLakeError.is(error)) return error
	const message = duckdbMessage(error)
	if (OUT_OF_MEMORY.test(message)) return memoryError(error, memoryLimitBytes)
	if (TOO_DEEP.test(message)) {
		return new SQLakeError('STATEMENT_LIMIT', 'the query is nested deeper than the analytics engine can follow', {
			hint: 'write many alternatives as IN (...), and deep steps one after the other',
			cause: error,
		})
	}
	const refused = dialectError(message)
	return refused ?? new SQLakeError('ANALYTICS_FAILED', message, { cause: error })
}

/** The error of a query that needs more memory than it may have. */
export function memoryError(cause: unknown, memoryLimitBytes: number): SQLakeError {
	return new SQLakeError('ANALYTICS_MEMORY', `the query needs more than its ${memoryLimitBytes} bytes of memory`, {
		hint: 'Read fewer columns, narrow the shards or the time, aggregate before joining, or raise the memory limit of the engine.',
		cause,
		details: { memoryLimitBytes },
	})
}
