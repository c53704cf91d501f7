import { generateSQLiteDrizzleJson, generateSQLiteMigration } from 'drizzle-kit/api'
import { createTableRelationsHelpers, extractTablesRelationalConfig, getTableName, is, sql } from 'drizzle-orm'
import { getTableConfig, SQLiteTable } from 'drizzle-orm/sqlite-core'
import { describe, expect, it } from 'vitest'
import {
	blob,
	check,
	customType,
	foreignKey,
	index,
	integer,
	numeric,
	primaryKey,
	real,
	sqliteTable,
	text,
	unique,
	uniqueIndex,
} from '../../src/columns.ts'
import type { ColumnRecord } from '../../src/schema/config.ts'
import { SQLake } from '../../src/schema/database.ts'
import type { ColumnSchema } from '../../src/schema/table-schema.ts'

const users = {
	id: text('id').primaryKey(),
	email: text('email').notNull(),
	createdAt: integer('created_at', { mode: 'timestamp' }),
}

const teams = sqliteTable('teams', { id: text().primaryKey() })

const memberships = sqliteTable(
	'memberships',
	{
		userId: text('user_id').notNull(),
		teamId: text('team_id').notNull(),
		role: text('role', { enum: ['owner', 'guest'] }).notNull(),
		rank: integer(),
	},
	(t) => [
		primaryKey({ columns: [t.teamId, t.userId] }),
		foreignKey({ columns: [t.teamId], foreignColumns: [teams.id] }),
		index('memberships_role').on(t.role),
		uniqueIndex('memberships_rank').on(t.rank),
		unique('memberships_role_rank').on(t.role, t.rank),
		check('rank_positive', sql`${t.rank} > 0`),
	],
)

const bytes = (type: string) => customType<{ data: string }>({ dataType: () => type })

describe('SQLake', () => {
	const db = SQLake({
		users,
		memberships,
		plans: { id: integer('id').primaryKey(), name: text().notNull() },
		shard: { users: 'id', memberships: ['userId', 'teamId'] },
		global: ['plans'],
	})

	it('builds a sqliteTable from a column record, named like its property', () => {
		expect(is(db.tables.users, SQLiteTable)).toBe(true)
		expect(getTableName(db.tables.users)).toBe('users')
		expect(db.tables.users.createdAt.name).toBe('created_at')
		expect(db.tables.plans.name.name).toBe('name')
	})

	it('takes an existing sqliteTable as it is, with its indexes, checks and keys', () => {
		expect(db.tables.memberships).toBe(memberships)
		const { indexes, checks, uniqueConstraints, foreignKeys, primaryKeys } = getTableConfig(db.tables.memberships)
		expect([indexes, checks, uniqueConstraints, foreignKeys, primaryKeys].map((list) => list.length)).toEqual([2, 1, 1, 1, 1])
	})

	it('keeps options out of the tables', () => {
		expect(Object.keys(db.tables)).toEqual(['users', 'memberships', 'plans'])
	})

	it('fills in the defaults of the options', () => {
		const { storage, cdc, r2Bucket, variantColumn } = db
		expect({ storage, cdc, r2Bucket, variantColumn }).toEqual({
			storage: 'columns',
			cdc: true,
			r2Bucket: 'SQLAKE_BUCKET',
			variantColumn: '_row',
		})
		expect(db.lake).toMatchObject({ storage: 'columns', cdc: true, bucketBinding: 'SQLAKE_BUCKET', variantColumn: '_row' })
	})

	it('keeps the options that are given', () => {
		const given = SQLake({
			users,
			shard: { users: 'id' },
			storage: 'hybrid',
			cdc: false,
			r2Bucket: 'LAKE',
			variantColumn: '_doc',
		})
		expect(given.lake).toMatchObject({ storage: 'hybrid', cdc: false, bucketBinding: 'LAKE', variantColumn: '_doc' })
		expect(given.r2Bucket).toBe('LAKE')
	})

	it('describes tables by SQL name, in declaration order, with keys in key order', () => {
		expect([...db.lake.tables.keys()]).toEqual(['users', 'memberships', 'plans'])
		expect(db.lake.tables.get('users')).toMatchObject({ name: 'users', property: 'users', primaryKey: ['id'], shardKey: ['id'] })
		expect(db.lake.tables.get('memberships')).toMatchObject({
			primaryKey: ['team_id', 'user_id'],
			shardKey: ['user_id', 'team_id'],
		})
		expect(db.lake.tables.get('plans')).toMatchObject({ primaryKey: ['id'], shardKey: null })
	})

	it('numbers the fields of each table from 101 in declaration order', () => {
		expect(db.lake.tables.get('users')?.columns.map((column) => [column.name, column.fieldId])).toEqual([
			['id', 101],
			['email', 102],
			['created_at', 103],
		])
	})

	it('carries a plain schema that survives a structured clone', () => {
		expect(structuredClone(db.lake)).toEqual(db.lake)
	})

	it('tells the SQL name from the property of a table', () => {
		const lake = SQLake({ people: sqliteTable('app_people', users), shard: { people: 'id' } }).lake
		expect(lake.tables.get('app_people')).toMatchObject({ name: 'app_people', property: 'people' })
	})

	it('gives tables that drizzle-kit reads', async () => {
		const before = await generateSQLiteDrizzleJson({})
		const statements = await generateSQLiteMigration(before, await generateSQLiteDrizzleJson({ ...db.tables }))
		expect(statements.join('\n')).toContain('CREATE TABLE `users`')
		expect(statements.join('\n')).toContain('PRIMARY KEY(`team_id`, `user_id`)')
		expect(statements.join('\n')).toContain('CREATE INDEX `memberships_role`')
	})

	it("gives tables that serve as Drizzle's schema", () => {
		const { tables } = extractTablesRelationalConfig({ ...db.tables }, createTableRelationsHelpers)
		expect(Object.keys(tables)).toEqual(['users', 'memberships', 'plans'])
	})
})

describe('column types', () => {
	const columnOf = (builder: ColumnRecord): ColumnSchema | undefined =>
		SQLake({ t: sqliteTable('t', { id: text().primaryKey(), ...builder }), shard: { t: 'id' } }).lake.tables.get('t')?.columns[1]

	it.each([
		['text', { c: text() }, 'text', 'TEXT', 'text', 'string'],
		['text with a length', { c: text({ length: 5 }) }, 'text(5)', 'TEXT', 'text', 'string'],
		['enum text', { c: text({ enum: ['a', 'b'] }) }, 'text', 'TEXT', 'text', 'string'],
		['json text', { c: text({ mode: 'json' }) }, 'text', 'TEXT', 'json', 'string'],
		['integer', { c: integer() }, 'integer', 'INTEGER', 'number', 'long'],
		['boolean', { c: integer({ mode: 'boolean' }) }, 'integer', 'INTEGER', 'boolean', 'boolean'],
		['timestamp', { c: integer({ mode: 'timestamp' }) }, 'integer', 'INTEGER', 'timestamp', 'timestamptz'],
		['timestamp_ms', { c: integer({ mode: 'timestamp_ms' }) }, 'integer', 'INTEGER', 'timestamp_ms', 'timestamptz'],
		['real', { c: real() }, 'real', 'REAL', 'real', 'double'],
		['numeric', { c: numeric() }, 'numeric', 'NUMERIC', 'numeric', 'string'],
		['numeric number', { c: numeric({ mode: 'number' }) }, 'numeric', 'NUMERIC', 'numeric', 'string'],
		['numeric bigint', { c: numeric({ mode: 'bigint' }) }, 'numeric', 'NUMERIC', 'number', 'long'],
		['blob', { c: blob({ mode: 'buffer' }) }, 'blob', 'BLOB', 'blob', 'binary'],
		['blob json', { c: blob({ mode: 'json' }) }, 'blob', 'BLOB', 'blob', 'binary'],
		['blob bigint', { c: blob({ mode: 'bigint' }) }, 'blob', 'BLOB', 'blob', 'binary'],
		['custom varchar', { c: bytes('VARCHAR(20)')() }, 'VARCHAR(20)', 'TEXT', 'custom', 'string'],
		['custom bigint', { c: bytes('bigint')() }, 'bigint', 'INTEGER', 'custom', 'long'],
		['custom double', { c: bytes('double precision')() }, 'double precision', 'REAL', 'custom', 'double'],
		['custom date', { c: bytes('date')() }, 'date', 'NUMERIC', 'custom', 'string'],
		['custom without a type', { c: bytes('')() }, '', 'BLOB', 'custom', 'binary'],
	])('%s', (_, builder, declaredType, affinity, mode, lakeType) => {
		expect(columnOf(builder)).toMatchObject({ declaredType, affinity, mode, lakeType, notNull: false, generated: false })
	})

	it('knows generated and NOT NULL columns', () => {
		expect(columnOf({ c: text().notNull() })).toMatchObject({ notNull: true, generated: false })
		expect(columnOf({ c: text().generatedAlwaysAs(sql`id || 'x'`) })).toMatchObject({ generated: true })
	})
})
