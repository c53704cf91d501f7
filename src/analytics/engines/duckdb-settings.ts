/**
 * The settings under which DuckDB answers as SQLite does, and reaches for nothing outside.
 *
 * @module
 */
import type { EngineOptions } from '../query-engine.ts'

/** Memory that an engine may take unless told otherwise: what a Worker's 128 MB leave it beside the module and the decoder. */
export const DEFAULT_MEMORY_LIMIT_BYTES = 64 * 1024 * 1024

/** Milliseconds that a query may take unless told otherwise. */
export const DEFAULT_TIMEOUT_MS = 30_000

/** Statements that every connection runs before its first query: most of the settings belong to the connection. */
export function settingStatements(options: EngineOptions): string[] {
	return [
		// A missing extension would be downloaded; where there is no network that call never returns.
		'SET autoinstall_known_extensions = false',
		'SET autoload_known_extensions = false',
		// SQLite: 7 / 2 is 3, NULL sorts first, 1 / 0 is NULL, a scalar sub-query takes its first row.
		'SET integer_division = true',
		"SET default_null_order = 'sqlite'",
		'SET ieee_floating_point_ops = false',
		'SET scalar_subquery_error_on_multiple_rows = false',
		`SET memory_limit = '${Math.floor(options.memoryLimitBytes / 1024)}KiB'`,
		`SET threads = ${options.threads}`,
	]
}
