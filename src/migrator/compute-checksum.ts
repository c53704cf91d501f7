import { sha256Hex } from '../schema/sha256.ts'
import { tokenizeSql } from './sql-tokens.ts'

/**
 * The checksum of a migration: SHA-256 over its normalised SQL. Line ends, white space between tokens, comments and spare
 * semicolons do not change it, nor whether statements are divided by `;` or by drizzle-kit's breakpoints; every other
 * character does, those of texts and names above all.
 *
 * @param sql - the text of a migration or of a down script
 * @returns 64 lower case hex digits
 * @example
 * ```ts
 * import { computeChecksum } from 'sqlake/do'
 *
 * computeChecksum('SELECT 1;') === computeChecksum('SELECT  1 -- one') // true
 * computeChecksum("SELECT 'a'") === computeChecksum("SELECT 'a '") // false
 * ```
 */
export function computeChecksum(sql: string): string {
	return sha256Hex(normalizeSql(sql))
}

/** SQL with one space between tokens and one semicolon between statements. Two texts are equal here if SQLite reads them alike. */
function normalizeSql(sql: string): string {
	const normalized: string[] = []
	let pendingSemicolon = false
	for (const { kind, text } of tokenizeSql(sql)) {
		if (kind === 'semicolon' || kind === 'breakpoint') {
			pendingSemicolon = normalized.length > 0
			continue
		}
		if (pendingSemicolon) normalized.push(';')
		pendingSemicolon = false
		normalized.push(text)
	}
	return normalized.join(' ')
}
