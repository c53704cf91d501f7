/**
 * What a Durable Object's SQLite refuses and Node's would do, so that what runs here runs there as well
 * (https://developers.cloudflare.com/durable-objects/platform/limits/).
 *
 * @module
 */
import type { DatabaseLimits } from 'node:sqlite'
import { splitStatements } from '../migrator/split-statements.ts'
import { tokenizeSql } from '../migrator/sql-tokens.ts'

/** Sizes of one statement. Node before 24.15 has no such limits, and does not look at them. */
export const PLATFORM_LIMITS: Partial<DatabaseLimits> = {
	/** Bytes. */
	sqlLength: 100_000,
	column: 100,
	/** Terms of UNION and the like. */
	compoundSelect: 5,
	functionArg: 32,
	/** Bytes. */
	likePatternLength: 50,
	variableNumber: 100,
	attach: 0,
}

/** The pragmas that a Durable Object has. */
const PRAGMAS: ReadonlySet<string> = new Set([
	'case_sensitive_like',
	'data_version',
	'defer_foreign_keys',
	'foreign_key_check',
	'foreign_key_list',
	'foreign_keys',
	'ignore_check_constraints',
	'index_info',
	'index_list',
	'index_xinfo',
	'legacy_alter_table',
	'optimize',
	'quick_check',
	'recursive_triggers',
	'reverse_unordered_selects',
	'table_info',
	'table_list',
	'table_xinfo',
])

/**
 * Refuses the pragmas that a Durable Object refuses, in its words.
 *
 * @param sql - one statement, or several
 * @throws Error `not authorized`
 */
export function assertPlatformPragmas(sql: string): void {
	// Most statements are spared a second look.
	if (!/pragma/i.test(sql)) return
	for (const statement of splitStatements(sql)) {
		const [keyword, name, dot, qualified] = tokenizeSql(statement).map(({ text }) => text.toLowerCase())
		if (keyword !== 'pragma') continue
		const pragma = (dot === '.' ? qualified : name) ?? ''
		if (!PRAGMAS.has(pragma)) throw new Error(`not authorized: PRAGMA ${pragma}`)
	}
}
