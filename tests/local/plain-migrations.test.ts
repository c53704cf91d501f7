import { describe, expect, it, onTestFinished } from 'vitest'
import { integer, primaryKey, sqliteTable, text } from '../../src/columns.ts'
import { LocalRouter } from '../../src/local/local-router.ts'
import type { BundledMigrations } from '../../src/migrator/bundled-migrations.ts'
import { SQLake, type SQLakeDatabase } from '../../src/schema/database.ts'
import { placesIn, temporaryDirectory } from './fixture.ts'

const BREAK = '\n--> statement-breakpoint\n'
const FIRST = 'CREATE TABLE `users` (`id` text PRIMARY KEY NOT NULL, `a` text, `b` text, `c` integer)'

/** What drizzle-kit writes into `migrations.js`. */
function bundle(...scripts: readonly string[]): BundledMigrations {
	return {
		journal: {
			entries: scripts.map((_, idx) => ({ idx, tag: `000${idx}_m`, when: 1_700_000_000_000 + idx, breakpoints: true })),
		},
		migrations: Object.fromEntries(scripts.map((sql, idx) => [`m000${idx}`, sql])),
	}
}

function open(directory: string, schema: SQLakeDatabase, migrations: BundledMigrations | string): LocalRouter<SQLakeDatabase> {
	const router = new LocalRouter({ schema, migrations, ...placesIn(directory) })
	onTestFinished(() => router.close())
	return router
}

const id = () => text('id').primaryKey()
const [a, b, c] = [() => text('a'), () => text('b'), () => integer('c')]
const before = SQLake({ users: { id: id(), a: a(), b: b(), c: c() }, shard: { users: 'id' } })

/** A rebuild as drizzle-kit writes it. */
const rebuilt = (definition: string, into: string, from = into) =>
	[
		'PRAGMA foreign_keys=OFF;',
		`CREATE TABLE \`__new_users\` (${definition});`,
		`INSERT INTO \`__new_users\`(${into}) SELECT ${from} FROM \`users\`;`,
		'DROP TABLE `users`;',
		'ALTER TABLE `__new_users` RENAME TO `users`;',
		'PRAGMA foreign_keys=ON;',
	].join(BREAK)

const cases = [
	{
		what: 'a column that the code adds in the middle',
		schema: SQLake({ users: { id: id(), a: a(), z: text('z'), b: b(), c: c() }, shard: { users: 'id' } }),
		sql: 'ALTER TABLE `users` ADD `z` text;',
		old: { id: 'ada', a: 'a1', z: null, b: 'b1', c: 1 },
		next: { id: 'ben', a: 'a2', z: 'z2', b: 'b2', c: 2 },
	},
	{
		what: 'a column that is dropped in the middle',
		schema: SQLake({ users: { id: id(), b: b(), c: c() }, shard: { users: 'id' } }),
		sql: 'ALTER TABLE `users` DROP COLUMN `a`;',
		old: { id: 'ada', b: 'b1', c: 1 },
		next: { id: 'ben', b: 'b2', c: 2 },
	},
	{
		what: 'a rename that the SQL calls one',
		schema: SQLake({ users: { id: id(), renamed: text('renamed'), b: b(), c: c() }, shard: { users: 'id' } }),
		sql: 'ALTER TABLE `users` RENAME COLUMN "a" TO "renamed";',
		old: { id: 'ada', renamed: 'a1', b: 'b1', c: 1 },
		next: { id: 'ben', renamed: 'a2', b: 'b2', c: 2 },
	},
	{
		what: 'a column that is dropped and another that is added in its place',
		schema: SQLake({ users: { id: id(), other: text('other'), b: b(), c: c() }, shard: { users: 'id' } }),
		sql: `ALTER TABLE \`users\` ADD \`other\` text;${BREAK}ALTER TABLE \`users\` DROP COLUMN \`a\`;`,
		old: { id: 'ada', other: null, b: 'b1', c: 1 },
		next: { id: 'ben', other: 'o2', b: 'b2', c: 2 },
	},
	{
		what: 'a column of another type under the name of one that is dropped',
		schema: SQLake({ users: { id: id(), a: integer('a'), b: b(), c: c() }, shard: { users: 'id' } }),
		sql: `ALTER TABLE \`users\` DROP COLUMN \`a\`;${BREAK}ALTER TABLE \`users\` ADD \`a\` integer;`,
		old: { id: 'ada', a: null, b: 'b1', c: 1 },
		next: { id: 'ben', a: 7, b: 'b2', c: 2 },
	},
	{
		what: 'columns that the code lists in another order',
		schema: SQLake({ users: { c: c(), b: b(), id: id(), a: a() }, shard: { users: 'id' } }),
		sql: null,
		old: { id: 'ada', a: 'a1', b: 'b1', c: 1 },
		next: { id: 'ben', a: 'a2', b: 'b2', c: 2 },
	},
	{
		what: 'a rebuild that copies a column under another name, in another order',
		schema: SQLake({ users: { id: id(), c: c(), kept: text('kept').notNull(), b: b() }, shard: { users: 'id' } }),
		sql: rebuilt(
			'`id` text PRIMARY KEY NOT NULL, `c` integer, `kept` text NOT NULL, `b` text',
			'"id", "c", "kept", "b"',
			'"id", "c", "a", "b"',
		),
		old: { id: 'ada', c: 1, kept: 'a1', b: 'b1' },
		next: { id: 'ben', c: 2, kept: 'k2', b: 'b2' },
	},
	{
		what: 'a primary key of other columns',
		schema: SQLake({
			users: sqliteTable('users', { id: text('id').notNull(), a: a(), b: b(), c: integer('c').notNull() }, (table) => [
				primaryKey({ columns: [table.id, table.c] }),
			]),
			shard: { users: 'id' },
		}),
		sql: rebuilt('`id` text NOT NULL, `a` text, `b` text, `c` integer NOT NULL, PRIMARY KEY(`id`, `c`)', '"id", "a", "b", "c"'),
		old: { id: 'ada', a: 'a1', b: 'b1', c: 1 },
		next: { id: 'ben', a: 'a2', b: 'b2', c: 2 },
	},
	{
		what: 'a primary key of another column',
		schema: SQLake({
			users: { id: text('id').notNull(), a: a(), b: b(), c: integer('c').primaryKey() },
			shard: { users: 'id' },
		}),
		sql: rebuilt('`id` text NOT NULL, `a` text, `b` text, `c` integer PRIMARY KEY NOT NULL', '"id", "a", "b", "c"'),
		old: { id: 'ada', a: 'a1', b: 'b1', c: 1 },
		next: { id: 'ben', a: 'a2', b: 'b2', c: 2 },
	},
]

describe('migrations of drizzle-kit, without a manifest, once a lake was delivered to', () => {
	it.each(cases)('go on with $what', async ({ schema, sql, old, next }) => {
		const directory = await temporaryDirectory()
		const first = open(directory, before, bundle(FIRST))
		await first.sql`INSERT INTO users (id, a, b, c) VALUES ('ada', 'a1', 'b1', 1)`.run()
		await first.flush()
		await first.close()

		const router = open(directory, schema, sql === null ? bundle(FIRST) : bundle(FIRST, sql))
		const comma = router.sql.raw(', ')
		const columns = Object.keys(next).map((name) => router.sql.identifier(name))
		const values = Object.values(next).map((value) => router.sql`${value}`)
		await router.sql`INSERT INTO users (${router.sql.join(columns, comma)}) VALUES (${router.sql.join(values, comma)})`.run()
		await router.sql`UPDATE users SET b = 'later' WHERE id = 'ada'`.run()
		await router.flush()
		expect(await router.sql.analytics`SELECT * FROM users ORDER BY id`).toEqual([{ ...old, b: 'later' }, next])
	})
})
