import { foreignKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { downScript, joinStatements, lossesIn, type SchemaStep, upStatements } from '../../../src/cli/generate/down-script.ts'
import { NO_RENAMES } from '../../../src/cli/generate/renames.ts'
import { NodeStorage } from '../../../src/local/node-storage.ts'
import { snapshotOf } from '../../../src/local/statements/drizzle-kit.ts'
import { EMPTY_SNAPSHOT, type Snapshot, type SnapshotColumn, type SnapshotTable } from '../../../src/local/statements/snapshot.ts'
import { createMigrationManifest } from '../../../src/migrator/create-migration-manifest.ts'
import { MigrationRunner } from '../../../src/migrator/migration-runner.ts'
import { schemaPair, tablesOf } from './random-schema.ts'

/** A manifest of two migrations: the first schema, and what leads to the second. */
async function manifestOf(prev: Snapshot, cur: Snapshot) {
	const steps: Record<string, SchemaStep> = {
		'0000_a': { prev: EMPTY_SNAPSHOT, cur: prev, renames: NO_RENAMES },
		'0001_b': { prev, cur, renames: NO_RENAMES },
	}
	const files: Record<string, string> = {}
	const downs: Record<string, { sql: string; losses: readonly string[] }> = {}
	for (const [tag, step] of Object.entries(steps)) {
		files[tag] = joinStatements(await upStatements(step), true)
		const sql = await downScript(tag, step, true)
		downs[tag] = { sql, losses: lossesIn(sql) }
	}
	const entries = Object.keys(steps).map((tag, idx) => ({ idx, tag, when: idx + 1, breakpoints: true }))
	return createMigrationManifest({ journal: { entries }, files, downs })
}

/** A value of row `n` for a column: that of the row it refers to, where it refers to one. */
function cellOf(column: SnapshotColumn, table: SnapshotTable, schema: Snapshot, n: number): string | number | null {
	if (n === 2 && !column.notNull) return null
	const value = column.type === 'text' ? `text ${n}` : n
	const key = Object.values(table.foreignKeys).find(({ columnsFrom }) => columnsFrom[0] === column.name)
	if (key === undefined) return value
	const target = schema.tables[key.tableTo]?.columns.id
	return target?.type === column.type || (column.type === 'real' && target?.type === 'integer') ? value : null
}

/** Fills every table, where its keys allow that. */
function insertRows(sql: SqlStorage, schema: Snapshot, count: number): void {
	for (const table of Object.values(schema.tables)) {
		const columns = Object.values(table.columns).filter(({ generated }) => generated === undefined)
		const names = columns.map(({ name }) => `"${name}"`).join(', ')
		for (let n = 1; n <= count; n++) {
			const values = columns.map((column) => cellOf(column, table, schema, n))
			try {
				sql.exec(`INSERT INTO "${table.name}" (${names}) VALUES (${columns.map(() => '?').join(', ')})`, ...values)
			} catch {
				// A NOT NULL column that refers to a key of another type holds no row.
			}
		}
	}
}

/** The keys of the rows of every table that both schemas have. */
function keysOf(sql: SqlStorage, ...schemas: readonly Snapshot[]) {
	const names = Object.keys(schemas[0]?.tables ?? {}).filter((name) => schemas.every(({ tables }) => tables[name] !== undefined))
	return Object.fromEntries(
		names.map((name) => [
			name,
			[...sql.exec<{ id: string }>(`SELECT CAST(id AS TEXT) AS id FROM "${name}" ORDER BY 1`)].map(({ id }) => id),
		]),
	)
}

const reasonsBack = /(?:UNIQUE|CHECK|FOREIGN KEY) constraint failed|datatype mismatch|foreign key/i
const reasonsForwards = /constraint failed|NOT NULL column|datatype mismatch|foreign key/i

describe('a generated migration, with foreign keys on', () => {
	it('takes no row along that it does not drop, neither forwards nor back', async () => {
		const outcomes = { done: 0, refused: 0 }
		await fc.assert(
			fc.asyncProperty(schemaPair, fc.integer({ min: 1, max: 3 }), async ([before, after], count) => {
				const prev = await snapshotOf(tablesOf(before), null, undefined)
				const cur = await snapshotOf(tablesOf(after), prev, undefined)
				const storage = new NodeStorage(':memory:', { get: () => null, set: () => undefined })
				try {
					const { durableObjectStorage } = storage
					const runner = new MigrationRunner({ storage: durableObjectStorage, migrations: await manifestOf(prev, cur) })
					await runner.run({ target: '0000_a' })
					// Keys may go in circles: rows come before they are checked.
					durableObjectStorage.sql.exec('PRAGMA foreign_keys = OFF')
					insertRows(durableObjectStorage.sql, prev, count)
					durableObjectStorage.sql.exec('PRAGMA foreign_keys = ON')
					const rows = keysOf(durableObjectStorage.sql, prev, cur)
					let forwards = false
					try {
						await runner.run()
						forwards = true
						expect(keysOf(durableObjectStorage.sql, prev, cur)).toEqual(rows)
						await runner.rollback('0000_a', { acceptDataLoss: true })
						expect(keysOf(durableObjectStorage.sql, prev, cur)).toEqual(rows)
						outcomes.done++
					} catch (error) {
						// A schema may forbid rows that are there; then all of them stay. On the way back NULL alone is no reason.
						expect(error).toMatchObject({ code: 'MIGRATION_FAILED' })
						expect(String(error)).toMatch(forwards ? reasonsBack : reasonsForwards)
						expect(keysOf(durableObjectStorage.sql, prev, cur)).toEqual(rows)
						outcomes.refused++
					}
				} finally {
					storage.close()
				}
			}),
			{ numRuns: 150 },
		)
		expect(outcomes.done).toBeGreaterThan(outcomes.refused)
	}, 60_000)

	it('drops tables that refer to each other', async () => {
		const table = (name: string, other: string) =>
			sqliteTable(name, { id: text('id').primaryKey(), to: text('to') }, (self) => [
				foreignKey({ columns: [self.to], foreignColumns: [sqliteTable(other, { id: text('id').primaryKey() }).id] }),
			])
		const rest = sqliteTable('rest', { id: text('id').primaryKey() })
		const prev = await snapshotOf({ a: table('a', 'b'), b: table('b', 'a'), rest }, null, undefined)
		const cur = await snapshotOf({ rest }, prev, undefined)
		const storage = new NodeStorage(':memory:', { get: () => null, set: () => undefined })
		const { durableObjectStorage } = storage
		const runner = new MigrationRunner({ storage: durableObjectStorage, migrations: await manifestOf(prev, cur) })
		await runner.run({ target: '0000_a' })
		durableObjectStorage.sql.exec("INSERT INTO a VALUES ('1', NULL); INSERT INTO b VALUES ('1', '1'); UPDATE a SET \"to\" = '1'")
		expect((await runner.run()).migrations).toEqual(['0001_b'])
		storage.close()
	})
})
