/**
 * A sample of the SELECTs of SQLite's sqllogictest.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'

/** The queries of one file, with the statements that make their tables. */
export interface SqllogictestFile {
	readonly file: string
	readonly setup: readonly string[]
	readonly q: readonly (readonly [sql: string, ...rest: unknown[]])[]
}

/** Reads a sample. */
export function readSqllogictest(path: string): SqllogictestFile[] {
	return JSON.parse(gunzipSync(readFileSync(path)).toString()) as SqllogictestFile[]
}

/** The sample that the tests run. */
export const SAMPLE = fileURLToPath(new URL('../../fixtures/dialect/sqllogictest-sample.json.gz', import.meta.url).href)
