/**
 * What drizzle-kit 0.31 gets wrong in SQLite, one test each: its own statements fail or lose something, those of sqlake do not. A
 * test that fails because drizzle-kit's statements are right tells that it has been repaired.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { generateSQLiteMigration } from 'drizzle-kit/api'
import { sql } from 'drizzle-orm'
import {
	type AnySQLiteColumn,
	foreignKey,
	type IndexBuilder,
	index,
	integer,
	type SQLiteColumnBuilderBase,
	sqliteTable,
	sqliteView,
	text,
} from 'drizzle-orm/sqlite-core'
import { afterEach, describe, expect, it } from 'vitest'
import { openDatabase } from '../../../src/local/node-sqlite.ts'
import { snapshotOf, statementsBetween } from '../../../src/local/statements/drizzle-kit.ts'
import type { Snapshot } from '../../../src/local/statements/snapshot.ts'
import { createAllSql } from '../../../src/local/statements/snapshot-sql.ts'
import { problemOf } from '../../../src/local/statements/try-on-sqlite.ts'

type Schema = Readonly<Record<string, unknown>>
type KitSnapshot = Parameters<typeof generateSQLiteMigration>[0]

const opened: DatabaseSync[] = []
afterEach(() => {
	for (const database of opened.splice(0)) database.close()
})

/** Both schemas, and the statements of both tools between them. */
async function compare(before: Schema, after: Schema) {
	const prev = await snapshotOf(before, null, undefined)
	const cur = await snapshotOf(after, prev, undefined)
	const theirs = await generateSQLiteMigration(prev as unknown as KitSnapshot, cur as unknown as KitSnapshot)
	const ours = await statementsBetween(prev, cur)
	return { prev, cur, theirs, ours, problem: (statements: readonly string[]) => problemOf({ from: prev, statements, to: cur }) }
}

/** What a query gives after statements ran on a database with rows. */
function outcome(schema: Snapshot, rows: string, statements: readonly string[], query: string, foreignKeys = false): unknown {
	const database = openDatabase(':memory:', { enableForeignKeyConstraints: foreignKeys })
	opened.push(database)
	for (const statement of [...createAllSql(schema), rows]) database.exec(statement)
	database.exec('BEGIN')
	for (const statement of statements) database.exec(statement)
	database.exec('COMMIT')
	return database
		.prepare(query)
		.all()
		.map((row) => Object.values(row))
}

type Columns = Readonly<Record<string, SQLiteColumnBuilderBase>>
type Self = Readonly<Record<string, AnySQLiteColumn>>

/** A table `t` with an id and these columns. */
const table = (columns: Columns, indexes: (self: Self) => IndexBuilder[] = () => []) => ({
	t: sqliteTable('t', { id: text('id').primaryKey(), ...columns }, (self) => indexes(self)),
})

describe('drizzle-kit', () => {
	it('fills a column that a rebuild adds with its own name', async () => {
		const { prev, theirs, ours } = await compare(
			table({ a: text('a') }),
			table({ a: text('a').notNull().default(''), b: text('b').default('free') }),
		)
		const run = (statements: readonly string[]) =>
			outcome(prev, "INSERT INTO t VALUES ('1', 'x')", statements, 'SELECT id, a, b FROM t')
		expect(run(theirs)).toEqual([['1', 'x', 'b']])
		expect(run(ours)).toEqual([['1', 'x', 'free']])
	})

	it('drops a table before others have ceased to refer to it, whose rows go with it', async () => {
		const parent = sqliteTable('parent', { id: text('id').primaryKey() })
		const child = sqliteTable('child', {
			id: text('id').primaryKey(),
			p: text('p').references(() => parent.id, { onDelete: 'cascade' }),
		})
		const { prev, theirs, ours } = await compare(
			{ parent, child },
			{ child: sqliteTable('child', { id: text('id').primaryKey(), p: text('p') }) },
		)
		const dropsFirst = (statements: readonly string[]) =>
			statements.findIndex((each) => each.includes('DROP TABLE `parent`')) <
			statements.findIndex((each) => each.includes('__new_child'))
		expect([dropsFirst(theirs), dropsFirst(ours)]).toEqual([true, false])
		const rows = "INSERT INTO parent VALUES ('p'); INSERT INTO child VALUES ('c', 'p')"
		const run = (statements: readonly string[]) => outcome(prev, rows, statements, 'SELECT count(*) FROM child', true)
		expect(run(theirs)).toEqual([[0]])
		expect(run(ours)).toEqual([[1]])
	})

	it('inserts into generated columns when it rebuilds a table', async () => {
		const generated = { a: text('a'), g: text('g').generatedAlwaysAs(sql`upper("a")`) }
		const { problem, theirs, ours } = await compare(table(generated), table({ ...generated, a: text('a').notNull() }))
		expect(problem(theirs)).toMatch(/generated column/)
		expect(problem(ours)).toBeNull()
	})

	it('leaves out a STORED column that is added', async () => {
		const { problem, theirs, ours } = await compare(
			table({ a: text('a') }),
			table({ a: text('a'), g: text('g').generatedAlwaysAs(sql`upper("a")`, { mode: 'stored' }) }),
		)
		expect(theirs).toEqual([])
		expect(problem(theirs)).toContain('generated always')
		expect(problem(ours)).toBeNull()
	})

	it('forgets what shall happen to rows whose parent goes, where a column is added with its foreign key', async () => {
		const parent = sqliteTable('parent', { id: text('id').primaryKey() })
		const child = (columns: object) => sqliteTable('child', { id: text('id').primaryKey(), ...columns })
		const { problem, theirs, ours } = await compare(
			{ parent, child: child({}) },
			{ parent, child: child({ p: text('p').references(() => parent.id, { onDelete: 'cascade' }) }) },
		)
		expect(problem(theirs)).toContain('cascade')
		expect(problem(ours)).toBeNull()
	})

	it('splits expressions of indexes at commas', async () => {
		const indexed = table(
			{ a: text('a'), b: text('b') },
			(self) => [index('i').on(sql`coalesce(${self.a}, ${self.b})`)] as never[],
		)
		const { problem, theirs, ours } = await compare(table({ a: text('a'), b: text('b') }), indexed)
		expect(problem(theirs)).not.toBeNull()
		expect(problem(ours)).toBeNull()
	})

	it('quotes expressions of indexes as names when it rebuilds a table', async () => {
		const indexed = (a: SQLiteColumnBuilderBase) => table({ a }, (self) => [index('i').on(sql`lower(${self.a})`)])
		const { problem, theirs, ours } = await compare(indexed(text('a')), indexed(text('a').notNull()))
		expect(problem(theirs)).toMatch(/no such column/)
		expect(problem(ours)).toBeNull()
	})

	it('adds a column with a computed default, which SQLite refuses to a table with rows', async () => {
		const { prev, theirs, ours } = await compare(table({}), table({ at: integer('at').default(sql`(abs(-3))`) }))
		const run = (statements: readonly string[]) => outcome(prev, "INSERT INTO t VALUES ('1')", statements, 'SELECT at FROM t')
		expect(() => run(theirs)).toThrow(/non-constant default/)
		expect(run(ours)).toEqual([[3]])
	})

	it('drops a column of a primary key, which SQLite refuses', async () => {
		const other = { t: sqliteTable('t', { a: text('a') }) }
		const { problem, theirs, ours } = await compare(table({ a: text('a') }), other)
		expect(problem(theirs)).toMatch(/PRIMARY KEY/)
		expect(problem(ours)).toBeNull()
	})

	it('rebuilds a table under a view, over which SQLite stumbles', async () => {
		const withView = (a: SQLiteColumnBuilderBase) => {
			const { t } = table({ a })
			return { t, v: sqliteView('v').as((qb) => qb.select().from(t)) }
		}
		const { problem, theirs, ours } = await compare(withView(text('a')), withView(text('a').notNull()))
		expect(problem(theirs)).toMatch(/error in view v/)
		expect(problem(ours)).toBeNull()
	})

	it('copies NULL into a column that becomes NOT NULL, whatever its default', async () => {
		const { prev, theirs, ours } = await compare(table({ a: text('a') }), table({ a: text('a').notNull().default('x') }))
		const run = (statements: readonly string[]) =>
			outcome(prev, "INSERT INTO t VALUES ('1', NULL)", statements, 'SELECT a FROM t')
		expect(() => run(theirs)).toThrow(/NOT NULL constraint failed/)
		expect(run(ours)).toEqual([['x']])
	})

	it('leaves tables that refer to each other to whoever drops first', async () => {
		const a = sqliteTable('a', { id: text('id').primaryKey() })
		const b = sqliteTable('b', { id: text('id').primaryKey(), a: text('a') }, (self) => [
			foreignKey({ columns: [self.a], foreignColumns: [a.id] }),
		])
		const { prev, theirs, ours } = await compare(
			{ a, b, c: sqliteTable('c', { id: text('id') }) },
			{ c: sqliteTable('c', { id: text('id') }) },
		)
		const rows = "INSERT INTO a VALUES ('1'); INSERT INTO b VALUES ('1', '1')"
		const run = (statements: readonly string[]) =>
			outcome(prev, rows, statements, "SELECT name FROM sqlite_schema WHERE type = 'table'", true)
		expect(() => run(theirs)).toThrow(/FOREIGN KEY constraint failed/)
		expect(run(ours)).toEqual([['c']])
	})
})
