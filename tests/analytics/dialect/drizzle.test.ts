import { expect, test } from 'vitest'
import { DRIZZLE_SETUP, drizzleQueries } from './drizzle.ts'
import { openNative, openWasm } from './engines.ts'
import { ParityDatabase } from './parity.ts'

test.each([
	['native DuckDB', openNative],
	['DuckDB-WASM', openWasm],
] as const)(
	'every query of the builder has the same answer on SQLite and on %s',
	async (_, open) => {
		const engine = await open()
		const database = await ParityDatabase.open(engine, DRIZZLE_SETUP)
		const queries = drizzleQueries()
		for (const query of queries) {
			expect({ query: query.name, sql: query.sql, ...(await database.compare(query)) }).toEqual({
				query: query.name,
				sql: query.sql,
				kind: 'equal',
			})
		}
		expect(queries.length).toBeGreaterThanOrEqual(300)
		await database.close()
		engine.close()
	},
	60_000,
)
