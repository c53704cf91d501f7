import { env, runInDurableObject } from 'cloudflare:test'
import { drizzle } from 'drizzle-orm/durable-sqlite'
import { migrate } from 'drizzle-orm/durable-sqlite/migrator'
import { describe, expect, it } from 'vitest'
import type { SQLakeError } from '../../src/errors.ts'
import { applyBundledMigrations, type BundledMigrations } from '../../src/migrator/index.ts'
import { sha256Hex } from '../../src/schema/sha256.ts'

const init = `CREATE TABLE \`users\` (
	\`id\` text PRIMARY KEY NOT NULL,
	\`email\` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX \`users_email_unique\` ON \`users\` (\`email\`);`
const addPlan = "ALTER TABLE `users` ADD `plan` text DEFAULT 'free';"
const custom = '-- Custom SQL migration file, put your code below! --'

/** A bundle as drizzle-kit writes it, of migrations 0000_m0, 0001_m1 and so on. */
function bundleOf(...migrations: readonly string[]): BundledMigrations {
	return {
		journal: {
			entries: migrations.map((_, idx) => ({
				idx,
				when: 1_700_000_000_000 + idx * 1_000,
				tag: `000${idx}_m${idx}`,
				breakpoints: true,
			})),
		},
		migrations: Object.fromEntries(migrations.map((sql, idx) => [`m000${idx}`, sql])),
	}
}

let objects = 0

/** Runs a test in the storage of a fresh Durable Object. */
function inStorage(test: (storage: DurableObjectStorage) => void | Promise<void>): Promise<void> {
	const stub = env.PLAIN_DO.get(env.PLAIN_DO.idFromName(`migrations-${objects++}`))
	return runInDurableObject(stub, async (_, state) => {
		await test(state.storage)
	})
}

function tablesOf(storage: DurableObjectStorage): unknown[] {
	return storage.sql
		.exec("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\' ORDER BY name")
		.toArray()
		.map((row) => row.name)
}

function failureOf(run: () => unknown): SQLakeError {
	try {
		run()
	} catch (error) {
		return error as SQLakeError
	}
	throw new Error('expected an error')
}

describe('applyBundledMigrations', () => {
	it('applies all migrations to an empty database, in the order of the journal', () =>
		inStorage((storage) => {
			const bundle = bundleOf(init, addPlan)
			const shuffled = { ...bundle, journal: { entries: bundle.journal.entries.toReversed() } }
			expect(applyBundledMigrations(storage, shuffled)).toEqual({ applied: ['0000_m0', '0001_m1'], total: 2 })
			storage.sql.exec("INSERT INTO users (id, email) VALUES ('u', 'e')")
			expect(storage.sql.exec('SELECT * FROM users').toArray()).toEqual([{ id: 'u', email: 'e', plan: 'free' }])
		}))

	it('applies only what is pending, and nothing the second time', () =>
		inStorage((storage) => {
			applyBundledMigrations(storage, bundleOf(init))
			expect(applyBundledMigrations(storage, bundleOf(init, addPlan))).toEqual({ applied: ['0001_m1'], total: 2 })
			expect(applyBundledMigrations(storage, bundleOf(init, addPlan))).toEqual({ applied: [], total: 2 })
		}))

	it('accepts an empty bundle and a migration that holds only comments', () =>
		inStorage((storage) => {
			expect(applyBundledMigrations(storage, bundleOf())).toEqual({ applied: [], total: 0 })
			expect(applyBundledMigrations(storage, bundleOf(custom, `${init}\n--> statement-breakpoint\n/* end */`))).toEqual({
				applied: ['0000_m0', '0001_m1'],
				total: 2,
			})
		}))

	it('records migrations in the shape of Drizzle, so that its own migrator finds nothing to do', () =>
		inStorage(async (storage) => {
			const bundle = bundleOf(init, addPlan)
			applyBundledMigrations(storage, bundle)
			expect(storage.sql.exec('SELECT hash, created_at FROM __drizzle_migrations').toArray()).toEqual([
				{ hash: sha256Hex(init), created_at: 1_700_000_000_000 },
				{ hash: sha256Hex(addPlan), created_at: 1_700_000_001_000 },
			])
			await migrate(drizzle(storage), {
				journal: { entries: [...bundle.journal.entries] },
				migrations: { ...bundle.migrations },
			})
			expect(storage.sql.exec('SELECT count(*) AS n FROM __drizzle_migrations').one()).toEqual({ n: 2 })
		}))

	it('takes over a database that Drizzle migrated, and from then on knows its files', () =>
		inStorage(async (storage) => {
			await migrate(drizzle(storage), {
				journal: { entries: [...bundleOf(init).journal.entries] },
				migrations: { m0000: init },
			})
			expect(applyBundledMigrations(storage, bundleOf(init, addPlan)).applied).toEqual(['0001_m1'])
			expect(failureOf(() => applyBundledMigrations(storage, bundleOf(`${init} `, addPlan))).message).toContain('0000_m0')
		}))

	it('rolls a failing migration back whole, keeps the earlier ones, and tells the statement and the cause', () =>
		inStorage((storage) => {
			const failing = `CREATE TABLE a (id text);\n--> statement-breakpoint\nCREATE TABLE b (id text); INSERT INTO nope VALUES (1);`
			const error = failureOf(() => applyBundledMigrations(storage, bundleOf(init, failing)))
			expect(error.code).toBe('MIGRATION_FAILED')
			expect(error.message).toMatch(/^migration "0001_m1", statement 2 of 2: no such table: nope/)
			expect(error.details).toEqual({ tag: '0001_m1', statement: 2 })
			expect((error.cause as Error).message).toContain('no such table: nope')
			expect(tablesOf(storage)).toEqual(['users'])
			expect(applyBundledMigrations(storage, bundleOf(init, addPlan)).applied).toEqual(['0001_m1'])
		}))

	it('refuses an applied migration that was edited since', () =>
		inStorage((storage) => {
			applyBundledMigrations(storage, bundleOf(init))
			const error = failureOf(() => applyBundledMigrations(storage, bundleOf(`${init}\n-- edited`, addPlan)))
			expect(error.code).toBe('MIGRATION_FAILED')
			expect(error.message).toContain('migration "0000_m0"')
			expect(storage.sql.exec('SELECT * FROM users').columnNames).toEqual(['id', 'email'])
		}))

	it('refuses a bundle that is older than the database', () =>
		inStorage((storage) => {
			applyBundledMigrations(storage, bundleOf(init, addPlan))
			expect(failureOf(() => applyBundledMigrations(storage, bundleOf(init))).code).toBe('MIGRATION_FAILED')
		}))

	it('refuses a migration that was put before applied ones', () =>
		inStorage((storage) => {
			const late = bundleOf(init, addPlan)
			const [first, second] = late.journal.entries
			if (first === undefined || second === undefined) throw new Error('two entries')
			applyBundledMigrations(storage, {
				journal: { entries: [first, { ...second, when: second.when + 10 }] },
				migrations: late.migrations,
			})
			const inserted = bundleOf(init, 'CREATE TABLE x (id text)')
			const error = failureOf(() =>
				applyBundledMigrations(storage, {
					journal: {
						entries: [...inserted.journal.entries, { idx: 2, when: second.when + 10, tag: '0002_plan', breakpoints: true }],
					},
					migrations: { ...inserted.migrations, m0002: addPlan },
				}),
			)
			expect(error.message).toContain('"0001_m1": expected it to be applied before later ones')
			expect(tablesOf(storage)).toEqual(['users'])
		}))

	it('refuses a journal with a gap, one that runs backwards, and one whose file is missing', () =>
		inStorage((storage) => {
			const bundle = bundleOf(init, addPlan, custom)
			const [first, second, third] = bundle.journal.entries
			if (first === undefined || second === undefined || third === undefined) throw new Error('three entries')
			const withEntries = (...entries: (typeof first)[]) => ({ ...bundle, journal: { entries } })
			expect(failureOf(() => applyBundledMigrations(storage, withEntries(first, third))).message).toContain(
				'"0002_m2": expected number 1',
			)
			expect(failureOf(() => applyBundledMigrations(storage, withEntries(first, { ...second, when: 5 }))).message).toContain(
				'"0001_m1": expected a later time',
			)
			expect(
				failureOf(() => applyBundledMigrations(storage, { ...bundle, migrations: { m0000: init, m0001: addPlan } })).message,
			).toContain('expected the file 0002_m2.sql')
			expect(tablesOf(storage)).toEqual([])
		}))
})

describe('dropping a column that a trigger names', () => {
	const trigger = `CREATE TABLE log (email);
--> statement-breakpoint
CREATE TRIGGER watch AFTER INSERT ON users BEGIN INSERT INTO log VALUES (NEW.email); END;`
	const drop = (name: string) => `ALTER TABLE ${name} DROP COLUMN \`email\`;`
	const setUp = [init, 'DROP INDEX users_email_unique;', trigger]

	it('fails by itself, and leaves everything as it was', () =>
		inStorage((storage) => {
			const error = failureOf(() => applyBundledMigrations(storage, bundleOf(...setUp, drop('`users`'))))
			expect(error.message).toMatch(/^migration "0003_m3", statement 1 of 1: .*trigger watch/)
			expect(storage.sql.exec('SELECT * FROM users').columnNames).toEqual(['id', 'email'])
		}))

	it.each(['`users`', '"users"', '[users]', 'users', 'USERS'])('succeeds where the hook takes the trigger off %s', (name) =>
		inStorage((storage) => {
			const seen: string[] = []
			applyBundledMigrations(storage, bundleOf(...setUp, drop(name)), {
				dropColumns: (tables, run) => {
					seen.push(...tables)
					storage.sql.exec('DROP TRIGGER watch')
					run()
				},
			})
			expect(seen.map((table) => table.toLowerCase())).toEqual(['users'])
			expect(storage.sql.exec('SELECT * FROM users').columnNames).toEqual(['id'])
		}),
	)

	it('rolls back what the hook did when the migration fails later', () =>
		inStorage((storage) => {
			failureOf(() =>
				applyBundledMigrations(storage, bundleOf(...setUp, `${drop('users')}--> statement-breakpoint\nnonsense`), {
					dropColumns: (_, run) => {
						storage.sql.exec('DROP TRIGGER watch')
						run()
					},
				}),
			)
			storage.sql.exec("INSERT INTO users VALUES ('u', 'e')")
			expect(storage.sql.exec('SELECT * FROM log').toArray()).toEqual([{ email: 'e' }])
		}))
})

describe('table rebuilds', () => {
	const rebuild = (selection: string) => `PRAGMA foreign_keys=OFF;--> statement-breakpoint
CREATE TABLE \`__new_users\` (
	\`id\` text PRIMARY KEY NOT NULL,
	\`email\` text,
	\`name\` text
);
--> statement-breakpoint
INSERT INTO \`__new_users\`("id", "email", "name") SELECT ${selection} FROM \`users\`;--> statement-breakpoint
DROP TABLE \`users\`;--> statement-breakpoint
ALTER TABLE \`__new_users\` RENAME TO \`users\`;--> statement-breakpoint
PRAGMA foreign_keys=ON;`

	it('keep the rows of a table that no other references', () =>
		inStorage((storage) => {
			applyBundledMigrations(storage, bundleOf(init))
			storage.sql.exec("INSERT INTO users VALUES ('u', 'e')")
			applyBundledMigrations(storage, bundleOf(init, rebuild('"id", "email", "email"')))
			expect(storage.sql.exec('SELECT * FROM users').toArray()).toEqual([{ id: 'u', email: 'e', name: 'e' }])
		}))

	it('are refused where dropping the table would delete the rows of another', () =>
		inStorage((storage) => {
			const posts =
				'CREATE TABLE `posts` (`id` text PRIMARY KEY NOT NULL, `author` text REFERENCES `users`(`id`) ON DELETE cascade);'
			applyBundledMigrations(storage, bundleOf(init, posts))
			storage.sql.exec("INSERT INTO users VALUES ('u', 'e')")
			storage.sql.exec("INSERT INTO posts VALUES ('p', 'u')")
			const error = failureOf(() => applyBundledMigrations(storage, bundleOf(init, posts, rebuild('"id", "email", "email"'))))
			expect(error.code).toBe('MIGRATION_FAILED')
			expect(error.message).toContain('found "posts"')
			expect(storage.sql.exec('SELECT * FROM posts').toArray()).toEqual([{ id: 'p', author: 'u' }])
		}))

	it('are refused where the copy names a column that the old table lacks', () =>
		inStorage((storage) => {
			applyBundledMigrations(storage, bundleOf(init))
			storage.sql.exec("INSERT INTO users VALUES ('u', 'e')")
			const error = failureOf(() => applyBundledMigrations(storage, bundleOf(init, rebuild('"id", "email", "name"'))))
			expect(error.message).toContain('found "name", which SQLite would read as the text \'name\'')
			expect(storage.sql.exec('SELECT * FROM users').toArray()).toEqual([{ id: 'u', email: 'e' }])
		}))
})
