import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { snapshotOf, statementsBetween } from '../../../src/cli/generate/drizzle-kit.ts'
import { createAllSql } from '../../../src/cli/generate/snapshot-sql.ts'
import { shapeOf } from '../../../src/cli/generate/try-on-sqlite.ts'
import { openDatabase } from '../../../src/local/node-sqlite.ts'
import { schemaPair, tablesOf } from './random-schema.ts'

describe('statements between random schemas', () => {
	it('make the new schema of the old one, and those the other way round undo them', async () => {
		await fc.assert(
			fc.asyncProperty(schemaPair, async ([before, after]) => {
				const prev = await snapshotOf(tablesOf(before), null, undefined)
				const cur = await snapshotOf(tablesOf(after), prev, undefined)
				const database = openDatabase(':memory:', { enableForeignKeyConstraints: false })
				for (const statement of createAllSql(prev)) database.exec(statement)
				const shape = shapeOf(database)
				for (const statement of await statementsBetween(prev, cur)) database.exec(statement)
				const fresh = openDatabase(':memory:')
				for (const statement of createAllSql(cur)) fresh.exec(statement)
				expect(shapeOf(database)).toEqual(shapeOf(fresh))
				for (const statement of await statementsBetween(cur, prev)) database.exec(statement)
				expect(shapeOf(database)).toEqual(shape)
				database.close()
				fresh.close()
			}),
			{ seed: 4, numRuns: 150 },
		)
	}, 60_000)
})
