import { expect, test } from 'vitest'
import { SETUP } from './cases/data.ts'
import { openNative, openWasm } from './engines.ts'
import { ParityDatabase } from './parity.ts'
import { RandomQueries } from './random-query.ts'

/** More in one go: DIALECT_SEED=7 DIALECT_QUERIES=100000. */
const seed = Number(process.env.DIALECT_SEED ?? 20_261_123)
const count = Number(process.env.DIALECT_QUERIES ?? 250)

test.each([
	['native DuckDB', openNative, 1],
	['DuckDB-WASM', openWasm, 2],
] as const)(
	'random queries on %s have the answer of SQLite or are refused',
	async (_, open, salt) => {
		const engine = await open()
		const database = await ParityDatabase.open(engine, SETUP)
		const queries = new RandomQueries(seed + salt)
		let equal = 0
		for (let i = 0; i < count; i++) {
			const sql = queries.next()
			const outcome = await database.compare({ sql })
			// SQLite computes constants before it looks for positions among the terms, and refuses `ORDER BY ('a' IS NULL)`.
			if (outcome.kind === 'wrong' && outcome.message.includes('BY term out of range')) continue
			expect(outcome.kind === 'wrong' ? { query: sql, ...outcome } : null).toBeNull()
			if (outcome.kind === 'equal') equal += 1
		}
		expect(equal).toBeGreaterThan(count * 0.7)
		await database.close()
		engine.close()
	},
	Math.max(60_000, count * 100),
)
