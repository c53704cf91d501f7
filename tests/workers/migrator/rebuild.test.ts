import { describe, expect, it } from 'vitest'
import { failureOf, inStorage, rows, runnerOf } from './support.ts'

const users = 'CREATE TABLE `users` (`id` text PRIMARY KEY NOT NULL, `email` text);'

/** A rebuild of users as drizzle-kit writes it. */
const rebuildUsers = (columns: string, copied: string, selection = copied) => `PRAGMA foreign_keys=OFF;--> statement-breakpoint
CREATE TABLE \`__new_users\` (
	\`id\` text PRIMARY KEY NOT NULL,
	${columns}
);
--> statement-breakpoint
INSERT INTO \`__new_users\`(${copied}) SELECT ${selection} FROM \`users\`;--> statement-breakpoint
DROP TABLE \`users\`;--> statement-breakpoint
ALTER TABLE \`__new_users\` RENAME TO \`users\`;--> statement-breakpoint
PRAGMA foreign_keys=ON;`
const plain = rebuildUsers('`email` text NOT NULL', '"id", "email"')

describe('a table rebuild', () => {
	it.each(['cascade', 'set null', 'set default', 'restrict', 'no action'])(
		'keeps the rows of children with ON DELETE %s, and their parents',
		(action) =>
			inStorage(async (storage) => {
				const posts = `CREATE TABLE \`posts\` (\`id\` text PRIMARY KEY NOT NULL, \`author\` text DEFAULT 'nobody' REFERENCES \`users\`(\`id\`) ON DELETE ${action});`
				await runnerOf(storage, [users, posts]).run()
				storage.sql.exec("INSERT INTO users VALUES ('u', 'e'); INSERT INTO posts VALUES ('p', 'u')")
				await runnerOf(storage, [users, posts, plain]).run()
				expect(rows(storage, 'SELECT * FROM posts')).toEqual([['p', 'u']])
				expect(rows(storage, 'SELECT * FROM users')).toEqual([['u', 'e']])
				expect(rows(storage, 'PRAGMA foreign_keys')).toEqual([[1]])
				expect(() => storage.sql.exec("INSERT INTO posts VALUES ('q', 'unknown')")).toThrow('FOREIGN KEY')
			}),
	)

	it('keeps the rows of a table that references itself', () =>
		inStorage(async (storage) => {
			const tree = (name: string) =>
				`CREATE TABLE \`${name}\` (\`id\` integer PRIMARY KEY, \`parent\` integer REFERENCES \`tree\`(\`id\`) ON DELETE cascade);`
			await runnerOf(storage, [tree('tree')]).run()
			storage.sql.exec('INSERT INTO tree VALUES (1, NULL), (2, 1), (3, 2)')
			const rebuild = `${tree('__new_tree')} INSERT INTO __new_tree SELECT * FROM tree; DROP TABLE tree; ALTER TABLE __new_tree RENAME TO tree;`
			await runnerOf(storage, [tree('tree'), rebuild]).run()
			expect(rows(storage, 'SELECT id, parent FROM tree ORDER BY id')).toEqual([
				[1, null],
				[2, 1],
				[3, 2],
			])
		}))

	it('that leaves a row without its parent fails, names table and row, and leaves everything as it was', () =>
		inStorage(async (storage) => {
			const posts = 'CREATE TABLE `posts` (`id` integer PRIMARY KEY, `author` text);'
			await runnerOf(storage, [users, posts]).run()
			storage.sql.exec("INSERT INTO posts VALUES (7, 'nobody')")
			const reference = `PRAGMA foreign_keys=OFF;
CREATE TABLE __new_posts (id integer PRIMARY KEY, author text REFERENCES users(id));
INSERT INTO __new_posts SELECT * FROM posts;
DROP TABLE posts;
ALTER TABLE __new_posts RENAME TO posts;`
			const runner = runnerOf(storage, [users, posts, reference])
			const error = await failureOf(() => runner.run())
			expect(error).toMatchObject({
				code: 'MIGRATION_FAILED',
				message: expect.stringContaining('table "posts": expected the row with rowid 7 to have its parent in "users"'),
			})
			expect(rows(storage, "SELECT sql FROM sqlite_schema WHERE name = 'posts'")[0]?.[0]).not.toContain('REFERENCES')
			expect(rows(storage, 'PRAGMA foreign_keys')).toEqual([[1]])
			storage.sql.exec('DELETE FROM posts')
			expect((await runner.run()).migrations).toEqual(['0002_m2'])
		}))

	it('that adds a column gives it its default, not its name', () =>
		inStorage(async (storage) => {
			await runnerOf(storage, [users]).run()
			storage.sql.exec("INSERT INTO users VALUES ('u', 'e')")
			const columns = "`email` text, `plan` text DEFAULT 'free' NOT NULL, `note` text"
			await runnerOf(storage, [users, rebuildUsers(columns, '"id", "email", "plan", "note"')]).run()
			expect(rows(storage, 'SELECT * FROM users')).toEqual([['u', 'e', 'free', null]])
		}))

	it('that adds a column which must have a value fails with the constraint, and not with a wrong value', () =>
		inStorage(async (storage) => {
			await runnerOf(storage, [users]).run()
			storage.sql.exec("INSERT INTO users VALUES ('u', 'e')")
			const rebuild = rebuildUsers('`email` text, `plan` text NOT NULL', '"id", "email", "plan"')
			const error = await failureOf(() => runnerOf(storage, [users, rebuild]).run())
			expect(error.message).toContain('statement 3 of 6: NOT NULL constraint failed: __new_users.plan')
			expect(rows(storage, 'SELECT * FROM users')).toEqual([['u', 'e']])
		}))

	it('that copies an unknown name into another column is refused', () =>
		inStorage(async (storage) => {
			await runnerOf(storage, [users]).run()
			storage.sql.exec("INSERT INTO users VALUES ('u', 'e')")
			const rebuild = rebuildUsers('`email` text', '"id", "email"', '"id", "mail"')
			const error = await failureOf(() => runnerOf(storage, [users, rebuild]).run())
			expect(error.message).toContain('found "mail", which SQLite would read as the text \'mail\'')
			expect(rows(storage, 'SELECT * FROM users')).toEqual([['u', 'e']])
		}))

	it("keeps the user's triggers, on the table and elsewhere, in their order", () =>
		inStorage(async (storage) => {
			const triggers = `CREATE TABLE log (line text);
CREATE TABLE posts (id text PRIMARY KEY, author text);
CREATE VIEW emails AS SELECT email FROM users;
CREATE VIEW shouted AS SELECT upper(email) AS email FROM emails;
CREATE TRIGGER first AFTER INSERT ON users BEGIN INSERT INTO log VALUES ('first ' || NEW.id); END;
CREATE TRIGGER second AFTER INSERT ON users BEGIN INSERT INTO log VALUES ('second ' || NEW.id); END;
CREATE TRIGGER plain AFTER INSERT ON posts BEGIN INSERT INTO log VALUES ('plain'); END;
CREATE TRIGGER touch AFTER INSERT ON posts BEGIN UPDATE users SET email = 'seen' WHERE id = NEW.author; END;`
			await runnerOf(storage, [users, triggers]).run()
			const before = rows(
				storage,
				"SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE type IN ('trigger', 'view') ORDER BY rowid",
			)
			storage.sql.exec("INSERT INTO users VALUES ('a', 'e')")
			await runnerOf(storage, [users, triggers, plain]).run()
			const names = rows(
				storage,
				"SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE type IN ('trigger', 'view') ORDER BY rowid",
			)
			expect(names).toEqual(before)
			storage.sql.exec("INSERT INTO users VALUES ('b', 'e'); INSERT INTO posts VALUES ('p', 'b')")
			expect(rows(storage, 'SELECT line FROM log').flat()).toEqual(['second a', 'first a', 'second b', 'first b', 'plain'])
			expect(rows(storage, 'SELECT email FROM shouted').flat()).toEqual(['E', 'SEEN'])
		}))

	it('leaves a trigger to the migration that creates it anew', () =>
		inStorage(async (storage) => {
			const trigger = 'CREATE TRIGGER watch AFTER UPDATE ON users BEGIN SELECT NEW.email; END;'
			await runnerOf(storage, [users, trigger]).run()
			const anew = `${plain} CREATE TRIGGER watch AFTER DELETE ON users BEGIN SELECT 1; END;`
			await runnerOf(storage, [users, trigger, anew]).run()
			expect(rows(storage, "SELECT sql FROM sqlite_schema WHERE name = 'watch'")[0]?.[0]).toContain('AFTER DELETE')
		}))

	it('fails over a trigger that names a column which is gone', () =>
		inStorage(async (storage) => {
			const trigger = 'CREATE TRIGGER watch AFTER UPDATE ON users BEGIN SELECT NEW.email; END;'
			await runnerOf(storage, [users, trigger]).run()
			const error = await failureOf(() => runnerOf(storage, [users, trigger, rebuildUsers('`name` text', '"id"')]).run())
			expect(error.message).toMatch(/a trigger of "users" through the rebuild: no such column: NEW.email/)
			expect(error.hint).toContain('DROP TRIGGER')
			expect(rows(storage, 'SELECT * FROM users')).toEqual([])
		}))

	it('keeps an index that only a custom migration knows of, unless its column is gone', () =>
		inStorage(async (storage) => {
			const indexes = 'CREATE UNIQUE INDEX by_email ON users (email); CREATE INDEX lowered ON users (lower(id));'
			await runnerOf(storage, [users, indexes]).run()
			await runnerOf(storage, [users, indexes, plain]).run()
			const names = () =>
				rows(storage, "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name").flat()
			expect(names()).toEqual(['by_email', 'lowered'])
			await runnerOf(storage, [users, indexes, plain, rebuildUsers('`name` text', '"id"')]).run()
			expect(names()).toEqual(['lowered'])
		}))

	it('lets an AUTOINCREMENT key go on where it was', () =>
		inStorage(async (storage) => {
			const table = (name: string) => `CREATE TABLE ${name} (id INTEGER PRIMARY KEY AUTOINCREMENT, v);`
			await runnerOf(storage, [table('t')]).run()
			storage.sql.exec('INSERT INTO t (v) VALUES (1), (2), (3); DELETE FROM t WHERE id > 1')
			const rebuild = `${table('__new_t')} INSERT INTO __new_t SELECT * FROM t; DROP TABLE t; ALTER TABLE __new_t RENAME TO t;`
			await runnerOf(storage, [table('t'), rebuild]).run()
			expect(rows(storage, 'INSERT INTO t (v) VALUES (4) RETURNING id')).toEqual([[4]])
		}))

	it('without waiting is put off where foreign keys cannot be switched off, and nothing is lost', () =>
		inStorage(async (storage) => {
			const posts =
				'CREATE TABLE `posts` (`id` text PRIMARY KEY NOT NULL, `author` text REFERENCES `users`(`id`) ON DELETE cascade);'
			await runnerOf(storage, [users, posts]).run()
			storage.sql.exec("INSERT INTO users VALUES ('u', 'e'); INSERT INTO posts VALUES ('p', 'u')")
			const runner = runnerOf(storage, [users, posts, plain])
			expect(runner.runNow().migrations).toEqual([])
			expect(runner.status()).toMatchObject({ state: 'pending', pending: ['0002_m2'], lastError: null })
			expect(rows(storage, 'SELECT * FROM posts')).toEqual([['p', 'u']])
			expect((await runner.run()).migrations).toEqual(['0002_m2'])
			expect(rows(storage, 'SELECT * FROM posts')).toEqual([['p', 'u']])
		}))

	it('without waiting is done where nothing was written before', () =>
		inStorage(async (storage) => {
			const posts =
				'CREATE TABLE `posts` (`id` text PRIMARY KEY NOT NULL, `author` text REFERENCES `users`(`id`) ON DELETE cascade);'
			await runnerOf(storage, [users, posts]).run()
			storage.sql.exec("INSERT INTO users VALUES ('u', 'e'); INSERT INTO posts VALUES ('p', 'u')")
			await storage.sync()
			const runner = runnerOf(storage, [users, posts, plain, 'CREATE TABLE later (id)'])
			expect(runner.runNow().migrations).toEqual(['0002_m2', '0003_m3'])
			expect(rows(storage, 'SELECT * FROM posts')).toEqual([['p', 'u']])
			await runner.restoreForeignKeys()
			expect(rows(storage, 'PRAGMA foreign_keys')).toEqual([[1]])
		}))
})
