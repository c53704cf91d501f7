import { drizzle } from 'drizzle-orm/durable-sqlite'
import { migrate } from 'drizzle-orm/durable-sqlite/migrator'
import { describe, expect, it } from 'vitest'
import type { MigrationManifest } from '../../../src/migrator/manifest.ts'
import { createObservability } from '../../../src/observability/create-observability.ts'
import { InMemoryMetrics } from '../../../src/observability/in-memory-metrics.ts'
import { sha256Hex } from '../../../src/schema/sha256.ts'
import { FIRST_WHEN, failureOf, inStorage, manifestOfMigrations, rows, runnerOf } from './support.ts'

const init = `CREATE TABLE \`users\` (
	\`id\` text PRIMARY KEY NOT NULL,
	\`email\` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX \`users_email_unique\` ON \`users\` (\`email\`);`
const addPlan = "ALTER TABLE `users` ADD `plan` text DEFAULT 'free';"
const custom = '-- Custom SQL migration file, put your code below! --'
const posts = { up: 'CREATE TABLE posts (id text PRIMARY KEY);', down: 'DROP TABLE posts;', losses: ['table "posts"'] }
const plan = { up: addPlan, down: 'ALTER TABLE `users` DROP COLUMN `plan`;', losses: ['column "users"."plan"'] }
const index = { up: 'CREATE INDEX by_plan ON users (plan);', down: 'DROP INDEX by_plan;' }

function tablesOf(storage: DurableObjectStorage): unknown[] {
	return rows(
		storage,
		"SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\' ORDER BY name",
	).flat()
}

/** Without some of its migrations. */
function without(manifest: MigrationManifest, ...left: number[]): MigrationManifest {
	const migrations = manifest.migrations.filter((_, index) => !left.includes(index))
	return { ...manifest, migrations: migrations.map((migration, idx) => ({ ...migration, idx })) }
}

describe('running', () => {
	it('applies what is pending, in order and once', () =>
		inStorage(async (storage) => {
			expect(runnerOf(storage, [init, addPlan]).status()).toMatchObject({ state: 'pending', pending: ['0000_m0', '0001_m1'] })
			expect(await runnerOf(storage, [init]).run()).toMatchObject({
				direction: 'up',
				migrations: ['0000_m0'],
				version: '0000_m0',
			})
			expect((await runnerOf(storage, [init, addPlan]).run()).migrations).toEqual(['0001_m1'])
			const runner = runnerOf(storage, [init, addPlan])
			expect((await runner.run()).migrations).toEqual([])
			expect(runner.status()).toEqual({
				state: 'current',
				manifestVersion: 0,
				appliedCount: 2,
				pendingCount: 0,
				applied: [
					{ tag: '0000_m0', appliedAt: expect.any(Number) },
					{ tag: '0001_m1', appliedAt: expect.any(Number) },
				],
				pending: [],
				lastError: null,
				attempts: 0,
				retryAt: null,
			})
			expect(runner.lastResult).toEqual({
				success: true,
				direction: 'up',
				applied: 1,
				migrations: ['0001_m1'],
				version: '0001_m1',
				durationMs: expect.any(Number),
			})
			storage.sql.exec("INSERT INTO users (id, email) VALUES ('u', 'e')")
			expect(rows(storage, 'SELECT * FROM users')).toEqual([['u', 'e', 'free']])
		}))

	it('stops at a target, and knows none that does not exist', () =>
		inStorage(async (storage) => {
			const runner = runnerOf(storage, [init, addPlan, custom])
			expect((await runner.run({ target: '0001_m1' })).migrations).toEqual(['0000_m0', '0001_m1'])
			expect((await runner.run({ target: '0000_m0' })).migrations).toEqual([])
			expect(runner.status()).toMatchObject({ state: 'pending', pending: ['0002_m2'] })
			expect(await failureOf(() => runner.run({ target: '0009_typo' }))).toMatchObject({
				code: 'MIGRATION_MISSING',
				message: expect.stringContaining('"0009_typo"'),
				hint: expect.stringContaining('0002_m2'),
			})
		}))

	it('accepts an empty manifest and a migration that holds only comments', () =>
		inStorage(async (storage) => {
			expect((await runnerOf(storage, []).run()).migrations).toEqual([])
			expect(runnerOf(storage, []).status().state).toBe('current')
			const migrations = [custom, `${init}\n--> statement-breakpoint\n/* end */`]
			expect((await runnerOf(storage, migrations).run()).migrations).toHaveLength(2)
		}))

	it('reads nothing into the database where nothing is pending', () =>
		inStorage(async (storage) => {
			await runnerOf(storage, [init]).run()
			const schema = () => rows(storage, 'SELECT name, rootpage FROM sqlite_schema')
			const [before, changes] = [schema(), rows(storage, 'SELECT total_changes()')]
			const runner = runnerOf(storage, [init])
			runner.begin()
			await runner.run()
			runner.runNow()
			runner.status()
			expect([schema(), rows(storage, 'SELECT total_changes()')]).toEqual([before, changes])
		}))

	it('rolls a failing migration back whole, keeps the earlier ones, and tells tag, statement, message and cause', () =>
		inStorage(async (storage) => {
			const failing =
				'CREATE TABLE a (id text);\n--> statement-breakpoint\nCREATE TABLE b (id text); INSERT INTO nope VALUES (1);'
			const metrics = new InMemoryMetrics()
			const runner = runnerOf(storage, [init, failing], { observability: createObservability({ metrics }) })
			const error = await failureOf(() => runner.run())
			expect(error).toMatchObject({
				code: 'MIGRATION_FAILED',
				message: expect.stringMatching(/^migration "0001_m1", statement 3 of 3: no such table: nope/),
				details: { tag: '0001_m1', statement: 3 },
			})
			expect((error.cause as Error).message).toContain('no such table: nope')
			expect(tablesOf(storage)).toEqual(['users'])
			expect(metrics.counter('sqlake.migration.errors', { 'error.type': 'MIGRATION_FAILED' })).toBe(1)
			expect(runner.status()).toMatchObject({
				state: 'failed',
				appliedCount: 1,
				pending: ['0001_m1'],
				attempts: 1,
				lastError: { code: 'MIGRATION_FAILED', tag: '0001_m1', message: expect.stringContaining('no such table: nope') },
			})
			expect(runner.lastResult).toMatchObject({
				success: false,
				applied: 1,
				migrations: ['0000_m0'],
				version: '0000_m0',
				error: { code: 'MIGRATION_FAILED', tag: '0001_m1', message: expect.stringContaining('no such table: nope') },
			})
			expect((await runnerOf(storage, [init, addPlan]).run()).migrations).toEqual(['0001_m1'])
			expect(runner.lastResult).toMatchObject({ success: true, applied: 1 })
			expect(runner.lastResult?.error).toBeUndefined()
		}))

	it('waits longer after each failure, from one second to ten minutes; another script counts anew', () =>
		inStorage(async (storage) => {
			let now = 1_000_000
			const runner = runnerOf(storage, ['SELECT * FROM nowhere'], { now: () => now })
			const delays: number[] = []
			for (let attempt = 1; attempt <= 12; attempt++) {
				await failureOf(() => runner.run())
				const { attempts, retryAt } = runner.status()
				expect(attempts).toBe(attempt)
				delays.push((retryAt ?? 0) - now)
				now += 10
			}
			expect(delays).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600].map((seconds) => seconds * 1_000))
			const corrected = runnerOf(storage, ['SELECT * FROM elsewhere'], { now: () => now })
			expect(corrected.status()).toMatchObject({ state: 'pending', lastError: null, retryAt: null })
			await failureOf(() => corrected.run())
			expect(corrected.status()).toMatchObject({ state: 'failed', attempts: 1, retryAt: now + 1_000 })
		}))
})

describe("Drizzle's own record", () => {
	const bundle = {
		journal: {
			entries: [0, 1].map((idx) => ({ idx, when: FIRST_WHEN + idx * 1_000, tag: `000${idx}_m${idx}`, breakpoints: true })),
		},
		migrations: { m0000: init, m0001: addPlan },
	}

	it('is such that its migrator finds nothing to do', () =>
		inStorage(async (storage) => {
			await runnerOf(storage, [init, addPlan]).run()
			const record = [
				[sha256Hex(init), FIRST_WHEN],
				[sha256Hex(addPlan), FIRST_WHEN + 1_000],
			]
			expect(rows(storage, 'SELECT hash, created_at FROM __drizzle_migrations')).toEqual(record)
			await migrate(drizzle(storage), bundle)
			expect(rows(storage, 'SELECT hash, created_at FROM __drizzle_migrations')).toEqual(record)
		}))

	it('of a database that Drizzle migrated is taken over, and from then on edits are noticed', () =>
		inStorage(async (storage) => {
			await migrate(drizzle(storage), { ...bundle, journal: { entries: bundle.journal.entries.slice(0, 1) } })
			expect(rows(storage, 'SELECT hash FROM __drizzle_migrations')).toEqual([['']])
			const runner = runnerOf(storage, [init, addPlan])
			expect(runner.status()).toMatchObject({ state: 'pending', applied: [{ tag: '0000_m0', appliedAt: null }] })
			expect((await runner.run()).migrations).toEqual(['0001_m1'])
			expect(rows(storage, 'SELECT hash FROM __drizzle_migrations')).toEqual([[sha256Hex(init)], [sha256Hex(addPlan)]])
			const edited = runnerOf(storage, [`${init} CREATE TABLE extra (id);`, addPlan])
			expect(edited.status()).toMatchObject({ state: 'invalid', lastError: { code: 'MIGRATION_CHECKSUM', tag: '0000_m0' } })
			await migrate(drizzle(storage), bundle)
		}))

	it('goes on in either hand', () =>
		inStorage(async (storage) => {
			await runnerOf(storage, [init]).run()
			await migrate(drizzle(storage), bundle)
			expect(runnerOf(storage, [init, addPlan]).status().state).toBe('current')
			expect((await runnerOf(storage, [init, addPlan, custom]).run()).migrations).toEqual(['0002_m2'])
		}))
})

describe('a database that has not what the code has', () => {
	it('is refused where a migration was edited, though not for its spaces and comments', () =>
		inStorage(async (storage) => {
			await runnerOf(storage, [init]).run()
			expect(runnerOf(storage, [`${init}\n-- a remark\n`]).status().state).toBe('current')
			const runner = runnerOf(storage, [init.replace('email', 'mail'), addPlan])
			expect(await failureOf(() => runner.run())).toMatchObject({
				name: 'ChecksumMismatchError',
				code: 'MIGRATION_CHECKSUM',
				details: { tag: '0000_m0' },
			})
			expect(rows(storage, 'PRAGMA table_info(users)')).toHaveLength(2)
			const lenient = runnerOf(storage, [init.replace('email', 'mail'), addPlan], { skipChecksum: true })
			expect((await lenient.run()).migrations).toEqual(['0001_m1'])
			expect(runnerOf(storage, [init.replace('email', 'mail'), addPlan]).status().state).toBe('current')
		}))

	it('is refused where the code lost a migration between others', () =>
		inStorage(async (storage) => {
			const all = manifestOfMigrations(init, addPlan, custom)
			await runnerOf(storage, all).run()
			const runner = runnerOf(storage, without(all, 1))
			expect(await failureOf(() => runner.run())).toMatchObject({
				code: 'MIGRATION_MISSING',
				message: expect.stringContaining('"0001_m1"'),
			})
			expect(runner.status()).toMatchObject({ state: 'invalid', lastError: { tag: '0001_m1' } })
		}))

	it('is refused where a migration came behind applied ones', () =>
		inStorage(async (storage) => {
			const all = manifestOfMigrations(init, 'CREATE TABLE late (id)', addPlan)
			await runnerOf(storage, without(all, 1)).run()
			expect(await failureOf(() => runnerOf(storage, all).run())).toMatchObject({
				code: 'MIGRATION_ORDER',
				message: expect.stringContaining('"0001_m1": expected it to be applied before later ones, found "0002_m2"'),
			})
			expect(tablesOf(storage)).toEqual(['users'])
		}))

	it('is refused where it has one twice', () =>
		inStorage(async (storage) => {
			await runnerOf(storage, [init]).run()
			storage.sql.exec('INSERT INTO __drizzle_migrations (hash, created_at) SELECT hash, created_at FROM __drizzle_migrations')
			expect((await failureOf(() => runnerOf(storage, [init]).run())).code).toBe('MIGRATION_DUPLICATE')
		}))

	it('is ahead where it has newer ones, by name, and can be rolled back by the scripts that it keeps', () =>
		inStorage(async (storage) => {
			await runnerOf(storage, [init, posts]).run()
			storage.sql.exec("INSERT INTO posts VALUES ('p')")
			const older = runnerOf(storage, [init])
			expect(older.status()).toMatchObject({
				state: 'ahead',
				appliedCount: 2,
				applied: [{ tag: '0000_m0' }, { tag: '0001_m1' }],
				lastError: { code: 'MIGRATION_AHEAD', message: expect.stringContaining('from "0001_m1" on') },
			})
			expect((await failureOf(() => older.run())).code).toBe('MIGRATION_AHEAD')
			expect((await failureOf(() => older.rollback('0000_m0'))).code).toBe('MIGRATION_IRREVERSIBLE')
			expect(await older.rollback('0000_m0', { acceptDataLoss: true })).toMatchObject({
				migrations: ['0001_m1'],
				version: '0000_m0',
			})
			expect(older.status().state).toBe('current')
			expect(tablesOf(storage)).toEqual(['users'])
		}))
})

describe('rolling back', () => {
	it('runs the down scripts, the newest first, and holds the database there', () =>
		inStorage(async (storage) => {
			const migrations = [init, plan, index]
			const runner = runnerOf(storage, migrations)
			await runner.run()
			const result = await runner.rollback('0000_m0', { acceptDataLoss: true })
			expect(result).toMatchObject({ direction: 'down', migrations: ['0002_m2', '0001_m1'], version: '0000_m0' })
			expect(rows(storage, 'PRAGMA table_info(users)')).toHaveLength(2)
			expect(rows(storage, 'SELECT created_at FROM __drizzle_migrations')).toEqual([[FIRST_WHEN]])
			expect(runner.status()).toMatchObject({ state: 'held', pending: ['0001_m1', '0002_m2'] })
			expect(runnerOf(storage, [init]).status().state).toBe('current')
			expect((await runner.run()).migrations).toEqual(['0001_m1', '0002_m2'])
			expect(runner.status().state).toBe('current')
		}))

	it('undoes everything where the target is null', () =>
		inStorage(async (storage) => {
			const runner = runnerOf(storage, [posts])
			await runner.run()
			expect(await runner.rollback(null, { acceptDataLoss: true })).toMatchObject({ migrations: ['0000_m0'], version: null })
			expect(tablesOf(storage)).toEqual([])
		}))

	it('begins with nothing where a later step is missing its script, or destroys data that nobody gave up', () =>
		inStorage(async (storage) => {
			const runner = runnerOf(storage, [init, plan, index, custom])
			await runner.run()
			expect(await failureOf(() => runner.rollback('0000_m0', { acceptDataLoss: true }))).toMatchObject({
				code: 'MIGRATION_IRREVERSIBLE',
				message: 'migration "0003_m3": expected a down script, found none',
			})
			const shorter = runnerOf(storage, [init, plan, index])
			expect(await failureOf(() => shorter.rollback('0000_m0'))).toMatchObject({
				code: 'MIGRATION_IRREVERSIBLE',
			})
			expect(rows(storage, 'SELECT count(*) FROM __drizzle_migrations')).toEqual([[4]])
		}))

	it('refuses a target that is not applied', () =>
		inStorage(async (storage) => {
			const runner = runnerOf(storage, [init, index])
			await runner.run({ target: '0000_m0' })
			expect((await failureOf(() => runner.rollback('0001_m1'))).code).toBe('MIGRATION_MISSING')
			expect((await failureOf(() => runner.run({ direction: 'down' }))).code).toBe('MIGRATION_MISSING')
		}))

	it('that fails leaves the migration applied, and says why', () =>
		inStorage(async (storage) => {
			const runner = runnerOf(storage, [init, { up: custom, down: 'DELETE FROM nowhere' }])
			await runner.run()
			expect((await failureOf(() => runner.rollback('0000_m0'))).message).toContain(
				'migration "0001_m1.down", statement 1 of 1: no such table: nowhere',
			)
			expect(runner.status()).toMatchObject({ state: 'current', appliedCount: 2 })
		}))
})

describe('a dry run', () => {
	it('tells every statement, and leaves nothing behind', () =>
		inStorage(async (storage) => {
			await runnerOf(storage, [init]).run()
			const runner = runnerOf(storage, [init, plan, index])
			const before = rows(storage, 'SELECT * FROM sqlite_schema')
			expect(await runner.dryRun()).toEqual({
				direction: 'up',
				migrations: [
					{ tag: '0001_m1', statements: [addPlan.slice(0, -1)], losses: [] },
					{ tag: '0002_m2', statements: ['CREATE INDEX by_plan ON users (plan)'], losses: [] },
				],
				error: null,
			})
			expect(rows(storage, 'SELECT * FROM sqlite_schema')).toEqual(before)
			expect(runner.status()).toMatchObject({ state: 'pending', appliedCount: 1, lastError: null })
			expect(rows(storage, 'PRAGMA foreign_keys')).toEqual([[1]])
		}))

	it('tells what would fail, and with which migration', () =>
		inStorage(async (storage) => {
			await runnerOf(storage, [init]).run()
			const runner = runnerOf(storage, [init, plan, 'INSERT INTO nope VALUES (1)'])
			expect(await runner.dryRun()).toMatchObject({
				migrations: [{ tag: '0001_m1' }, { tag: '0002_m2' }],
				error: { code: 'MIGRATION_FAILED', tag: '0002_m2', message: expect.stringContaining('no such table: nope') },
			})
			expect(rows(storage, 'PRAGMA table_info(users)')).toHaveLength(2)
			expect(runner.status().state).toBe('pending')
		}))

	it('of a rollback tells what is lost', () =>
		inStorage(async (storage) => {
			const runner = runnerOf(storage, [init, plan])
			await runner.run()
			const down = { direction: 'down', target: '0000_m0' } as const
			expect(await runner.dryRun({ ...down, acceptDataLoss: true })).toMatchObject({
				direction: 'down',
				migrations: [{ tag: '0001_m1', losses: ['column "users"."plan"'] }],
				error: null,
			})
			expect((await runner.dryRun(down)).error).toMatchObject({ code: 'MIGRATION_IRREVERSIBLE', tag: '0001_m1' })
			expect(rows(storage, 'PRAGMA table_info(users)')).toHaveLength(3)
		}))
})
