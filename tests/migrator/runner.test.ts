import { describe, expect, it, onTestFinished } from 'vitest'
import { NodeStorage } from '../../src/local/node-storage.ts'
import { checkManifest } from '../../src/migrator/check-manifest.ts'
import type { MigrationManifest } from '../../src/migrator/manifest.ts'
import { MigrationRunner } from '../../src/migrator/migration-runner.ts'
import { sha256Hex } from '../../src/schema/sha256.ts'
import { FIRST_WHEN, manifestOfMigrations, type TestMigration } from '../workers/migrator/manifests.ts'

function open() {
	const nodeStorage = new NodeStorage(':memory:', { get: () => null, set: () => {} })
	onTestFinished(() => nodeStorage.close())
	const storage = nodeStorage.durableObjectStorage
	const rows = (query: string) => [...storage.sql.exec(query).raw()]
	const names = (type: string) =>
		rows(`SELECT name FROM sqlite_schema WHERE type = '${type}' AND sql IS NOT NULL AND name NOT GLOB '_*' ORDER BY rowid`).flat()
	return { storage, rows, names }
}

const runnerOf = (storage: DurableObjectStorage, manifest: MigrationManifest) =>
	new MigrationRunner({ storage, migrations: manifest })
const manifestOf = (...migrations: readonly TestMigration[]) => manifestOfMigrations(...migrations)

/** A manifest without some of its migrations. */
function without(manifest: MigrationManifest, ...left: readonly number[]): MigrationManifest {
	const migrations = manifest.migrations.filter((_, index) => !left.includes(index))
	return { ...manifest, migrations: migrations.map((migration, idx) => ({ ...migration, idx })) }
}

describe('what a database has and the code has', () => {
	const steps = ['CREATE TABLE a (x)', 'CREATE TABLE b (x)', 'CREATE TABLE c (x)', 'CREATE TABLE d (x)', 'CREATE TABLE e (x)']

	it('fits where the code only has more, at the end', async () => {
		const { storage, names } = open()
		await runnerOf(storage, manifestOf(...steps.slice(0, 2))).run()
		expect(runnerOf(storage, manifestOf(...steps)).status()).toMatchObject({
			state: 'pending',
			pending: ['0002_m2', '0003_m3', '0004_m4'],
			lastError: null,
		})
		await runnerOf(storage, manifestOf(...steps)).run()
		expect(names('table')).toEqual(['a', 'b', 'c', 'd', 'e'])
	})

	it('does not where one was left out, of which the first is named, though later ones are pending, too', async () => {
		const { storage, names } = open()
		const all = manifestOf(...steps)
		await runnerOf(storage, without(all, 1, 2, 4)).run()
		const left = { code: 'MIGRATION_ORDER', details: { tag: '0001_m1', applied: '0003_m3' } }
		await expect(runnerOf(storage, all).run()).rejects.toMatchObject(left)
		expect(names('table')).toEqual(['a', 'd'])
		// The newest that the database has need not be one of the code.
		await expect(runnerOf(storage, without(all, 3, 4)).run()).rejects.toMatchObject({
			code: 'MIGRATION_ORDER',
			details: { tag: '0001_m1', applied: '"0003_m3"' },
		})
		expect(names('table')).toEqual(['a', 'd'])
	})

	it('is told by the hash where Drizzle has applied it, if Drizzle kept one', async () => {
		const create =
			'CREATE TABLE __drizzle_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, hash TEXT NOT NULL, created_at NUMERIC)'
		const manifest = manifestOf('CREATE TABLE a (x)')
		const [{ sql = '' } = {}] = manifest.migrations
		for (const [hash, fits] of [
			['', true],
			[sha256Hex(sql), true],
			[sha256Hex('CREATE TABLE a (y)'), false],
		] as const) {
			const { storage } = open()
			storage.sql.exec('CREATE TABLE a (x)')
			storage.sql.exec(create)
			storage.sql.exec('INSERT INTO __drizzle_migrations (hash, created_at) VALUES (?, ?)', hash, FIRST_WHEN)
			const runner = runnerOf(storage, manifest)
			if (fits) expect((await runner.run()).migrations).toEqual([])
			else await expect(runner.run()).rejects.toMatchObject({ code: 'MIGRATION_CHECKSUM', tag: '0000_m0', expected: hash })
			expect(runner.status().state).toBe(fits ? 'current' : 'invalid')
		}
	})
})

it('a manifest whose down script was edited is refused by the name of the script', () => {
	const manifest = manifestOf({ up: 'CREATE TABLE a (x)', down: 'DROP TABLE a' })
	expect(checkManifest(manifest)).toBe(manifest)
	const [first] = manifest.migrations
	const edited = { ...manifest, migrations: [{ ...first, down: { ...first?.down, sql: 'DROP TABLE b' } }] }
	expect(() => checkManifest(edited)).toThrow(
		expect.objectContaining({ code: 'MIGRATION_CHECKSUM', tag: '0000_m0.down', expected: first?.down?.checksum }),
	)
	// White space and comments are no edit.
	const reformatted = { ...manifest, migrations: [{ ...first, down: { ...first?.down, sql: 'DROP  TABLE a; -- all of it' } }] }
	expect(() => checkManifest(reformatted)).not.toThrow()
})

it('a migration that somebody else applied or undid meanwhile is not run again', async () => {
	const { storage, rows } = open()
	const manifest = manifestOf('CREATE TABLE a (x)', { up: "INSERT INTO a VALUES ('up')", down: "INSERT INTO a VALUES ('down')" })
	await runnerOf(storage, without(manifest, 1)).run()
	/** A runner that, between its plan and its first step, is overtaken. */
	const overtaken = (by: (other: MigrationRunner) => void) => {
		let isFirst = true
		const sync = async () => {
			if (isFirst) by(runnerOf(storage, manifest))
			isFirst = false
		}
		return new MigrationRunner({
			storage: { sql: storage.sql, transactionSync: storage.transactionSync, sync },
			migrations: manifest,
		})
	}
	await overtaken((other) => other.runNow()).run()
	expect(rows('SELECT x FROM a')).toEqual([['up']])
	expect(runnerOf(storage, manifest).status()).toMatchObject({ state: 'current', appliedCount: 2 })
	await overtaken((other) => other.runNow({ target: '0000_m0', direction: 'down' })).rollback('0000_m0')
	expect(rows('SELECT x FROM a')).toEqual([['up'], ['down']])
	expect(runnerOf(storage, manifest).status()).toMatchObject({ appliedCount: 1 })
})

describe('what depends on a table that is rebuilt', () => {
	const init = 'CREATE TABLE users (id text PRIMARY KEY, email text, "É" text, "é" text)'
	const rebuild = (columns = 'id text PRIMARY KEY, email text, "É" text, "é" text', names = 'id, email, "É", "é"') =>
		`CREATE TABLE __new_users (${columns}); INSERT INTO __new_users (${names}) SELECT ${names} FROM users;
		DROP TABLE users; ALTER TABLE __new_users RENAME TO users;`
	const migrate = async (storage: DurableObjectStorage, ...steps: readonly string[]) => {
		for (let count = 1; count <= steps.length; count++) {
			const runner = runnerOf(storage, manifestOf(...steps.slice(0, count)))
			if (runner.status().state !== 'ahead') await runner.run()
		}
	}

	it('may be dropped, or dropped and created anew, by the migration itself, in any case', async () => {
		const { storage, names, rows } = open()
		const objects = `CREATE TRIGGER watch AFTER INSERT ON users BEGIN SELECT 1; END;
			CREATE TRIGGER gone AFTER INSERT ON users BEGIN SELECT 1; END;
			CREATE INDEX by_email ON users (email); CREATE INDEX by_id ON users (id); CREATE VIEW all_users AS SELECT id FROM users`
		const later = `DROP TRIGGER Gone; DROP TRIGGER WATCH; CREATE TRIGGER Watch AFTER DELETE ON users BEGIN SELECT 2; END;
			DROP INDEX IF EXISTS By_Email; DROP VIEW ALL_USERS`
		await migrate(storage, init, objects, rebuild() + later)
		expect(names('trigger')).toEqual(['Watch'])
		expect(rows("SELECT sql FROM sqlite_schema WHERE type = 'trigger'").flat()).toEqual([expect.stringContaining('AFTER DELETE')])
		expect(names('index')).toEqual(['by_id'])
		expect(names('view')).toEqual([])
	})

	it('is told from what has another name to SQLite, which knows upper and lower case of ASCII alone', async () => {
		const { storage, names } = open()
		const objects = `CREATE INDEX "Ä" ON users (id); CREATE INDEX "Ö" ON users ("É"); CREATE INDEX ascii ON users (EMAIL);
			CREATE TRIGGER "Ü" AFTER INSERT ON users BEGIN SELECT 1; END`
		const later = `CREATE INDEX "ä" ON users (email); CREATE TRIGGER "ü" AFTER INSERT ON users BEGIN SELECT 2; END;
			DROP INDEX IF EXISTS "ö"; DROP TRIGGER IF EXISTS "ö"`
		await migrate(storage, init, objects, rebuild() + later)
		expect(names('index').sort()).toEqual(['ascii', 'Ä', 'Ö', 'ä'].sort())
		expect(names('trigger')).toEqual(['Ü', 'ü'])
		// The column "É" goes, "é" stays: the index goes with its column.
		await migrate(
			storage,
			init,
			objects,
			rebuild() + later,
			rebuild('id text PRIMARY KEY, email text, "é" text', 'id, email, "é"'),
		)
		expect(names('index').sort()).toEqual(['ascii', 'Ä', 'ä'].sort())
	})

	it('is that table alone: one whose name differs beyond ASCII is another, which nothing takes the place of', async () => {
		const { storage, names, rows } = open()
		const up = `CREATE TABLE "É" (x); CREATE TABLE "é" (x); CREATE INDEX i ON "É" (x); INSERT INTO "é" VALUES (1);
			CREATE VIEW "say ""hi""" AS SELECT x FROM "É"; CREATE VIEW v AS SELECT x FROM "say ""hi"""`
		await migrate(storage, up, 'CREATE TABLE n (x); INSERT INTO n SELECT x FROM "É"; DROP TABLE "É"; ALTER TABLE n RENAME TO "É"')
		expect(names('table').sort()).toEqual(['É', 'é'].sort())
		expect(rows('SELECT x FROM "é"')).toEqual([[1]])
		expect(names('index')).toEqual(['i'])
		expect(names('view').sort()).toEqual(['say "hi"', 'v'])
	})
})
