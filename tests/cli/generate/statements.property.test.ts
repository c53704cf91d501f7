import type { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { applyRenames, renameStatements } from '../../../src/cli/generate/apply-renames.ts'
import { type Renames, reverseRenames } from '../../../src/cli/generate/renames.ts'
import { openDatabase } from '../../../src/local/node-sqlite.ts'
import { snapshotOf, statementsBetween } from '../../../src/local/statements/drizzle-kit.ts'
import type { Snapshot, SnapshotTable } from '../../../src/local/statements/snapshot.ts'
import { createAllSql } from '../../../src/local/statements/snapshot-sql.ts'
import { problemOf } from '../../../src/local/statements/try-on-sqlite.ts'
import { writeStatements } from '../../../src/local/statements/write-statements.ts'
import { schemaPair, tablesOf } from './random-schema.ts'

const opened: DatabaseSync[] = []
afterEach(() => {
	for (const database of opened.splice(0)) database.close()
})

function databaseOf(snapshot: Snapshot): DatabaseSync {
	const database = openDatabase(':memory:', { enableForeignKeyConstraints: false })
	opened.push(database)
	run(database, createAllSql(snapshot))
	return database
}

function run(database: DatabaseSync, statements: readonly string[]): void {
	for (const statement of statements) database.exec(statement)
}

/** What SQLite itself tells of a schema: columns, keys and indexes, in an order of names. */
function pragmas(database: DatabaseSync): unknown {
	const all = (sql: string, ...values: string[]) =>
		database
			.prepare(sql)
			.all(...values)
			.map((row) => JSON.stringify(Object.values(row)))
			.sort()
	const names = database
		.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY 1")
		.all()
	return names.map(({ name }) => {
		const table = String(name)
		const indexes = database.prepare('SELECT name, "unique", origin, partial FROM pragma_index_list(?)').all(table)
		return {
			table,
			columns: all('SELECT name, upper(type), "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?)', table),
			keys: all('SELECT seq, "table", "from", "to", on_update, on_delete FROM pragma_foreign_key_list(?)', table),
			indexes: indexes
				.filter(({ origin }) => origin === 'c')
				.map((index) => [Object.values(index), all('SELECT seqno, name FROM pragma_index_info(?)', String(index.name))])
				.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
		}
	})
}

/** Two versions of a random schema. */
async function snapshotsOf([before, after]: readonly [Parameters<typeof tablesOf>[0], Parameters<typeof tablesOf>[0]]) {
	const prev = await snapshotOf(tablesOf(before), null, undefined)
	return [prev, await snapshotOf(tablesOf(after), prev, undefined)] as const
}

describe('statements between random schemas', () => {
	it('make the new schema of the old one, and those the other way round undo them', async () => {
		await fc.assert(
			fc.asyncProperty(schemaPair, async (pair) => {
				const [prev, cur] = await snapshotsOf(pair)
				const database = databaseOf(prev)
				const before = pragmas(database)
				run(database, await statementsBetween(prev, cur))
				expect(pragmas(database)).toEqual(pragmas(databaseOf(cur)))
				run(database, await statementsBetween(cur, prev))
				expect(pragmas(database)).toEqual(before)
			}),
			{ numRuns: 100 },
		)
	}, 60_000)

	it("are drizzle-kit's own, or the same in effect, wherever drizzle-kit can be asked", async () => {
		await fc.assert(
			fc.asyncProperty(schemaPair, async (pair) => {
				const [prev, cur] = await snapshotsOf(pair)
				expect(problemOf({ from: prev, statements: writeStatements(prev, cur), to: cur })).toBeNull()
				const statements = await statementsBetween(prev, cur)
				// The order of tables aside; and drizzle-kit leaves out what happens to rows whose parent goes, where that is nothing.
				const plain = (each: string) => each.replaceAll(/ REFERENCES .*/g, '')
				expect(statements.map(plain).sort()).toEqual(writeStatements(prev, cur).map(plain).sort())
			}),
			{ numRuns: 100 },
		)
	}, 60_000)

	it('keep every row, and every value of a column that stays', async () => {
		await fc.assert(
			fc.asyncProperty(schemaPair, fc.integer({ min: 1, max: 3 }), async (pair, count) => {
				const [prev, cur] = await snapshotsOf(pair)
				const database = databaseOf(prev)
				for (const table of Object.values(prev.tables)) insertRows(database, table, count)
				const before = new Map(Object.keys(cur.tables).map((name) => [name, rowsOf(database, name)]))
				try {
					run(database, await statementsBetween(prev, cur))
				} catch (error) {
					// What is new may forbid rows that are there: a column NOT NULL, a key, a check.
					expect(String(error)).toMatch(/constraint failed|NOT NULL column|datatype mismatch/)
					return
				}
				for (const [name, rows] of before) {
					if (prev.tables[name] === undefined) continue
					const now = rowsOf(database, name)
					expect(now).toHaveLength(rows.length)
					for (const column of stableColumns(prev.tables[name], cur.tables[name])) {
						const values = (of: readonly Record<string, unknown>[]) => of.map((row) => String(row[column])).sort()
						expect(values(now), column).toEqual(values(rows))
					}
				}
			}),
			{ numRuns: 120 },
		)
	}, 60_000)
})

describe('renames', () => {
	const table = (name: string, tables: readonly string[]) => (tables.includes(name) ? `new ${name}` : name)

	it('leave SQLite with the schema that they are said to, and are undone by their reverse', async () => {
		const names = fc.subarray(['alpha', 'beta', 'gamma'])
		const columns = fc.subarray(['a', 'b', 'with space', 'Ümlaut', 'order', 'id'])
		await fc.assert(
			fc.asyncProperty(schemaPair, names, columns, fc.boolean(), async ([schema], renamedTables, renamedColumns, swap) => {
				const prev = await snapshotOf(tablesOf(schema), null, undefined)
				const renames: Renames = {
					tables: new Map(
						renamedTables.filter((name) => prev.tables[name] !== undefined).map((name) => [name, table(name, renamedTables)]),
					),
					columns: new Map(
						Object.values(prev.tables).map(({ name, columns: present }) => {
							const chosen = renamedColumns.filter((column) => present[column] !== undefined)
							const targets =
								swap && chosen.length > 1 ? [...chosen.slice(1), ...chosen.slice(0, 1)] : chosen.map((column) => `${column} 2`)
							return [
								table(name, renamedTables),
								new Map(chosen.map((column, index) => [column, targets[index] ?? column])),
							] as const
						}),
					),
				}
				const cur = applyRenames(prev, renames)
				expect(problemOf({ from: prev, statements: renameStatements(renames), to: cur })).toBeNull()
				expect(problemOf({ from: cur, statements: renameStatements(reverseRenames(renames)), to: prev })).toBeNull()
			}),
			{ numRuns: 120 },
		)
	}, 60_000)
})

function insertRows(database: DatabaseSync, table: SnapshotTable, count: number): void {
	const columns = Object.values(table.columns).filter(({ generated }) => generated === undefined)
	const insert = database.prepare(
		`INSERT INTO "${table.name}" (${columns.map(({ name }) => `"${name}"`).join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
	)
	for (let row = 1; row <= count; row++) {
		insert.run(
			...columns.map(({ type, notNull, primaryKey }) =>
				!notNull && !primaryKey && row === 2 ? null : type === 'text' ? `text ${row}` : row,
			),
		)
	}
}

function rowsOf(database: DatabaseSync, table: string): Record<string, unknown>[] {
	const exists = database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(table)
	return exists === undefined ? [] : database.prepare(`SELECT * FROM "${table}"`).all()
}

/** Columns whose values nothing may change: those that stay what they are. */
function stableColumns(before: SnapshotTable | undefined, after: SnapshotTable | undefined): string[] {
	return Object.values(after?.columns ?? {}).flatMap((column) => {
		const old = before?.columns[column.name]
		const same = old?.type === column.type && old.notNull === column.notNull && old.generated === undefined
		return same && column.generated === undefined ? [column.name] : []
	})
}
