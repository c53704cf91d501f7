/**
 * What a statement that sqlake did not print can reach, on the engine itself: no check stands in front of it here. The suite runs
 * on each engine.
 *
 * @module
 */
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import type { EngineTable, QueryEngine } from '../../src/analytics/query-engine.ts'
import { SQLakeError } from '../../src/errors.ts'
import type { ObjectStore } from '../../src/lake/storage/object-store.ts'
import { foreignStatement } from '../analytics/support/foreign-statement.ts'

/** Where the secret stands that no query may see. */
export interface Secrets {
	/** Text that only a file or a table has that is none of the query's. */
	readonly secret: string
	/** Paths of such files, as a statement may name them. */
	readonly paths: readonly string[]
	/** Tells whether all is as it was: no file was changed, none was made. */
	isUntouched(): Promise<boolean>
}

/** What the suite needs of an engine's surroundings. */
export interface IsolationSetting {
	readonly engine: QueryEngine
	readonly store: ObjectStore
	/** A table of one row, 1. */
	readonly own: EngineTable
	/** A table of one row, the secret, of another query. */
	readonly other: EngineTable
	readonly secrets: Secrets
}

const RUNS = Number(process.env.SQLAKE_FUZZ_RUNS ?? 150)
const SEED = process.env.SQLAKE_FUZZ_SEED === undefined ? {} : { seed: Number(process.env.SQLAKE_FUZZ_SEED) }

/** @param open Makes the setting; the engine is closed at the end. */
export function engineIsolationContract(name: string, open: () => Promise<IsolationSetting>): void {
	describe(`${name} shows a statement nothing but the tables of its query`, { timeout: 60_000 }, () => {
		const opened = open()
		afterAll(async () => (await opened).engine.close())

		const run = async (sql: string, tables?: readonly EngineTable[]) => {
			const { engine, store, own } = await opened
			const query = { store, tables: tables ?? [own], views: [], sql, params: [] }
			return engine.run(query, { timeoutMs: 20_000 })
		}
		const attempt = async (sql: string) => {
			const { secrets } = await opened
			const found = await run(sql).then(
				({ rows }) => ({ rows, error: undefined }),
				(error: unknown) => ({ rows: [], error }),
			)
			expect(String(found.rows.flat())).not.toContain(secrets.secret)
			return found.error
		}
		const reaches = (path: string) => [
			`SELECT (TABLE '${path}')`,
			`SELECT CAST(one AS VARCHAR) FROM own UNION ALL TABLE '${path}'`,
			`SELECT *, 1FROM '${path}'`,
			`FROM (WITH "${path}" AS (SELECT 1) SELECT 1) a, "${path}"`,
			`FROM json_execute_serialized_sql(json_serialize_sql('SELECT content FROM read_text(''${path}'')'))`,
			`FROM read_text('${path}')`,
			`FROM read_blob('${path}')`,
			`FROM read_csv('${path}', header = false)`,
			`FROM read_csv_auto('${path}', all_varchar = true)`,
			`FROM read_json('${path}')`,
			`FROM read_parquet('${path}')`,
			`FROM parquet_metadata('${path}')`,
			`FROM parquet_kv_metadata('${path}')`,
			`FROM sniff_csv('${path}')`,
			`FROM glob('${path}*')`,
			`FROM query('FROM ''${path}''')`,
			`FROM query_table('${path}')`,
			`SELECT * FROM own, LATERAL (FROM '${path}')`,
			`SELECT (SELECT content FROM read_text('${path}')) FROM own`,
			`FROM read_duckdb('${path}')`,
			`FROM 'file://${path}'`,
			`FROM query(CASE WHEN random() < 0.5 THEN 'SELECT 1' ELSE 'FROM read_text(''${path}'')' END)`,
		]

		it('no file of the machine, by whatever way it is named', async () => {
			const { secrets } = await opened
			for (const path of secrets.paths) for (const sql of reaches(path)) await attempt(sql)
			expect(await secrets.isUntouched()).toBe(true)
		})

		it.each([
			"COPY (SELECT 1) TO '$'",
			"COPY own TO '$' (USE_TMP_FILE false)",
			"EXPORT DATABASE '$'",
			"IMPORT DATABASE '$'",
			"ATTACH '$' AS stolen",
			"ATTACH ':memory:' AS left_behind",
			'INSTALL httpfs',
			'LOAD httpfs',
			"LOAD '$'",
			'SET enable_external_access = true',
			'SET GLOBAL threads = 1',
			'RESET lock_configuration',
			"SET allowed_paths = ['$']",
			'SET VARIABLE left_behind = 1',
			'PRAGMA enable_profiling',
			"PRAGMA profiling_output = '$'",
			'CREATE TABLE left_behind (a INTEGER)',
			'CREATE TEMP TABLE left_behind (a INTEGER)',
			'CREATE TEMP VIEW left_behind AS SELECT 1',
			'CREATE MACRO left_behind() AS 1',
			'CREATE TEMP MACRO left_behind() AS 1',
			'CREATE SCHEMA left_behind',
			'CREATE SEQUENCE left_behind',
			'CREATE TYPE left_behind AS INTEGER',
			'PREPARE left_behind AS SELECT 1',
			'SELECT 1; SELECT 2',
			'SELECT 1; CREATE MACRO left_behind() AS 1',
			'EXPLAIN ANALYZE SELECT 1',
			'CALL duckdb_tables()',
			'CHECKPOINT',
			'BEGIN',
			'COMMIT',
			'USE temp',
			'',
			'-- nothing',
		])('nothing to run but a SELECT: %s', async (sql) => {
			const { secrets } = await opened
			for (const path of secrets.paths.slice(0, 1)) {
				const error = await attempt(sql.replaceAll('$', path))
				expect(SQLakeError.is(error)).toBe(true)
			}
			expect(SQLakeError.is(await attempt('SELECT left_behind()'))).toBe(true)
			expect(SQLakeError.is(await attempt('FROM left_behind'))).toBe(true)
			expect((await run('SELECT one, (SELECT count(*) FROM duckdb_databases() WHERE NOT internal) FROM own')).rows).toEqual([
				[1, 1],
			])
			expect(await secrets.isUntouched()).toBe(true)
		})

		it.each(["SELECT getvariable('left_behind')", "SELECT current_setting('left_behind')", 'FROM duckdb_secrets()'])(
			'nothing that was set elsewhere: %s',
			async (sql) => {
				await attempt('SET VARIABLE left_behind = 1')
				const found = await run(sql).catch(() => ({ rows: [] }))
				expect(found.rows.flat().filter((value) => value !== null)).toEqual([])
			},
		)

		it('no setting that it could change, and no host', async () => {
			const locked = await run(
				"SELECT current_setting('enable_external_access'), current_setting('lock_configuration'), current_setting('temp_directory')",
			)
			expect(locked.rows).toEqual([[0, 1, '']])
			expect(SQLakeError.is(await attempt("SELECT getenv('HOME')"))).toBe(true)
		})

		it('no table of another query, before, beside or after it', async () => {
			const { engine, store, other, secrets } = await opened
			const names = async () => {
				const { rows } = await run(
					"SELECT table_name FROM duckdb_tables() UNION ALL SELECT view_name FROM duckdb_views() WHERE NOT internal AND view_name <> 'own'",
				)
				return rows.flat().map(String)
			}
			const before = (await names()).length
			const theirs = { store, tables: [other], views: [], sql: 'FROM other', params: [] }
			const seen: string[] = []
			for (const printed of [true, false]) {
				expect((await engine.run({ ...theirs, printed }, { timeoutMs: 20_000 })).rows).toEqual([[secrets.secret]])
				seen.push(...(await names()).slice(before))
				const reading = engine.stream({ ...theirs, printed, sql: 'FROM other, range(10000)' }, { timeoutMs: 20_000 })
				await reading.next()
				await reading.next()
				seen.push(...(await names()).slice(before))
				for (const name of ['other', '_sqlake_loaded_1', '_sqlake_loaded_2', '_sqlake_loaded_3']) await attempt(`FROM "${name}"`)
				await reading.return()
			}
			expect(seen).toEqual([])
		})

		it('none of this, whatever a statement is put together of', async () => {
			const { secrets } = await opened
			const property = fc.asyncProperty(foreignStatement(secrets.paths), async (sql) => {
				const error = await attempt(sql)
				if (error !== undefined && !SQLakeError.is(error)) throw error
			})
			await fc.assert(property, { numRuns: RUNS, ...SEED })
			expect(await secrets.isUntouched()).toBe(true)
			expect((await run('SELECT one FROM own')).rows).toEqual([[1]])
		}, 600_000)
	})
}
