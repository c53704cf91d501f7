/**
 * What a migration's own BEGIN and COMMIT come to, wherever its database is.
 *
 * @module
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MigrationRunner } from '../../src/migrator/migration-runner.ts'
import { manifestOfMigrations, type TestMigration } from '../workers/migrator/manifests.ts'

/** Runs the suite. `inStorage` runs a test in a storage of its own. */
export function migrationTransactionsContract(
	name: string,
	inStorage: (test: (storage: DurableObjectStorage) => Promise<void>) => Promise<void>,
): void {
	const init = `CREATE TABLE users (id text PRIMARY KEY, email text);
		CREATE TABLE posts (id text PRIMARY KEY, author text REFERENCES users (id) ON DELETE CASCADE);
		INSERT INTO users VALUES ('ada', 'a@x');
		INSERT INTO posts VALUES ('p', 'ada')`
	const rebuild = [
		'CREATE TABLE __new_users (id text PRIMARY KEY, mail text)',
		'INSERT INTO __new_users SELECT id, email FROM users',
		'DROP TABLE users',
		'ALTER TABLE __new_users RENAME TO users',
	]
	const runnerOf = (storage: DurableObjectStorage, ...migrations: readonly TestMigration[]) =>
		new MigrationRunner({ storage, migrations: manifestOfMigrations(init, ...migrations) })
	const contents = ({ sql }: DurableObjectStorage) => ({
		schema: [...sql.exec("SELECT sql FROM sqlite_schema WHERE name NOT GLOB '_*' AND sql IS NOT NULL ORDER BY name").raw()],
		users: [...sql.exec('SELECT * FROM users ORDER BY id').raw()],
		posts: [...sql.exec('SELECT * FROM posts ORDER BY id').raw()],
		applied: sql.exec('SELECT count(*) AS n FROM __drizzle_migrations').one().n,
	})

	describe(`transactions within a migration: ${name}`, () => {
		it.each([
			[
				'the usual way round a transaction',
				`COMMIT; PRAGMA foreign_keys = OFF; BEGIN; ${rebuild.join('; ')}; COMMIT; PRAGMA foreign_keys = ON; BEGIN`,
			],
			[
				'in any case, with comments',
				`commit -- it\n;; /* BEGIN; */ Begin\tImmediate ; ${rebuild.join(';')}; END /* of it */ TRANSACTION;`,
			],
			[
				'between breakpoints',
				`COMMIT--> statement-breakpoint\n${rebuild.join('--> statement-breakpoint\n')};--> statement-breakpoint\nBEGIN`,
			],
			['savepoints', `SAVEPOINT "a;b"; ${rebuild.join('; ')}; RELEASE SAVEPOINT "a;b"`],
		])('adds nothing to that of the migration: %s', async (_, up) => {
			await inStorage(async (storage) => {
				expect((await runnerOf(storage, up).run()).migrations).toEqual(['0000_m0', '0001_m1'])
				const { users, posts, applied } = contents(storage)
				expect({ users, posts, applied }).toEqual({ users: [['ada', 'a@x']], posts: [['p', 'ada']], applied: 2 })
				expect(storage.sql.exec('PRAGMA foreign_keys').one().foreign_keys).toBe(1)
				expect(storage.sql.exec('SELECT mail FROM users').one()).toEqual({ mail: 'a@x' })
			})
		})

		it('leaves nothing behind when a later statement fails, in either direction', () =>
			inStorage(async (storage) => {
				await runnerOf(storage).run()
				const before = contents(storage)
				const failing = `COMMIT; PRAGMA foreign_keys = OFF; BEGIN; ${rebuild.join('; ')}; COMMIT; INSERT INTO nowhere VALUES (1); BEGIN`
				const runner = runnerOf(storage, failing)
				for (const _ of [1, 2]) {
					await expect(runner.run()).rejects.toMatchObject({
						code: 'MIGRATION_FAILED',
						message: expect.stringContaining('no such table: nowhere'),
					})
					expect(contents(storage)).toEqual(before)
				}
				const corrected = runnerOf(storage, {
					up: `COMMIT; ${rebuild.join('; ')}; BEGIN`,
					down: `COMMIT; DELETE FROM posts; ${failing}`,
				})
				await corrected.run()
				const after = contents(storage)
				await expect(corrected.rollback('0000_m0')).rejects.toMatchObject({ code: 'MIGRATION_FAILED' })
				expect(contents(storage)).toEqual(after)
			}))

		it('is applied or not as a whole, wherever it begins and ends transactions, and wherever it fails', () =>
			fc.assert(
				fc.asyncProperty(
					fc.array(fc.constantFrom('BEGIN', 'COMMIT', 'END', 'begin exclusive', 'SAVEPOINT s', 'RELEASE s', ''), {
						minLength: 5,
						maxLength: 5,
					}),
					fc.option(fc.nat(4)),
					async (between, failsAt) =>
						inStorage(async (storage) => {
							await runnerOf(storage).run()
							const before = contents(storage)
							const steps = [...rebuild, "UPDATE users SET mail = 'b@x'"].flatMap((step, index) => [
								between[index] ?? '',
								...(index === failsAt ? ['SELECT * FROM nowhere'] : []),
								step,
							])
							const outcome = await runnerOf(storage, steps.join(';\n'))
								.run()
								.then(
									() => 'applied',
									() => 'failed',
								)
							expect(outcome).toBe(failsAt === null ? 'applied' : 'failed')
							if (failsAt !== null) expect(contents(storage)).toEqual(before)
							else expect(contents(storage)).toMatchObject({ users: [['ada', 'b@x']], posts: [['p', 'ada']], applied: 2 })
						}),
				),
				{ numRuns: 30 },
			))

		it('takes the BEGIN and END of a trigger for what they are', () =>
			inStorage(async (storage) => {
				const up = `BEGIN;
					CREATE TRIGGER t AFTER INSERT ON users BEGIN
						UPDATE users SET email = CASE WHEN NEW.email IS NULL THEN 'none' ELSE NEW.email END WHERE id = NEW.id;
						INSERT INTO posts VALUES (NEW.id, NEW.id);
					END;
					COMMIT; INSERT INTO users VALUES ('bob', NULL)`
				await runnerOf(storage, up).run()
				expect(contents(storage).users).toEqual([
					['ada', 'a@x'],
					['bob', 'none'],
				])
				expect(contents(storage).posts).toHaveLength(2)
			}))

		it.each([
			['ROLLBACK', 'ROLLBACK'],
			['rollback transaction to savepoint s', 'ROLLBACK'],
			["ATTACH ':memory:' AS other", 'ATTACH'],
			['DETACH other', 'DETACH'],
			['VACUUM', 'VACUUM'],
			['CREATE TEMP TABLE t (a)', 'temporary'],
			['CREATE TEMPORARY VIEW t AS SELECT 1', 'temporary'],
			['CREATE TEMP TRIGGER t AFTER INSERT ON users BEGIN SELECT 1; END', 'temporary'],
			['CREATE TRIGGER "temp".t AFTER INSERT ON users BEGIN SELECT 1; END', 'temporary'],
			['CREATE TABLE Temp.t (a)', 'temporary'],
			['CREATE INDEX temp.i ON users (email)', 'temporary'],
			['CREATE VIRTUAL TABLE temp.f USING fts5(a)', 'temporary'],
			['CREATE VIEW temp.t AS SELECT 1', 'temporary'],
		])('refuses %s before any statement runs', async (statement, found) => {
			await inStorage(async (storage) => {
				await runnerOf(storage).run()
				const before = contents(storage)
				const up = `SAVEPOINT s; DELETE FROM posts; /* now */ ${statement}; INSERT INTO posts VALUES ('q', 'ada')`
				const refused = {
					code: 'MIGRATION_INVALID',
					message: expect.stringContaining(`statement 3 of 4`),
					hint: expect.any(String),
				}
				const error = await runnerOf(storage, up)
					.run()
					.then(
						() => null,
						(thrown: unknown) => thrown,
					)
				expect(error).toMatchObject(refused)
				expect(error).toHaveProperty('message', expect.stringContaining(found))
				expect(contents(storage)).toEqual(before)
				expect(await runnerOf(storage, up).dryRun()).toMatchObject({ error: { code: 'MIGRATION_INVALID', tag: '0001_m1' } })

				const back = runnerOf(storage, { up: 'SELECT 1', down: up })
				await back.run()
				await expect(back.rollback('0000_m0')).rejects.toMatchObject(refused)
				expect(contents(storage)).toMatchObject({ posts: before.posts, applied: 2 })
			})
		})
	})
}
