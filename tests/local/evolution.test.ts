import { eq } from 'drizzle-orm'
import { describe, expect, it, onTestFinished } from 'vitest'
import { integer, primaryKey, sqliteTable, text } from '../../src/columns.ts'
import { drizzle } from '../../src/driver/drizzle.ts'
import { tableEvolutions } from '../../src/lake/change-table.ts'
import { LocalRouter, type LocalRouterOptions } from '../../src/local/local-router.ts'
import { assignAllFieldIds } from '../../src/migrator/assign-field-ids.ts'
import { createMigrationManifest } from '../../src/migrator/create-migration-manifest.ts'
import type { Migration, MigrationManifest } from '../../src/migrator/manifest.ts'
import { schemaOf } from '../../src/migrator/schema-of.ts'
import { SQLake, type SQLakeDatabase } from '../../src/schema/database.ts'
import type { LakeSchema } from '../../src/schema/table-schema.ts'
import { placesIn, temporaryDirectory } from './fixture.ts'

const first = SQLake({
	users: { id: text('id').primaryKey(), email: text('email'), age: integer('age'), joined: integer('joined') },
	shard: { users: 'id' },
})
/** `email` is called `mail`, `plan` is new and has a default, `age` is gone. */
const second = SQLake({
	users: { id: text('id').primaryKey(), mail: text('mail'), joined: integer('joined'), plan: text('plan').default('free') },
	shard: { users: 'id' },
})
/** `joined` is a moment to the lake now, with no change in SQL; notes are new. */
const third = SQLake({
	users: {
		id: text('id').primaryKey(),
		mail: text('mail'),
		joined: integer('joined', { mode: 'timestamp' }),
		plan: text('plan').default('free'),
	},
	notes: { id: integer('id').primaryKey(), owner: text('owner').notNull(), body: text('body') },
	shard: { users: 'id', notes: 'owner' },
})

/** No notes any more. */
const fourth = SQLake({
	users: {
		id: text('id').primaryKey(),
		mail: text('mail'),
		joined: integer('joined', { mode: 'timestamp' }),
		plan: text('plan').default('free'),
	},
	shard: { users: 'id' },
})

interface Version {
	readonly schema: SQLakeDatabase
	readonly up?: string
	readonly down?: string
	/** Of users: the new name to the old one. */
	readonly renamed?: ReadonlyMap<string, string>
}

const versions: readonly Version[] = [
	{
		schema: first,
		up: 'CREATE TABLE users (id text PRIMARY KEY NOT NULL, email text, age integer, joined integer)',
		down: 'DROP TABLE users',
	},
	{
		schema: second,
		up: [
			'ALTER TABLE users RENAME COLUMN email TO mail',
			"ALTER TABLE users ADD COLUMN plan text DEFAULT 'free'",
			'ALTER TABLE users DROP COLUMN age',
		].join('--> statement-breakpoint\n'),
		down: [
			'ALTER TABLE users ADD COLUMN age integer',
			'ALTER TABLE users DROP COLUMN plan',
			'ALTER TABLE users RENAME COLUMN mail TO email',
		].join('--> statement-breakpoint\n'),
		renamed: new Map([['mail', 'email']]),
	},
	{ schema: third, up: 'CREATE TABLE notes (id integer PRIMARY KEY, owner text NOT NULL, body text)', down: 'DROP TABLE notes' },
	{ schema: fourth, up: 'DROP TABLE notes', down: 'CREATE TABLE notes (id integer PRIMARY KEY, owner text NOT NULL, body text)' },
]

/** The manifest as `sqlake generate` leaves it after the first `count` versions. */
function manifestOf(count: number, upOf: (version: Version) => string = ({ up = '' }) => up): MigrationManifest {
	let known: Pick<MigrationManifest, 'tables' | 'lastFieldIds'> = { tables: {}, lastFieldIds: {} }
	const changes: Record<string, NonNullable<Migration['tables']>> = {}
	const files: Record<string, string> = {}
	const downs: Record<string, { sql: string; losses: string[] }> = {}
	for (const [i, version] of versions.slice(0, count).entries()) {
		const { schema, down = '', renamed = new Map() } = version
		const tag = `000${i}_m`
		const before = known.tables
		known = assignAllFieldIds(known, schema.lake.tables, new Map([['users', renamed]]), i + 1)
		const gone = Object.keys(before).filter((name) => !schema.lake.tables.has(name))
		changes[tag] = {
			...Object.fromEntries(Object.entries(known.tables).filter(([, table]) => table.version === i + 1)),
			...Object.fromEntries(gone.map((name) => [name, null])),
		}
		files[tag] = upOf(version)
		downs[tag] = { sql: down, losses: [] }
	}
	const entries = Object.keys(files).map((tag, idx) => ({ idx, tag, when: 1_700_000_000_000 + idx * 1000, breakpoints: true }))
	return createMigrationManifest({ journal: { entries }, files, downs }, { ...known, version: count, changes })
}

type Options = Partial<LocalRouterOptions<SQLakeDatabase>>

/** The code of a version, on the files of a directory. */
function deploy(directory: string, version: number, options: Options = {}): LocalRouter<SQLakeDatabase> {
	const schema = versions[version - 1]?.schema ?? first
	const router = new LocalRouter({ schema, migrations: manifestOf(version), ...placesIn(directory), ...options })
	onTestFinished(() => router.close())
	return router
}

const codeOf = (version: number): LakeSchema =>
	schemaOf(manifestOf(version), versions[version - 1]?.schema.lake ?? first.lake, version)

const pause = () => new Promise((resolve) => setTimeout(resolve, 5))

/** Three users on the first version, in the lake. */
async function filled() {
	const directory = await temporaryDirectory()
	const router = deploy(directory, 1)
	await router.sql`INSERT INTO users VALUES ('ada', 'a@x', 36, 1700000000)`.run()
	await router.sql`INSERT INTO users VALUES ('ben', 'b@x', 20, NULL)`.run()
	await router.sql`INSERT INTO users VALUES ('cleo', 'c@x', 50, 1800000000)`.run()
	await router.flush()
	await pause()
	const before = Date.now()
	await pause()
	const asBefore = await router.sql.asOf(before)`SELECT * FROM users ORDER BY id`
	await router.close()
	return { directory, before, asBefore }
}

type Row = Readonly<Record<string, unknown>>

const sorted = (rows: readonly Row[]) => rows.toSorted((a, b) => String(a.id).localeCompare(String(b.id)))

/** The rows of all shards, as the shards themselves have them. */
async function inShards(router: LocalRouter<SQLakeDatabase>, table = 'users'): Promise<Row[]> {
	const name = router.sql.identifier(table)
	const rows = await Promise.all(
		(await router.shards()).map((shard) => router.sql.shard(shard)<Row>`SELECT * FROM ${name}`.all()),
	)
	return sorted(rows.flat())
}

async function inLake(router: LocalRouter<SQLakeDatabase>, table = 'users'): Promise<Row[]> {
	return sorted(await router.sql.analytics<Row>`SELECT * FROM ${router.sql.identifier(table)}`)
}

/** All changes since a moment, as the lake has them. */
const changesSince = (router: LocalRouter<SQLakeDatabase>, moment: number) =>
	router.sql.between(moment, Date.now() + 60_000)<Row>`SELECT *, _before_mail FROM users ORDER BY _shard, _seq`

const ADA = { id: 'ada', email: 'a@x', age: 36, joined: 1_700_000_000 }

describe('a migration, from the shards to the lake', () => {
	it('leaves the lake as the shards are, each row restated once, and the moments before as they were', async () => {
		const { directory, before, asBefore } = await filled()
		expect(asBefore[0]).toEqual(ADA)
		const router = deploy(directory, 2)
		expect(await inShards(router)).toHaveLength(3)
		await router.flush()
		expect(await inShards(router)).toEqual(await inLake(router))
		expect((await inLake(router))[0]).toEqual({ id: 'ada', mail: 'a@x', joined: 1_700_000_000, plan: 'free' })
		expect(await changesSince(router, before)).toMatchObject([
			{ _op: 'u', _shard: 'ada', mail: 'a@x', plan: 'free', _before_mail: 'a@x' },
			{ _op: 'u', _shard: 'ben', plan: 'free' },
			{ _op: 'u', _shard: 'cleo', plan: 'free' },
		])
		expect(await router.sql.asOf(before)`SELECT * FROM users ORDER BY id`).toEqual(asBefore)
		await router.close()
		// Restarts repeat nothing.
		const again = deploy(directory, 2)
		expect(await inShards(again)).toHaveLength(3)
		expect(await again.flush()).toMatchObject({ changes: 0 })
	})

	const breakpoint = '--> statement-breakpoint\n'
	const [rename = '', add = '', drop = ''] = versions[1]?.up?.split(breakpoint) ?? []
	const rebuild = [
		"CREATE TABLE __new_users (id text PRIMARY KEY NOT NULL, mail text, joined integer, plan text DEFAULT 'free')",
		'INSERT INTO __new_users (id, mail, joined) SELECT id, email, joined FROM users',
		'DROP TABLE users',
		'ALTER TABLE __new_users RENAME TO users',
	]
	it.each([
		['ADD, RENAME, DROP', [add, rename, drop]],
		['ADD, DROP, RENAME', [add, drop, rename]],
		['DROP, ADD, RENAME', [drop, add, rename]],
		['DROP, RENAME, ADD', [drop, rename, add]],
		['RENAME, DROP, ADD', [rename, drop, add]],
		[
			'ADD, DROP, another ADD and DROP, RENAME',
			[add, drop, 'ALTER TABLE users ADD COLUMN x DEFAULT 1', 'ALTER TABLE users DROP COLUMN x', rename],
		],
		['a rebuild', rebuild],
		[
			'a rebuild and a DROP',
			[
				...rebuild.map((text) => text.replace('joined integer,', 'joined integer, x DEFAULT 1,')),
				'ALTER TABLE users DROP COLUMN x',
			],
		],
	])('restates each row once, by %s', async (_, statements) => {
		const { directory, before } = await filled()
		const migrations = manifestOf(2, ({ schema, up = '' }) => (schema === second ? statements.join(breakpoint) : up))
		const router = deploy(directory, 2, { migrations })
		expect(await inShards(router)).toHaveLength(3)
		await router.flush()
		expect(await inLake(router)).toEqual(await inShards(router))
		expect(await changesSince(router, before)).toMatchObject(
			['ada', 'ben', 'cleo'].map((id) => ({ _op: 'u', _shard: id, id, plan: 'free' })),
		)
	})

	it('reaches shards one by one: until then the lake has their rows without what they do not have yet', async () => {
		const { directory } = await filled()
		const router = deploy(directory, 2, { migrationPolicy: 'never' })
		for (const shard of ['ada', 'dora']) await router.migrate(shard)
		await router.sql`INSERT INTO users (id, mail, plan) VALUES ('dora', 'd@x', 'pro')`.run()
		await router.flush()
		expect(await inLake(router)).toEqual([
			{ id: 'ada', mail: 'a@x', joined: 1_700_000_000, plan: 'free' },
			{ id: 'ben', mail: 'b@x', joined: null, plan: null },
			{ id: 'cleo', mail: 'c@x', joined: 1_800_000_000, plan: null },
			{ id: 'dora', mail: 'd@x', joined: null, plan: 'pro' },
		])
		// A shard on the version before goes on delivering under its names.
		await router.sql.shard('ben')`UPDATE users SET email = 'new', age = 21`.run()
		await router.flush()
		expect(await router.sql.analytics`SELECT mail FROM users WHERE id = 'ben'`).toEqual([{ mail: 'new' }])
		for (const shard of ['ben', 'cleo']) await router.migrate(shard)
		await router.flush()
		expect(await inLake(router)).toEqual(await inShards(router))
	})

	it('delivers what waited from before it under the names of before', async () => {
		const { directory } = await filled()
		const old = deploy(directory, 1)
		await old.sql`UPDATE users SET email = 'waits' WHERE id = 'ada'`.run()
		await old.sql`INSERT INTO users VALUES ('dora', 'd@x', 1, 2)`.run()
		await pause()
		const before = Date.now()
		await pause()
		await old.close()
		const router = deploy(directory, 2)
		await router.sql`UPDATE users SET plan = 'pro' WHERE id = 'ada'`.run()
		await router.sql`DELETE FROM users WHERE id = 'ben'`.run()
		expect(await inShards(router)).toHaveLength(3)
		await router.flush()
		expect(await inLake(router)).toEqual(await inShards(router))
		expect((await inLake(router))[0]).toEqual({ id: 'ada', mail: 'waits', joined: 1_700_000_000, plan: 'pro' })
		expect(await router.sql.asOf(before)`SELECT id, email, age FROM users WHERE id IN ('ada', 'dora') ORDER BY id`).toEqual([
			{ id: 'ada', email: 'waits', age: 36 },
			{ id: 'dora', email: 'd@x', age: 1 },
		])
	})

	it('that changes a type in the lake only shows the values all the time, and restates them', async () => {
		const { directory, before } = await filled()
		const router = deploy(directory, 3, { migrationPolicy: 'never' })
		const { users } = third.tables
		const joined = new Date(1_700_000_000_000)
		const ofAda = () => drizzle(router).analytics().select().from(users).where(eq(users.id, 'ada'))
		expect(await ofAda()).toEqual([{ id: 'ada', mail: 'a@x', joined, plan: null }])
		await router.migrate('ada')
		await router.flush()
		expect(await ofAda()).toEqual([{ id: 'ada', mail: 'a@x', joined, plan: 'free' }])
		expect(await router.sql.analytics`SELECT id, joined FROM users ORDER BY id`).toEqual([
			{ id: 'ada', joined: 1_700_000_000 },
			{ id: 'ben', joined: null },
			{ id: 'cleo', joined: 1_800_000_000 },
		])
		for (const shard of ['ben', 'cleo']) await router.migrate(shard)
		await router.flush()
		expect(await inLake(router)).toEqual(await inShards(router))
		const then = drizzle(router).asOf(before).select().from(users).where(eq(users.mail, 'a@x'))
		expect(await then).toEqual([{ id: 'ada', mail: 'a@x', joined, plan: null }])
	})

	it('that adds a table leaves none of it in the moments before', async () => {
		const { directory, before } = await filled()
		const router = deploy(directory, 3)
		await router.sql`INSERT INTO notes (id, owner, body) VALUES (1, 'ada', 'hello')`.run()
		await router.flush()
		expect(await inLake(router, 'notes')).toEqual([{ id: 1, owner: 'ada', body: 'hello' }])
		expect(await router.sql.asOf(before)`SELECT count(*) AS n FROM notes`).toEqual([{ n: 0 }])
	})

	it('that drops a table leaves it in the moments before', async () => {
		const { directory } = await filled()
		const old = deploy(directory, 3)
		await old.sql`INSERT INTO notes (id, owner, body) VALUES (1, 'ada', 'hello')`.run()
		await old.flush()
		await pause()
		const before = Date.now()
		await pause()
		await old.close()
		const router = deploy(directory, 4)
		expect(await inShards(router)).toHaveLength(3)
		await router.flush()
		expect(await router.sql.asOf(before)`SELECT * FROM notes`).toEqual([{ id: 1, owner: 'ada', body: 'hello' }])
		await expect(router.sql.analytics`SELECT * FROM notes`.all()).rejects.toMatchObject({ code: 'ROUTE_UNKNOWN_TABLE' })
		const changes = router.sql.between(
			0,
			before,
		)`SELECT n.body, u.id FROM notes n JOIN users u ON u.id = n.owner WHERE u._op = 'c'`
		expect(await changes).toEqual([{ body: 'hello', id: 'ada' }])
	})

	it('that is rolled back leaves the lake as the shards are again, once it is told the way back', async () => {
		const { directory, before, asBefore } = await filled()
		const router = deploy(directory, 2)
		expect(await inShards(router)).toHaveLength(3)
		await router.flush()
		await pause()
		const migrated = Date.now()
		await pause()
		for (const shard of await router.shards()) await router.migrate(shard, { direction: 'down', target: '0000_m' })
		await router.flush()
		await router.close()

		const back = deploy(directory, 1)
		await back.catalog.evolve(tableEvolutions(codeOf(1)), { force: true })
		const restated = back.sql.between(migrated, Date.now() + 60_000)`SELECT _op, id, email FROM users ORDER BY _shard, _seq`
		expect(await restated).toEqual([
			{ _op: 'u', id: 'ada', email: 'a@x' },
			{ _op: 'u', id: 'ben', email: 'b@x' },
			{ _op: 'u', id: 'cleo', email: 'c@x' },
		])
		expect(await inLake(back)).toEqual(await inShards(back))
		expect(await back.sql.asOf(before)`SELECT * FROM users ORDER BY id`).toEqual(asBefore)
		expect(await back.sql.asOf(migrated)`SELECT * FROM users WHERE id = 'ada'`).toEqual([
			{ id: 'ada', mail: 'a@x', joined: 1_700_000_000, plan: 'free' },
		])
	})
})

describe('a migration that gives a table another primary key', () => {
	it('leaves the lake as the shards are, those that have it and those that have not', async () => {
		const directory = await temporaryDirectory()
		const owned = { owner: text('owner').notNull(), id: integer('id').notNull(), note: text('note') }
		const before = SQLake({
			marks: sqliteTable('marks', { ...owned, id: integer('id').primaryKey() }),
			shard: { marks: 'owner' },
		})
		const region = text('region').notNull().default('eu')
		const after = SQLake({
			marks: sqliteTable('marks', { ...owned, region }, (t) => [primaryKey({ columns: [t.id, t.region] })]),
			shard: { marks: 'owner' },
		})
		const files = {
			'0000_m': 'CREATE TABLE marks (owner text NOT NULL, id integer PRIMARY KEY, note text)',
			'0001_m': [
				"CREATE TABLE __new_marks (owner text NOT NULL, id integer NOT NULL, note text, region text DEFAULT 'eu' NOT NULL, PRIMARY KEY(id, region))",
				'INSERT INTO __new_marks (owner, id, note) SELECT owner, id, note FROM marks',
				'DROP TABLE marks',
				'ALTER TABLE __new_marks RENAME TO marks',
			].join('--> statement-breakpoint\n'),
		}
		const entries = Object.keys(files).map((tag, idx) => ({ idx, tag, when: 1_700_000_000_000 + idx * 1000, breakpoints: true }))
		const first = assignAllFieldIds({ tables: {}, lastFieldIds: {} }, before.lake.tables, new Map(), 1)
		const second = assignAllFieldIds(first, after.lake.tables, new Map(), 2)
		const open = (release: 1 | 2, options: Options = {}) => {
			const known = release === 1 ? first : second
			const changes = { '0000_m': first.tables, ...(release === 1 ? {} : { '0001_m': second.tables }) }
			const journal = { entries: entries.slice(0, release) }
			const migrations = createMigrationManifest({ journal, files }, { ...known, version: release, changes })
			const schema: SQLakeDatabase = release === 1 ? before : after
			const router = new LocalRouter({ schema, migrations, ...placesIn(directory), ...options })
			onTestFinished(() => router.close())
			return router
		}
		const old = open(1)
		for (const owner of ['ada', 'ben']) {
			await old.sql`INSERT INTO marks (owner, id, note) VALUES (${owner}, 1, 'one'), (${owner}, 2, 'two')`.run()
			await old.sql`UPDATE marks SET note = 'changed' WHERE owner = ${owner} AND id = 2`.run()
		}
		await old.flush()
		await old.close()
		const router = open(2, { migrationPolicy: 'never' })
		await router.migrate('ada')
		await router.sql`INSERT INTO marks (owner, id, note, region) VALUES ('ada', 1, 'far', 'us')`.run()
		await router.flush()
		expect(await router.sql.analytics`SELECT owner, id, note, region FROM marks ORDER BY owner, id, region`).toEqual([
			{ owner: 'ada', id: 1, note: 'one', region: 'eu' },
			{ owner: 'ada', id: 1, note: 'far', region: 'us' },
			{ owner: 'ada', id: 2, note: 'changed', region: 'eu' },
			{ owner: 'ben', id: 1, note: 'one', region: null },
			{ owner: 'ben', id: 2, note: 'changed', region: null },
		])
		await router.migrate('ben')
		await router.flush()
		expect(await router.sql.analytics`SELECT owner, id, region FROM marks WHERE owner = 'ben' ORDER BY id`).toEqual([
			{ owner: 'ben', id: 1, region: 'eu' },
			{ owner: 'ben', id: 2, region: 'eu' },
		])
	})
})

describe('capture that is switched on', () => {
	it('brings the rows that are there to the lake, once', async () => {
		const directory = await temporaryDirectory()
		const options = { users: { id: text('id').primaryKey(), email: text('email') }, shard: { users: 'id' } } as const
		const migrations = createMigrationManifest({
			journal: { entries: [{ idx: 0, tag: '0000_m', when: 1_700_000_000_000, breakpoints: true }] },
			files: { '0000_m': 'CREATE TABLE users (id text PRIMARY KEY NOT NULL, email text)' },
		})
		const open = (cdc: boolean) => {
			const router = new LocalRouter({ schema: SQLake({ ...options, cdc }), migrations, ...placesIn(directory) })
			onTestFinished(() => router.close())
			return router
		}
		const off = open(false)
		await off.sql`INSERT INTO users VALUES ('ada', 'a@x')`.run()
		await off.sql`INSERT INTO users VALUES ('ben', NULL)`.run()
		await off.close()
		const on = open(true)
		await on.sql`UPDATE users SET email = 'b@x' WHERE id = 'ben'`.run()
		expect(await inShards(on)).toHaveLength(2)
		await on.flush()
		expect(await inLake(on)).toEqual([
			{ id: 'ada', email: 'a@x' },
			{ id: 'ben', email: 'b@x' },
		])
		const changes = on.sql.between(0, Date.now() + 60_000)`SELECT id, _op FROM users ORDER BY id, _seq`
		expect(await changes).toEqual([
			{ id: 'ada', _op: 'c' },
			{ id: 'ben', _op: 'c' },
			{ id: 'ben', _op: 'u' },
		])
	})
})
