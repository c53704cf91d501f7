import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { describe, expect, it, onTestFinished } from 'vitest'
import { LocalRouter, type LocalRouterOptions } from '../../src/local/local-router.ts'
import { createMigrationManifest } from '../../src/migrator/create-migration-manifest.ts'
import type { MigrationManifest } from '../../src/migrator/manifest.ts'
import { SQLake, type SQLakeDatabase } from '../../src/schema/database.ts'
import { placesIn, temporaryDirectory } from './fixture.ts'

const posts = sqliteTable('posts', { id: text('id').primaryKey(), author: text('author') })
const before: SQLakeDatabase = SQLake({
	users: sqliteTable('users', { id: text('id').primaryKey(), email: text('email') }),
	posts,
	shard: { users: 'id', posts: 'author' },
})
const after: SQLakeDatabase = SQLake({
	users: sqliteTable('users', { id: text('id').primaryKey(), email: text('email').notNull(), age: integer('age') }),
	posts,
	shard: { users: 'id', posts: 'author' },
})

const initial = `CREATE TABLE users (id text PRIMARY KEY NOT NULL, email text);
CREATE TABLE posts (id text PRIMARY KEY NOT NULL, author text REFERENCES users(id) ON DELETE CASCADE);`
const rebuild = `PRAGMA foreign_keys=OFF;
CREATE TABLE __new_users (id text PRIMARY KEY NOT NULL, email text NOT NULL, age integer DEFAULT 18);
INSERT INTO __new_users ("id", "email", "age") SELECT "id", "email", "age" FROM users;
DROP TABLE users;
ALTER TABLE __new_users RENAME TO users;
PRAGMA foreign_keys=ON;`
const undo = 'ALTER TABLE users DROP COLUMN age;'

function manifest(
	...scripts: readonly { readonly up: string; readonly down?: string; readonly losses?: readonly string[] }[]
): MigrationManifest {
	const tag = (idx: number) => `000${idx}_m`
	return createMigrationManifest({
		journal: { entries: scripts.map((_, idx) => ({ idx, when: 1_760_000_000_000 + idx, tag: tag(idx), breakpoints: true })) },
		files: Object.fromEntries(scripts.map(({ up }, idx) => [tag(idx), up])),
		downs: Object.fromEntries(
			scripts.flatMap(({ down, losses = [] }, idx) => (down === undefined ? [] : [[tag(idx), { sql: down, losses }]])),
		),
	})
}

const first = manifest({ up: initial })
const both = manifest({ up: initial }, { up: rebuild, down: undo, losses: ['column "users"."age"'] })

function open(directory: string, options: Partial<LocalRouterOptions<typeof before>> = {}): LocalRouter {
	const router = new LocalRouter({ schema: before, ...placesIn(directory), migrations: first, ...options })
	onTestFinished(() => router.close())
	return router
}

/** A directory with a shard on the first migration. */
async function withUser(email: string | null = 'e'): Promise<string> {
	const directory = await temporaryDirectory()
	const router = open(directory)
	await router.sql`INSERT INTO users VALUES ('ada', ${email})`.run()
	await router.sql`INSERT INTO posts VALUES ('p', 'ada')`.run()
	await router.close()
	return directory
}

describe('the migrations of a LocalRouter', () => {
	it('keep the rows of children through a rebuild, and the history that the lake has of them', async () => {
		const directory = await withUser()
		const router = open(directory, { schema: after, migrations: both })
		expect(await router.sql`SELECT * FROM users WHERE id = 'ada'`.all()).toEqual([{ id: 'ada', email: 'e', age: 18 }])
		expect(await router.sql`SELECT * FROM posts WHERE author = 'ada'`.all()).toHaveLength(1)
		await expect(router.sql`INSERT INTO posts VALUES ('q', 'bob')`.run()).rejects.toMatchObject({ code: 'QUERY_FAILED' })
		const { bookmark } = await router.sql`UPDATE users SET age = 40 WHERE id = 'ada'`.run()
		expect(bookmark).toMatchObject({ epoch: 1 })
		await router.flush()
		expect(await router.sql.analytics`SELECT age FROM users`.all()).toEqual([{ age: 40 }])
	})

	it('can be looked at, tried, applied and undone, one shard at a time', async () => {
		const directory = await withUser()
		const router = open(directory, { schema: after, migrations: both, migrationPolicy: 'never' })
		expect(await router.migrationStatus('ada')).toMatchObject({ state: 'pending', pending: ['0001_m'] })
		expect(await router.planMigration('ada')).toMatchObject({ migrations: [{ tag: '0001_m' }], error: null })
		expect(await router.migrationStatus('ada')).toMatchObject({ state: 'pending' })
		expect(await router.migrate('ada')).toMatchObject({ migrations: ['0001_m'], version: '0001_m' })
		expect(await router.sql`SELECT age FROM users WHERE id = 'ada'`.all()).toEqual([{ age: 18 }])
		expect(await router.sql`SELECT * FROM posts WHERE author = 'ada'`.all()).toHaveLength(1)
		const down = { direction: 'down', target: '0000_m' } as const
		await expect(router.migrate('ada', down)).rejects.toMatchObject({ code: 'MIGRATION_IRREVERSIBLE' })
		expect(await router.migrate('ada', { ...down, acceptDataLoss: true })).toMatchObject({ migrations: ['0001_m'] })
		expect(await router.migrationStatus('ada')).toMatchObject({ state: 'held' })
		expect(await router.migrate('ada')).toMatchObject({ migrations: ['0001_m'] })
	})

	it('that fail leave the shard on its version until they are corrected', async () => {
		const directory = await withUser(null)
		const router = open(directory, { schema: after, migrations: both })
		expect(await router.sql`SELECT email FROM users WHERE id = 'ada'`.all()).toEqual([{ email: null }])
		await expect(router.sql`UPDATE users SET email = 'x' WHERE id = 'ada'`.run()).rejects.toMatchObject({
			code: 'MIGRATION_PENDING',
			message: expect.stringContaining('NOT NULL constraint failed'),
		})
		await router.sql`INSERT INTO posts VALUES ('q', 'ada')`.run()
		expect(await router.migrationStatus('ada')).toMatchObject({ state: 'failed', attempts: 1 })
		await router.close()
		const deleted = manifest({ up: initial }, { up: `DELETE FROM users WHERE email IS NULL; ${rebuild}` })
		const corrected = open(directory, { schema: after, migrations: deleted })
		expect(await corrected.migrationStatus('ada')).toMatchObject({ state: 'current', lastError: null })
		expect(await corrected.sql`SELECT * FROM users WHERE id = 'ada'`.all()).toEqual([])
	})

	it('do not open what another version of the code has left further on to writes', async () => {
		const directory = await withUser()
		const newer = open(directory, { schema: after, migrations: both })
		await newer.sql`SELECT 1 FROM users WHERE id = 'ada'`.all()
		await newer.close()
		const older = open(directory)
		expect(await older.sql`SELECT id FROM users WHERE id = 'ada'`.all()).toEqual([{ id: 'ada' }])
		await expect(older.sql`DELETE FROM users WHERE id = 'ada'`.run()).rejects.toMatchObject({ code: 'MIGRATION_AHEAD' })
		expect(await older.migrate('ada', { direction: 'down', target: '0000_m', acceptDataLoss: true })).toMatchObject({
			migrations: ['0001_m'],
		})
		expect((await older.sql`DELETE FROM users WHERE id = 'ada'`.run()).rowsAffected).toBe(1)
	})

	it('take an edited migration as it is where checksums are skipped', async () => {
		const directory = await withUser()
		const edited = manifest({ up: `${initial} CREATE INDEX late ON users (email);` })
		const strict = open(directory, { migrations: edited })
		await expect(strict.sql`DELETE FROM posts WHERE author = 'ada'`.run()).rejects.toMatchObject({ code: 'MIGRATION_CHECKSUM' })
		await strict.close()
		const lenient = open(directory, { migrations: edited, skipChecksum: true })
		expect((await lenient.sql`DELETE FROM posts WHERE author = 'ada'`.run()).rowsAffected).toBe(1)
		await lenient.close()
		expect(await open(directory, { migrations: edited }).migrationStatus('ada')).toMatchObject({ state: 'current' })
	})
})
