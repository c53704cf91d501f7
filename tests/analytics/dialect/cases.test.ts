import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SETUP } from './cases/data.ts'
import { GROUPS } from './cases/index.ts'
import { openNative, openWasm } from './engines.ts'
import { type DialectEngine, ParityDatabase } from './parity.ts'

describe.each([
	['native DuckDB', openNative],
	['DuckDB-WASM', openWasm],
] as const)('hand-written queries on %s', (_, open) => {
	let engine: DialectEngine
	let database: ParityDatabase
	beforeAll(async () => {
		engine = await open()
		database = await ParityDatabase.open(engine, SETUP)
	}, 60_000)
	afterAll(async () => {
		await database.close()
		engine.close()
	})

	describe.each(GROUPS.map((group) => [group.title, group] as const))('%s', (_, { constructs }) => {
		test.each(constructs.map((construct) => [construct.name, construct] as const))(
			'%s',
			async (_, { same = [], refused = [] }) => {
				for (const sql of same) expect({ sql, ...(await database.compare({ sql })) }).toEqual({ sql, kind: 'equal' })
				for (const sql of refused) {
					expect({ sql, ...(await database.compare({ sql })) }).toMatchObject({
						sql,
						kind: 'refused',
						code: 'DIALECT_UNSUPPORTED',
					})
				}
			},
		)
	})
})
