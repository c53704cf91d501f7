import { sql } from 'drizzle-orm'
import { pgTable, text as pgText } from 'drizzle-orm/pg-core'
import { describe, expect, it } from 'vitest'
import { blob, customType, integer, primaryKey, sqliteTable, text } from '../../src/columns.ts'
import type { SQLakeErrorCode } from '../../src/errors.ts'
import { SQLake } from '../../src/schema/database.ts'

const id = () => text('id').primaryKey()
const shard = { t: 'id' }

/** Defines what the types would not let through. */
const define = (definition: unknown) => SQLake(definition as never)

function errorOf(definition: unknown): unknown {
	try {
		define(definition)
	} catch (error) {
		return error
	}
	throw new Error('expected an error')
}

function expectRefused(definition: unknown, code: SQLakeErrorCode, message: string | RegExp, hint?: string | RegExp): void {
	expect(errorOf(definition)).toMatchObject({
		name: 'SQLakeError',
		code,
		message: expect.stringMatching(message),
		...(hint === undefined ? {} : { hint: expect.stringMatching(hint) }),
	})
}

const columns = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`c${n}`, integer()]))
const withColumn = (name: string) => ({ t: { id: id(), other: text(name) }, shard })

describe('names', () => {
	it.each(['shard', 'global', 'storage', 'cdc', 'r2Bucket', 'variantColumn'])(
		'no table may be named like the option %s',
		(name) => {
			expectRefused({ [name]: { id: id() } }, 'SCHEMA_RESERVED_NAME', `table "${name}"`, 'another property')
			expectRefused({ [name]: sqliteTable('x', { id: id() }) }, 'SCHEMA_RESERVED_NAME', `table "${name}"`)
		},
	)

	it('a table may have the SQL name of an option', () => {
		expect(define({ t: sqliteTable('shard', { id: id() }), shard }).lake.tables.has('shard')).toBe(true)
	})

	it.each(['_cdc_buffer', '_CDC_x', '_sqlake_state', 'sqlite_x', 'SQLite_X', '_cf_KV'])('no table may be named %s', (name) => {
		expectRefused({ t: sqliteTable(name, { id: id() }), shard }, 'SCHEMA_RESERVED_NAME', name)
	})

	it.each(['', '.', '..', 'a/b', 'a.b', 'a\\b', 'a%b', 'a"b', 'a\0b', ' a', 'x'.repeat(129)])(
		'%j is no name of a table',
		(name) => {
			expectRefused({ t: sqliteTable(name, { id: id() }), shard }, 'SCHEMA_INVALID', 'expected a name of 1 to 128 letters')
		},
	)

	it.each(['users', 'Users2', '_private', 'größe', 'order items', 'a-b', '$x'])('%j is one', (name) => {
		expect(define({ t: sqliteTable(name, { id: id() }), shard }).lake.tables.has(name)).toBe(true)
	})

	it.each([
		['users', 'users'],
		['users', 'USERS'],
	])('two tables may not be named %s and %s', (a, b) => {
		expectRefused(
			{ a: sqliteTable(a, { id: id() }), b: sqliteTable(b, { id: id() }), global: ['a', 'b'] },
			'SCHEMA_INVALID',
			`tables "a" and "b": expected different names in SQL, found "${a}" and "${b}"`,
		)
	})

	it('no table may be named like the changes of another', () => {
		expectRefused(
			{ users: { id: id() }, users_changes: { id: id() }, global: ['users', 'users_changes'] },
			'SCHEMA_RESERVED_NAME',
			'table "users_changes"',
		)
	})
})

describe('columns', () => {
	it.each([
		'_op',
		'_shard',
		'_epoch',
		'_seq',
		'_ts',
		'_rescued',
		'_row',
		'_before_id',
		'_before_',
		'_OP',
		'_shard_bucket',
		'_ts_day',
	])('none may be named %s, which the lake adds', (name) =>
		expectRefused(withColumn(name), 'SCHEMA_COLUMN_RESERVED', `table "t", column "${name}"`, 'rename'),
	)

	it('none may be named like the configured variant column', () => {
		expectRefused({ ...withColumn('doc'), variantColumn: 'DOC' }, 'SCHEMA_COLUMN_RESERVED', 'column "doc"')
	})

	it.each(['_id', '_before', 'op', '_operation'])('one may be named %s', (name) => {
		expect(define(withColumn(name)).lake.tables.get('t')?.columns[1]?.name).toBe(name)
	})

	it('two may not differ only in case', () => {
		expectRefused(withColumn('ID'), 'SCHEMA_INVALID', 'table "t": expected different column names, found "id" and "ID"')
	})

	it('there may be 97, and not 98', () => {
		expect(define({ t: { id: id(), ...columns(96) }, shard }).lake.tables.get('t')?.columns).toHaveLength(97)
		expectRefused({ t: { id: id(), ...columns(97) }, shard }, 'SCHEMA_LIMIT', 'table "t": expected at most 97 columns, found 98')
	})

	it('everything in a column record must be a column of SQLite', () => {
		expectRefused(
			{ t: { id: id(), x: 'text' }, shard },
			'SCHEMA_INVALID',
			'table "t", column "x": expected a column, found "text"',
		)
		expectRefused(
			{ t: { id: id(), x: pgText() }, shard },
			'SCHEMA_INVALID',
			'table "t", column "x": expected a column, found a PgTextBuilder',
		)
	})
})

describe('primary keys', () => {
	it('a table needs one while capture is on, and not while it is off', () => {
		expectRefused({ t: { id: text() }, shard }, 'SCHEMA_NO_PRIMARY_KEY', 'table "t"', 'primaryKey')
		expect(define({ t: { id: text() }, shard, cdc: false }).lake.tables.get('t')?.primaryKey).toEqual([])
	})

	it('a table may not have two', () => {
		const twice = sqliteTable('t', { id: id(), b: text().notNull() }, (t) => [primaryKey({ columns: [t.id, t.b] })])
		expectRefused({ t: twice, shard }, 'SCHEMA_INVALID', String.raw`expected one primary key, found \(id\) and \(id, b\)`)
		expectRefused({ t: { id: id(), b: text().primaryKey() }, shard }, 'SCHEMA_INVALID', 'expected one primary key')
	})
})

describe('shard keys', () => {
	const t = { id: id(), userId: text('user_id'), n: integer() }

	it('every table needs one or a place in global', () => {
		expectRefused({ t }, 'SCHEMA_NO_SHARD_KEY', 'table "t": expected a shard key, found none', "global: \\['t'\\]")
		expectRefused({ t, shard: { t: undefined } }, 'SCHEMA_NO_SHARD_KEY', 'table "t"')
	})

	it('no table may have both', () => {
		expectRefused({ t, shard, global: ['t'] }, 'SCHEMA_INVALID', 'found both')
	})

	it('the column must exist, by its property', () => {
		expectRefused(
			{ t, shard: { t: 'userid' } },
			'SCHEMA_SHARD_COLUMN_UNKNOWN',
			'table "t", shard key: .* found "userid"',
			'did you mean "userId"',
		)
		expectRefused({ t, shard: { t: 'user_id' } }, 'SCHEMA_SHARD_COLUMN_UNKNOWN', 'found "user_id"', 'its property is "userId"')
		expectRefused({ t, shard: { t: ['id', 'zzz'] } }, 'SCHEMA_SHARD_COLUMN_UNKNOWN', 'found "zzz"', 'columns are id, userId, n')
		expectRefused({ t, shard: { t: 'toString' } }, 'SCHEMA_SHARD_COLUMN_UNKNOWN', 'found "toString"')
		expectRefused({ t, shard: { t: 5 } }, 'SCHEMA_SHARD_COLUMN_UNKNOWN', 'found 5')
	})

	it('the table must exist', () => {
		expectRefused(
			{ t, shard: { t: 'id', tt: 'id' } },
			'SCHEMA_INVALID',
			'option "shard": expected the name of a table, found "tt"',
			'did you mean "t"',
		)
		expectRefused({ t, shard, global: ['x'] }, 'SCHEMA_INVALID', 'option "global": .* found "x"')
	})

	it('must be a column or several different ones', () => {
		expectRefused({ t, shard: { t: [] } }, 'SCHEMA_INVALID', 'shard key')
		expectRefused({ t, shard: { t: ['id', 'id'] } }, 'SCHEMA_INVALID', 'shard key')
		expectRefused({ t, shard: 'id' }, 'SCHEMA_INVALID', 'option "shard": expected an object, found "id"')
		expectRefused({ t, global: 't' }, 'SCHEMA_INVALID', 'option "global": expected an array')
	})

	it('must be known before the write and print alike where it compares equal', () => {
		const nocase = customType<{ data: string }>({ dataType: () => 'text collate nocase' })
		expectRefused(
			{ t: { id: id(), k: blob() }, shard: { t: 'k' } },
			'SCHEMA_INVALID',
			'expected text or a number, found the type "blob"',
		)
		expectRefused({ t: { id: id(), k: nocase() }, shard: { t: 'k' } }, 'SCHEMA_INVALID', 'expected binary collation')
		expectRefused(
			{ t: { id: id(), k: text().generatedAlwaysAs(sql`id`) }, shard: { t: 'k' } },
			'SCHEMA_INVALID',
			'found a generated one',
		)
		expectRefused(
			{ t: { id: integer().primaryKey({ autoIncrement: true }) }, shard },
			'SCHEMA_INVALID',
			'expected a value known before the write',
		)
	})
})

describe('options', () => {
	const t = { id: id() }

	it('an unknown one is refused, with the one that was meant', () => {
		expectRefused(
			{ t, shard, r2bucket: 'X' },
			'SCHEMA_INVALID',
			'property "r2bucket": .* found "X"',
			'did you mean the option "r2Bucket"',
		)
		expectRefused(
			{ t, shards: shard },
			'SCHEMA_INVALID',
			'property "shards": .* found an object',
			'did you mean the option "shard"',
		)
		expectRefused({ t, shard, CDC: true }, 'SCHEMA_INVALID', 'property "CDC": .* found true', 'did you mean the option "cdc"')
		expectRefused({ t, shard, encryption: 'on' }, 'SCHEMA_INVALID', 'property "encryption"', 'options are shard, global')
	})

	it('values of another kind are refused', () => {
		expectRefused({ t, shard, cdc: 'yes' }, 'SCHEMA_INVALID', 'option "cdc": expected true or false, found "yes"')
		expectRefused({ t, shard, storage: 'rows' }, 'SCHEMA_INVALID', 'option "storage": expected .* found "rows"')
		expectRefused({ t, shard, r2Bucket: '' }, 'SCHEMA_INVALID', 'option "r2Bucket": expected a name, found ""')
		expectRefused({ t, shard, variantColumn: 5 }, 'SCHEMA_INVALID', 'option "variantColumn": expected a name, found 5')
		expectRefused({ t, shard, variantColumn: '_op' }, 'SCHEMA_INVALID', 'option "variantColumn"')
	})

	it("storage 'variant' is refused with what to take instead", () => {
		expectRefused({ t, shard, storage: 'variant' }, 'SCHEMA_INVALID', 'variant', 'hybrid')
	})
})

describe('tables', () => {
	it('there must be one', () => {
		expectRefused({}, 'SCHEMA_INVALID', 'at least one table')
		expectRefused({ cdc: true }, 'SCHEMA_INVALID', 'at least one table')
		expectRefused(undefined, 'SCHEMA_INVALID', 'expected an object of tables and options, found undefined')
		expectRefused([], 'SCHEMA_INVALID', 'found an array')
	})

	it('each must be a record of columns or a sqliteTable', () => {
		expectRefused({ t: {}, shard }, 'SCHEMA_INVALID', 'property "t": .* found an empty object')
		expectRefused({ t: sqliteTable('t', {}), shard }, 'SCHEMA_INVALID', 'property "t"')
		expectRefused({ t: pgTable('t', { id: pgText().primaryKey() }), shard }, 'SCHEMA_INVALID', 'property "t": .* found a PgTable')
		expectRefused({ t: null, shard }, 'SCHEMA_INVALID', 'property "t": .* found null')
	})
})
