import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { expect, it, onTestFinished } from 'vitest'
import { LocalRouter, type LocalRouterOptions } from '../../src/local/local-router.ts'
import type { BundledMigrations } from '../../src/migrator/bundled-migrations.ts'
import { SQLake } from '../../src/schema/database.ts'
import { placesIn, temporaryDirectory } from './fixture.ts'

const key = { owner: text('owner').notNull(), id: text('id').notNull() }
const first = SQLake({
	notes: sqliteTable('notes', key, (t) => [primaryKey({ columns: [t.owner, t.id] })]),
	shard: { notes: 'owner' },
})
const second = SQLake({
	notes: sqliteTable('notes', { ...key, stars: integer('stars').default(3) }, (t) => [primaryKey({ columns: [t.owner, t.id] })]),
	shard: { notes: 'owner' },
})

/** The first migrations of two. */
function migrations(count: number): BundledMigrations {
	const statements = [
		'CREATE TABLE notes (owner text NOT NULL, id text NOT NULL, PRIMARY KEY (owner, id))',
		'ALTER TABLE notes ADD stars integer DEFAULT 3',
	].slice(0, count)
	return {
		journal: {
			entries: statements.map((_, idx) => ({ idx, when: 1_760_000_000_000 + idx, tag: `000${idx}`, breakpoints: true })),
		},
		migrations: Object.fromEntries(statements.map((sql, idx) => [`m000${idx}`, sql])),
	}
}

it('a router notices that another one migrated a shard that both have open', async () => {
	const places = placesIn(await temporaryDirectory())
	const open = (options: Omit<LocalRouterOptions, 'db' | 'lake'>) => {
		const router = new LocalRouter({ ...places, flush: null, ...options })
		onTestFinished(() => router.close())
		return router
	}
	const old = open({ schema: first, migrations: migrations(1) })
	await old.sql`INSERT INTO notes (owner, id) VALUES ('ada', 'a')`.run()
	await old.close()
	const looking = open({ schema: second, migrations: migrations(2), migrationPolicy: 'never' })
	expect(await looking.sql.shard('ada')`SELECT * FROM notes`.all()).toEqual([{ owner: 'ada', id: 'a' }])
	const migrating = open({ schema: second, migrations: migrations(2) })
	await migrating.sql`INSERT INTO notes (owner, id, stars) VALUES ('ada', 'b', 5)`.run()
	await looking.flush()
	expect(await looking.sql.analytics`SELECT id, stars FROM notes ORDER BY id`).toEqual([
		{ id: 'a', stars: 3 },
		{ id: 'b', stars: 5 },
	])
	expect(await looking.migrationStatus('ada')).toMatchObject({ state: 'current', appliedCount: 2 })
})
