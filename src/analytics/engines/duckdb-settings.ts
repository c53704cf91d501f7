/**
 * The settings under which DuckDB answers as SQLite does, and reaches for nothing outside.
 *
 * @module
 */
import type { EngineOptions } from '../query-engine.ts'
import { quoteText } from './duckdb-sql.ts'

/** Memory that an engine may take unless told otherwise: what a Worker's 128 MB leave it beside the module and the decoder. */
export const DEFAULT_MEMORY_LIMIT_BYTES = 64 * 1024 * 1024

/** Milliseconds that a query may take unless told otherwise. */
export const DEFAULT_TIMEOUT_MS = 30_000

/**
 * Statements that an instance runs before anything else, in this order. The last one makes them last: nothing that runs later
 * can change a setting, load an extension, or open a file that is not named here.
 *
 * @param paths Files that may be read, by the paths under which statements name them; none for an engine without files.
 */
export function settingStatements(options: EngineOptions, paths: readonly string[] = []): string[] {
	return [
		// A missing extension would be downloaded; where there is no network that call never returns.
		'SET GLOBAL autoinstall_known_extensions = false',
		'SET GLOBAL autoload_known_extensions = false',
		// SQLite: 7 / 2 is 3, NULL sorts first, 1 / 0 is NULL, a scalar sub-query takes its first row.
		'SET GLOBAL integer_division = true',
		"SET GLOBAL default_null_order = 'sqlite'",
		'SET GLOBAL ieee_floating_point_ops = false',
		'SET GLOBAL scalar_subquery_error_on_multiple_rows = false',
		`SET GLOBAL memory_limit = '${Math.floor(options.memoryLimitBytes / 1024)}KiB'`,
		`SET GLOBAL threads = ${options.threads}`,
		// Without a temporary directory a query that needs more memory fails, instead of filling the disk.
		"SET GLOBAL temp_directory = ''",
		'SET GLOBAL allow_persistent_secrets = false',
		...(paths.length === 0 ? [] : [`SET GLOBAL allowed_paths = [${paths.map(quoteText).join(', ')}]`]),
		'SET GLOBAL enable_external_access = false',
		'SET GLOBAL lock_configuration = true',
	]
}
