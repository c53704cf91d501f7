import { describe, expect, test } from 'vitest'
import { openNative, openWasm } from './engines.ts'
import { ParityDatabase } from './parity.ts'
import { readSqllogictest, SAMPLE } from './sqllogictest.ts'

describe('the sample of sqllogictest', () => {
	test.each([
		['native DuckDB, every query', openNative, 1],
		['DuckDB-WASM, every tenth', openWasm, 10],
	] as const)(
		'has the same answers on SQLite and on %s',
		async (_, open, every) => {
			const engine = await open()
			const others: string[] = []
			let count = 0
			for (const { setup, q } of readSqllogictest(SAMPLE)) {
				const database = await ParityDatabase.open(engine, setup)
				for (const [index, [sql]] of q.entries()) {
					if (index % every !== 0) continue
					count += 1
					const outcome = await database.compare({ sql, ordered: false })
					if (outcome.kind !== 'equal') others.push(`${sql}: ${JSON.stringify(outcome)}`)
				}
				await database.close()
			}
			engine.close()
			expect(others).toEqual([])
			expect(count).toBeGreaterThan(2_000 / every)
		},
		120_000,
	)
})
