import { describe, expect, test } from 'vitest'
import { Capture } from '../../../src/cdc/capture.ts'
import { createMigrationManifest } from '../../../src/migrator/create-migration-manifest.ts'
import { MigrationRunner } from '../../../src/migrator/migration-runner.ts'
import type { LakeSchema, TableSchema } from '../../../src/schema/table-schema.ts'
import { drain, inObject } from './support.ts'

/** Columns by name with their field ids and declared types. */
type Columns = Readonly<Record<string, readonly [fieldId: number, type: 'INTEGER' | 'TEXT' | 'REAL']>>

function table(name: string, version: number, columns: Columns, primaryKey: readonly string[] = ['id']): TableSchema {
	const types = { INTEGER: ['number', 'long'], TEXT: ['text', 'string'], REAL: ['real', 'double'] } as const
	return {
		name,
		property: name,
		version,
		primaryKey,
		shardKey: null,
		columns: Object.entries(columns).map(([column, [fieldId, type]]) => ({
			name: column,
			property: column,
			fieldId,
			declaredType: type,
			affinity: type,
			mode: types[type][0],
			lakeType: types[type][1],
			notNull: false,
			generated: false,
		})),
	}
}

function schema(...tables: readonly TableSchema[]): LakeSchema {
	return {
		tables: new Map(tables.map((each) => [each.name, each])),
		storage: 'columns',
		cdc: true,
		bucketBinding: 'SQLAKE_BUCKET',
		variantColumn: '_row',
	}
}

interface Shard {
	readonly sql: SqlStorage
	readonly capture: Capture
	/** Applies a migration to the next version, or undoes it. */
	migrate(sql: string, after: LakeSchema, direction?: 'up' | 'down'): Promise<void>
}

let objects = 0

/** Runs in a fresh object with tables and capture. */
function inShard(ddl: string, first: LakeSchema, test: (shard: Shard) => void | Promise<void>): Promise<void> {
	return inObject(`migrate-${objects++}`, async (storage) => {
		storage.sql.exec(ddl)
		const capture = new Capture(storage, first, { shard: 's' })
		capture.install()
		const scripts: string[] = []
		await test({
			sql: storage.sql,
			capture,
			migrate: async (sql, after, direction = 'up') => {
				scripts.push(sql)
				const tags = scripts.map((_, idx) => `m${idx}`)
				const migrations = createMigrationManifest({
					journal: { entries: tags.map((tag, idx) => ({ idx, tag, when: idx + 1, breakpoints: true })) },
					files: Object.fromEntries(tags.map((tag, idx) => [tag, scripts[idx] ?? ''])),
				})
				await new MigrationRunner({ storage, migrations, hooks: () => capture.migrate(after, direction) }).run()
				capture.describe(after)
			},
		})
	})
}

/** The changes that wait, as `op table@version: field=value ...`, in their order. */
function told(capture: Capture): string[] {
	return drain(capture).flatMap(({ tables }) =>
		tables
			.flatMap(({ table, op, seq, row }) =>
				op.map((kind, index) => ({
					seq: seq[index] ?? 0,
					text: `${kind} ${table.name}@${table.version}: ${table.columns
						.map(({ fieldId }, column) => `${fieldId}=${row[column]?.values[index] ?? null}`)
						.join(' ')}`,
				})),
			)
			.sort((a, b) => a.seq - b.seq)
			.map(({ text }) => text),
	)
}

const users1 = table('users', 1, { id: [101, 'INTEGER'], name: [102, 'TEXT'] })
const ddl = 'CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); '
const two = "INSERT INTO users VALUES (1, 'ada'), (2, 'bob')"
const rebuild = (columns: string, copied: string, selection = copied, where = '') => `PRAGMA foreign_keys=OFF;
CREATE TABLE __new_users (${columns});
INSERT INTO __new_users (${copied}) SELECT ${selection} FROM users ${where};
DROP TABLE users;
ALTER TABLE __new_users RENAME TO users;
PRAGMA foreign_keys=ON;`

describe('a migration of a captured table', () => {
	test('that renames a column: what waits goes under the old name and version, and nothing is restated', () =>
		inShard(ddl, schema(users1), async ({ sql, capture, migrate }) => {
			sql.exec(two)
			const users2 = table('users', 2, { id: [101, 'INTEGER'], full: [102, 'TEXT'] })
			await migrate('ALTER TABLE users RENAME COLUMN name TO "full"', schema(users2))
			sql.exec('UPDATE users SET "full" = \'eve\' WHERE id = 2')
			const batches = drain(capture)
			expect(batches.flatMap(({ tables }) => tables.map(({ table }) => table))).toEqual([users1, users2])
			expect(batches[0]?.tables.map(({ row }) => row.map(({ values }) => values))).toEqual([
				[
					[1, 2],
					['ada', 'bob'],
				],
				[[2], ['eve']],
			])
			expect(capture.epoch).toBe(1)
		}))

	test("that makes a table of a dropped one's name begins no epoch where one began since: the lake holds no row of the old", () =>
		inShard(ddl, schema(users1), async ({ sql, capture, migrate }) => {
			sql.exec(two)
			drain(capture)
			await migrate('DROP TABLE users', schema())
			capture.startEpoch(2)
			await migrate('CREATE TABLE users (id INTEGER PRIMARY KEY)', schema(table('users', 3, { id: [103, 'INTEGER'] })))
			sql.exec('INSERT INTO users VALUES (7)')
			expect(told(capture)).toEqual(['c users@3: 103=7'])
			expect(capture.epoch).toBe(2)
		}))

	test('that swaps the names of two columns keeps their values apart', () =>
		inShard(
			'CREATE TABLE users (id INTEGER PRIMARY KEY, a TEXT, b TEXT)',
			schema(table('users', 1, { id: [101, 'INTEGER'], a: [102, 'TEXT'], b: [103, 'TEXT'] })),
			async ({ sql, capture, migrate }) => {
				sql.exec("INSERT INTO users VALUES (1, 'was a', 'was b')")
				await migrate(
					'ALTER TABLE users RENAME COLUMN a TO c; ALTER TABLE users RENAME COLUMN b TO a; ALTER TABLE users RENAME COLUMN c TO b',
					schema(table('users', 2, { id: [101, 'INTEGER'], b: [102, 'TEXT'], a: [103, 'TEXT'] })),
				)
				sql.exec("UPDATE users SET a = 'new b' WHERE id = 1")
				expect(told(capture)).toEqual(['c users@1: 101=1 102=was a 103=was b', 'u users@2: 101=1 102=was a 103=new b'])
				expect(capture.epoch).toBe(1)
			},
		))

	test('that adds a column with a default restates the rows once; without one, none', () =>
		inShard(ddl, schema(users1), async ({ sql, capture, migrate }) => {
			sql.exec(two)
			const users2 = table('users', 2, { id: [101, 'INTEGER'], name: [102, 'TEXT'], plan: [103, 'TEXT'], note: [104, 'TEXT'] })
			await migrate("ALTER TABLE users ADD plan TEXT DEFAULT 'free'; ALTER TABLE users ADD note TEXT", schema(users2))
			capture.install()
			expect(told(capture)).toEqual([
				'c users@1: 101=1 102=ada',
				'c users@1: 101=2 102=bob',
				'u users@2: 101=1 102=ada 103=free 104=null',
				'u users@2: 101=2 102=bob 103=free 104=null',
			])
			expect(capture.epoch).toBe(1)
		}))

	test('that drops a column restates nothing; when the column comes back, the lake must forget its old values', () =>
		inShard(ddl, schema(users1), async ({ sql, capture, migrate }) => {
			sql.exec(two)
			const users2 = table('users', 2, { id: [101, 'INTEGER'] })
			await migrate('ALTER TABLE users DROP COLUMN name', schema(users2))
			expect(told(capture)).toEqual(['c users@1: 101=1 102=ada', 'c users@1: 101=2 102=bob'])
			await migrate('ALTER TABLE users ADD COLUMN name TEXT', schema({ ...users1, version: 3 }))
			expect(told(capture)).toEqual(['u users@3: 101=1 102=null', 'u users@3: 101=2 102=null'])
			expect(capture.epoch).toBe(1)
		}))

	test('that gives a column the name of one that it drops keeps the two apart', () =>
		inShard(ddl, schema(users1), async ({ sql, capture, migrate }) => {
			sql.exec(two)
			told(capture)
			await migrate(
				'ALTER TABLE users DROP COLUMN name; ALTER TABLE users RENAME COLUMN id TO name; DELETE FROM users WHERE name = 2',
				schema(table('users', 2, { name: [101, 'INTEGER'] }, ['name'])),
			)
			sql.exec('INSERT INTO users VALUES (3)')
			expect(told(capture)).toEqual(['d users@1: 101=2 102=null', 'c users@2: 101=3'])
			expect(capture.epoch).toBe(1)
		}))

	test('whose column gets another field in the lake, and nothing else, restates the rows that have a value in it', () =>
		inShard(ddl, schema(users1), async ({ sql, capture, migrate }) => {
			sql.exec(`${two}; UPDATE users SET name = NULL WHERE id = 2`)
			told(capture)
			await migrate('SELECT 1', schema(table('users', 2, { id: [101, 'INTEGER'], name: [103, 'TEXT'] })))
			expect(told(capture)).toEqual(['u users@2: 101=1 103=ada'])
		}))

	test('that writes rows has them captured, before and after it changes the table', () =>
		inShard(ddl, schema(users1), async ({ sql, capture, migrate }) => {
			sql.exec(two)
			told(capture)
			const users2 = table('users', 2, { id: [101, 'INTEGER'], name: [102, 'TEXT'], age: [103, 'INTEGER'] })
			await migrate(
				"UPDATE users SET name = upper(name); ALTER TABLE users ADD age INTEGER; UPDATE users SET age = 7 WHERE id = 1; DELETE FROM users WHERE id = 2; INSERT INTO users VALUES (3, 'cyd', 9)",
				schema(users2),
			)
			const last = new Map<string, string>()
			for (const line of told(capture)) {
				const [, key = ''] = /101=(\d+)/.exec(line) ?? []
				last.set(key, line)
			}
			expect([...last.values()]).toEqual([
				'u users@2: 101=1 102=ADA 103=7',
				'd users@1: 101=2 102=BOB',
				'u users@2: 101=3 102=cyd 103=9',
			])
			expect(capture.epoch).toBe(1)
		}))
})

describe('a rebuild of a captured table', () => {
	test('that copies all rows as they are restates nothing, and capture goes on', () =>
		inShard(ddl, schema(users1), async ({ sql, capture, migrate }) => {
			sql.exec(two)
			told(capture)
			await migrate(rebuild('id INTEGER PRIMARY KEY, name TEXT NOT NULL', 'id, name'), schema({ ...users1, version: 2 }))
			expect(told(capture)).toEqual([])
			sql.exec("REPLACE INTO users VALUES (1, 'eve')")
			expect(told(capture)).toEqual(['d users@2: 101=1 102=ada', 'c users@2: 101=1 102=eve'])
			expect(capture.epoch).toBe(1)
		}))

	test('tells the lake of the rows that changed, went and came, and of no other', () =>
		inShard(ddl, schema(users1), async ({ sql, capture, migrate }) => {
			sql.exec("INSERT INTO users VALUES (1, 'ada'), (2, 'bob'), (3, '7'), (4, NULL)")
			told(capture)
			const script = rebuild(
				'id INTEGER PRIMARY KEY, name',
				'id, name',
				"id, CASE name WHEN '7' THEN 7 ELSE name END",
				"WHERE id <> 2 UNION ALL SELECT 9, 'new'",
			)
			await migrate(script, schema({ ...users1, version: 2 }))
			expect(told(capture)).toEqual(['d users@1: 101=2 102=bob', 'u users@2: 101=3 102=7', 'c users@2: 101=9 102=new'])
			expect(capture.epoch).toBe(1)
		}))

	test('that adds a column restates the rows that got a value in it', () =>
		inShard(ddl, schema(users1), async ({ sql, capture, migrate }) => {
			sql.exec(two)
			told(capture)
			const users2 = table('users', 2, { id: [101, 'INTEGER'], name: [102, 'TEXT'], age: [103, 'INTEGER'] })
			await migrate(
				rebuild('id INTEGER PRIMARY KEY, name TEXT, age INTEGER', 'id, name, age', 'id, name, CASE id WHEN 1 THEN 5 END'),
				schema(users2),
			)
			expect(told(capture)).toEqual(['u users@2: 101=1 102=ada 103=5'])
		}))

	test('that changes the type of a column restates the rows whose value that changed', () =>
		inShard('CREATE TABLE users (id INTEGER PRIMARY KEY, name)', schema(users1), async ({ sql, capture, migrate }) => {
			sql.exec("INSERT INTO users VALUES (1, 'ada'), (2, 7)")
			told(capture)
			await migrate(rebuild('id INTEGER PRIMARY KEY, name TEXT', 'id, name'), schema({ ...users1, version: 2 }))
			expect(told(capture)).toEqual(['u users@2: 101=2 102=7'])
		}))

	test('that changes the class of a number, 1 to 1.0, restates the row, although SQLite finds the two equal', () =>
		inShard('CREATE TABLE users (id INTEGER PRIMARY KEY, name)', schema(users1), async ({ sql, capture, migrate }) => {
			sql.exec("INSERT INTO users VALUES (1, 1), (2, 1.5), (3, '1')")
			told(capture)
			await migrate(
				rebuild('id INTEGER PRIMARY KEY, name REAL', 'id, name', 'id, CASE id WHEN 1 THEN 1.0 ELSE name END', 'WHERE id < 3'),
				schema({ ...users1, version: 2 }),
			)
			const [gone, restated, ...others] = drain(capture).flatMap(({ tables }) => tables)
			expect(gone?.op).toEqual(['d'])
			expect(restated?.op).toEqual(['u'])
			expect(restated?.row[1]?.values).toEqual([1])
			expect(restated?.row[1]?.kind).toBe('real')
			expect(others).toEqual([])
		}))

	test('with another key deletes each row under the old one and creates it under the new one', () =>
		inShard(ddl, schema(users1), async ({ sql, capture, migrate }) => {
			sql.exec(two)
			told(capture)
			const users2 = table('users', 2, { id: [101, 'INTEGER'], name: [102, 'TEXT'] }, ['name'])
			await migrate(rebuild('id INTEGER, name TEXT PRIMARY KEY', 'id, name'), schema(users2))
			expect(told(capture)).toEqual([
				'd users@1: 101=1 102=ada',
				'd users@1: 101=2 102=bob',
				'c users@2: 101=1 102=ada',
				'c users@2: 101=2 102=bob',
			])
			expect(capture.epoch).toBe(1)
		}))

	test('after a renaming in the same migration goes by field ids', () =>
		inShard(ddl, schema(users1), async ({ sql, capture, migrate }) => {
			sql.exec(two)
			const users2 = table('users', 2, { id: [101, 'INTEGER'], full: [102, 'TEXT'] })
			await migrate(
				`ALTER TABLE users RENAME COLUMN name TO "full"; ${rebuild('id INTEGER PRIMARY KEY, "full" TEXT', 'id, "full"')}`,
				schema(users2),
			)
			sql.exec('DELETE FROM users WHERE id = 1')
			expect(told(capture)).toEqual(['c users@1: 101=1 102=ada', 'c users@1: 101=2 102=bob', 'd users@2: 101=1 102=ada'])
			expect(capture.epoch).toBe(1)
		}))

	test('of a table without versions keeps its continuity just the same', () =>
		inShard(ddl, schema({ ...users1, version: 0 }), async ({ sql, capture, migrate }) => {
			sql.exec(two)
			await migrate(rebuild('id INTEGER PRIMARY KEY, name TEXT NOT NULL', 'id, name'), schema({ ...users1, version: 0 }))
			sql.exec('DELETE FROM users WHERE id = 1')
			expect(told(capture)).toEqual(['c users@0: 101=1 102=ada', 'c users@0: 101=2 102=bob', 'd users@0: 101=1 102=ada'])
			expect(capture.epoch).toBe(1)
		}))
})

describe('tables that come and go', () => {
	const posts1 = table('posts', 2, { id: [101, 'INTEGER'] })

	test('a new one is captured from its first row', () =>
		inShard(ddl, schema(users1), async ({ sql, capture, migrate }) => {
			await migrate('CREATE TABLE posts (id INTEGER PRIMARY KEY); INSERT INTO posts VALUES (1)', schema(users1, posts1))
			sql.exec('INSERT INTO posts VALUES (2)')
			expect(told(capture)).toEqual(['c posts@2: 101=1', 'c posts@2: 101=2'])
		}))

	test('a dropped one leaves its rows in the lake, and what waits is delivered', () =>
		inShard(ddl, schema(users1), async ({ sql, capture, migrate }) => {
			sql.exec(two)
			await migrate('DROP TABLE users', schema())
			expect(told(capture)).toEqual(['c users@1: 101=1 102=ada', 'c users@1: 101=2 102=bob'])
			expect(capture.epoch).toBe(1)
		}))

	test('one that a rollback drops is emptied in the lake, and may come back without a gap', () =>
		inShard(ddl, schema(users1), async ({ sql, capture, migrate }) => {
			sql.exec(two)
			told(capture)
			await migrate('DROP TABLE users', schema(), 'down')
			expect(told(capture)).toEqual(['d users@1: 101=1 102=ada', 'd users@1: 101=2 102=bob'])
			await migrate(`${ddl} INSERT INTO users VALUES (1, 'eve')`, schema(users1))
			expect(told(capture)).toEqual(['c users@1: 101=1 102=eve'])
			expect(capture.epoch).toBe(1)
		}))

	test('a renamed one is another table in the lake: what waits goes to the old one, all rows to the new one', () =>
		inShard(ddl, schema(users1), async ({ sql, capture, migrate }) => {
			sql.exec(two)
			const people = table('people', 2, { id: [101, 'INTEGER'], name: [102, 'TEXT'] })
			await migrate('ALTER TABLE users RENAME TO people', schema(people))
			sql.exec('DELETE FROM people WHERE id = 1')
			expect(told(capture)).toEqual([
				'c users@1: 101=1 102=ada',
				'c users@1: 101=2 102=bob',
				'c people@2: 101=1 102=ada',
				'c people@2: 101=2 102=bob',
				'd people@2: 101=1 102=ada',
			])
			expect(capture.epoch).toBe(1)
		}))

	test.for([
		['in one migration', ['DROP TABLE users; ALTER TABLE archive RENAME TO users']],
		['in two', ['DROP TABLE users', 'ALTER TABLE archive RENAME TO users']],
	] as const)(
		'a captured one that takes the name of one that is dropped begins an epoch, and is captured once: %s',
		([, scripts]) =>
			inShard(
				`${ddl} CREATE TABLE archive (id INTEGER PRIMARY KEY, name TEXT)`,
				schema(users1, table('archive', 1, { id: [201, 'INTEGER'], name: [202, 'TEXT'] })),
				async ({ sql, capture, migrate }) => {
					sql.exec(`${two}; INSERT INTO archive VALUES (3, 'old')`)
					told(capture)
					const users2 = table('users', 2, { id: [201, 'INTEGER'], name: [202, 'TEXT'] })
					for (const script of scripts.slice(0, -1)) {
						await migrate(script, schema(table('archive', 1, { id: [201, 'INTEGER'], name: [202, 'TEXT'] })))
					}
					await migrate(scripts.at(-1) ?? '', schema(users2))
					expect(capture.epoch).toBe(2)
					expect(told(capture)).toEqual(['c users@2: 201=3 202=old'])
					sql.exec("UPDATE users SET name = 'new'")
					expect(told(capture)).toEqual(['u users@2: 201=3 202=new'])
				},
			),
	)

	test('another table under the name of one that was dropped with its rows begins an epoch', () =>
		inShard(ddl, schema(users1), async ({ sql, capture, migrate }) => {
			sql.exec(two)
			told(capture)
			await migrate('DROP TABLE users', schema())
			await migrate(`${ddl} INSERT INTO users VALUES (5, 'eve')`, schema({ ...users1, version: 3 }))
			expect(told(capture)).toEqual(['c users@3: 101=5 102=eve'])
			expect(capture.epoch).toBe(2)
		}))
})
