import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openDatabase } from '../../../src/local/node-sqlite.ts'
import { checkManifest } from '../../../src/migrator/check-manifest.ts'
import type { MigrationManifest } from '../../../src/migrator/manifest.ts'
import { splitStatements } from '../../../src/migrator/split-statements.ts'
import { CONFIG, createProject, SCHEMA, type TestProject } from '../project.ts'
import { type RunOutcome, runSQLake } from '../run-sqlake.ts'
import { drizzleKit, NO_CHANGES } from './drizzle-kit-cli.ts'

/** A schema with these lines as the columns of users. */
const usersWith = (...columns: readonly string[]) =>
	SCHEMA.replace(/users: \{.*\},\n/, `users: { id: text('id').primaryKey(), ${columns.join(', ')} },\n`)

const file = ({ directory }: TestProject, path: string) => readFileSync(join(directory, path), 'utf8')
const manifestOf = (project: TestProject): MigrationManifest => checkManifest(JSON.parse(file(project, '.sqlake/manifest.json')))
const migrationsOf = ({ directory }: TestProject) =>
	readdirSync(join(directory, 'drizzle')).filter((name) => name.endsWith('.sql') && !name.endsWith('.down.sql'))

/** Runs `sqlake generate`, which must succeed. */
async function generate({ directory }: TestProject, ...args: readonly string[]): Promise<RunOutcome> {
	const outcome = await runSQLake(['generate', ...args], { cwd: directory })
	expect(outcome, outcome.stderr).toMatchObject({ code: 0 })
	return outcome
}

/** Runs `sqlake generate`, which must fail; returns the error. */
async function failure({ directory }: TestProject, ...args: readonly string[]) {
	const { code, stdout } = await runSQLake(['generate', '--json', ...args], { cwd: directory })
	expect(code).not.toBe(0)
	return { exitCode: code, ...(JSON.parse(stdout).error as { code: string; message: string; hint: string }) }
}

const fieldIds = (project: TestProject, table = 'users') =>
	Object.fromEntries(manifestOf(project).tables[table]?.columns.map(({ name, fieldId }) => [name, fieldId]) ?? [])

describe('sqlake generate', { timeout: 60_000 }, () => {
	it('writes what drizzle-kit goes on from, and all that follows from it', async () => {
		using project = createProject()
		const { stdout } = await generate(project)
		expect(stdout).toContain('create table "users"')
		expect(stdout).toContain('created drizzle/0000_init.sql')
		expect(drizzleKit(project.directory, 'generate')).toContain(NO_CHANGES)
		expect(drizzleKit(project.directory, 'check')).toContain("Everything's fine")
		const files = readdirSync(project.directory, { recursive: true, encoding: 'utf8' }).filter((name) =>
			/^(?:drizzle|\.sqlake)\//.test(name),
		)
		expect(files.sort()).toEqual([
			'.sqlake/manifest.json',
			'.sqlake/parquet-schema.json',
			'.sqlake/types.ts',
			'drizzle/0000_init.down.sql',
			'drizzle/0000_init.sql',
			'drizzle/meta',
			'drizzle/meta/0000_snapshot.json',
			'drizzle/meta/_journal.json',
			'drizzle/migrations.js',
		])
	})

	it('writes the very files that drizzle-kit writes', async () => {
		using ours = createProject()
		using theirs = createProject()
		await generate(ours, '--name', 'init')
		drizzleKit(theirs.directory, 'generate', '--name', 'init')
		const stable = (text: string) => text.replaceAll(/"(?:id|when)": .*/g, '')
		for (const path of ['0000_init.sql', 'migrations.js', 'meta/_journal.json', 'meta/0000_snapshot.json'])
			expect(stable(file(ours, `drizzle/${path}`))).toBe(stable(file(theirs, `drizzle/${path}`)))
	})

	it('has nothing to do when it is run again, and writes nothing', async () => {
		using project = createProject()
		await generate(project)
		const before = file(project, '.sqlake/manifest.json')
		const { stdout } = await generate(project)
		expect(stdout).toContain('Nothing to do')
		expect(file(project, '.sqlake/manifest.json')).toBe(before)
		expect(JSON.parse((await generate(project, '--json')).stdout)).toMatchObject({ upToDate: true, migration: null, files: [] })
	})

	it('says with --check whether code and migrations agree, and writes nothing', async () => {
		using project = createProject()
		const run = () => runSQLake(['generate', '--check'], { cwd: project.directory })
		expect((await run()).code).toBe(1)
		expect(existsSync(join(project.directory, 'drizzle'))).toBe(false)
		await generate(project)
		expect(await run()).toMatchObject({ code: 0, stdout: 'Migrations, manifest and code agree.\n' })
		project.write(
			'src/schema.ts',
			usersWith(
				"plan: text('plan').default('free')",
				"createdAt: integer('created_at', { mode: 'timestamp' })",
				"note: text('note')",
			),
		)
		expect(await run()).toMatchObject({ code: 1, stdout: expect.stringContaining('no migration yet: add column "users"."note"') })
		await generate(project)
		project.write('.sqlake/types.ts', '')
		expect(await run()).toMatchObject({ code: 1, stdout: 'out of date: .sqlake/types.ts\n' })
	})

	it('keeps a field id through a rename, and never gives one out again', async () => {
		using project = createProject()
		project.write('src/schema.ts', usersWith("mail: text('mail')", "age: text('age')"))
		await generate(project)
		expect(fieldIds(project)).toEqual({ id: 101, mail: 102, age: 103 })
		project.write('src/schema.ts', usersWith("email: text('email')", "age: text('age')"))
		await generate(project, '--rename', 'users.mail=users.email')
		expect(fieldIds(project)).toEqual({ id: 101, email: 102, age: 103 })
		project.write('src/schema.ts', usersWith("email: text('email')"))
		await generate(project)
		project.write('src/schema.ts', usersWith("email: text('email')", "age: text('age')"))
		await generate(project)
		expect(fieldIds(project)).toEqual({ id: 101, email: 102, age: 104 })
		expect(manifestOf(project)).toMatchObject({ version: 4, lastFieldIds: { users: 104, orders: 103 } })
		expect(manifestOf(project).tables.orders?.version).toBe(1)
		expect(manifestOf(project).migrations.map(({ tables }) => Object.keys(tables ?? {}))).toEqual([
			['orders', 'users'],
			['users'],
			['users'],
			['users'],
		])
	})

	it('gives a column of another lake type a new field id', async () => {
		using project = createProject()
		project.write('src/schema.ts', usersWith("age: text('age')"))
		await generate(project)
		project.write('src/schema.ts', usersWith("age: integer('age')"))
		await generate(project)
		expect(fieldIds(project)).toEqual({ id: 101, age: 103 })
	})

	it('writes a new version of the manifest and no migration where only the meaning of a column changes', async () => {
		using project = createProject()
		project.write('src/schema.ts', usersWith("at: integer('at')"))
		await generate(project)
		project.write('src/schema.ts', usersWith("at: integer('at', { mode: 'timestamp' })"))
		await generate(project)
		expect(migrationsOf(project)).toHaveLength(1)
		expect(manifestOf(project).version).toBe(2)
		expect(fieldIds(project)).toEqual({ id: 101, at: 103 })
		expect(manifestOf(project).tables.users).toMatchObject({ version: 2, columns: [{}, { lakeType: 'timestamptz' }] })
	})

	it('keeps rows where it renames, adds and drops, and brings the schema back when it is undone', async () => {
		using project = createProject()
		project.write('src/schema.ts', usersWith("mail: text('mail')", "age: text('age')"))
		await generate(project)
		project.write(
			'src/schema.ts',
			usersWith(
				"email: text('email').notNull().default('none')",
				"plan: text('plan').default('free')",
				"n: integer('n')",
			).replaceAll('orders', 'purchases'),
		)
		await generate(project, '--rename', 'users.mail=email', '--rename', 'orders=purchases', '--drop', 'users.age')
		const database = openDatabase(':memory:')
		const run = (sql: string) => {
			for (const statement of splitStatements(sql)) database.exec(statement)
		}
		const [first, second] = manifestOf(project).migrations
		run(first?.sql ?? '')
		const schema = () => database.prepare("SELECT name, type FROM pragma_table_xinfo('users') ORDER BY name").all()
		const before = schema()
		database.exec("INSERT INTO users (id, mail, age) VALUES ('a', 'a@x', '1'), ('b', NULL, '2')")
		database.exec("INSERT INTO orders VALUES ('o', 'a', 1)")
		run(second?.sql ?? '')
		expect(
			database
				.prepare('SELECT * FROM users ORDER BY id')
				.all()
				.map((row) => ({ ...row })),
		).toEqual([
			{ id: 'a', email: 'a@x', plan: 'free', n: null },
			{ id: 'b', email: 'none', plan: 'free', n: null },
		])
		expect(database.prepare('SELECT count(*) AS n FROM purchases').get()).toEqual({ n: 1 })
		run(second?.down?.sql ?? '')
		expect(schema()).toEqual(before)
		expect(
			database
				.prepare('SELECT id, mail FROM users ORDER BY id')
				.all()
				.map((row) => ({ ...row })),
		).toEqual([
			{ id: 'a', mail: 'a@x' },
			{ id: 'b', mail: 'none' },
		])
		expect(database.prepare('SELECT count(*) AS n FROM orders').get()).toEqual({ n: 1 })
		expect(drizzleKit(project.directory, 'generate')).toContain(NO_CHANGES)
		database.close()
	})

	it('leaves a way back for rows that lack what the old schema wants', async () => {
		using project = createProject()
		project.write('src/schema.ts', usersWith("mail: text('mail').notNull()", "age: integer('age').notNull()"))
		await generate(project)
		project.write('src/schema.ts', usersWith("mail: text('mail')"))
		await generate(project)
		const database = openDatabase(':memory:')
		const [first, second] = manifestOf(project).migrations
		expect(second?.down?.losses).toEqual([
			`the values of column "users"."age", which the migration dropped: it comes back as 0`,
			`NULL in column "users"."mail": it becomes ''`,
		])
		for (const sql of [first?.sql, second?.sql, "INSERT INTO users (id) VALUES ('a')", second?.down?.sql])
			database.exec(sql ?? '')
		expect({ ...database.prepare('SELECT * FROM users').get() }).toEqual({ id: 'a', mail: '', age: 0 })
		database.close()
	})

	it('makes types that a project compiles', async () => {
		using project = createProject()
		await generate(project)
		project.write(
			'src/use.ts',
			`import type { ChangeEvent } from '../.sqlake/types.ts'
			export const planOf = (event: ChangeEvent): string | null | undefined =>
				event._table === 'users' ? event._after?.plan : String(event._after?.amount.toFixed(2))
			// @ts-expect-error orders have no plan
			export const wrong = (event: ChangeEvent) => event._table === 'orders' && event._after?.plan`,
		)
		project.write(
			'tsconfig.json',
			JSON.stringify({
				compilerOptions: {
					strict: true,
					noEmit: true,
					skipLibCheck: true,
					module: 'nodenext',
					target: 'es2024',
					lib: ['es2024'],
					types: ['@cloudflare/workers-types'],
					allowImportingTsExtensions: true,
				},
				files: ['src/use.ts'],
			}),
		)
		const tsc = resolve(import.meta.dirname, '../../../node_modules/typescript/bin/tsc')
		const run = () => execFileSync(process.execPath, [tsc, '-p', project.directory], { encoding: 'utf8' })
		expect(run()).toBe('')
	})

	it('describes the tables as the lake holds them', async () => {
		using project = createProject()
		await generate(project)
		const { tables, version } = JSON.parse(file(project, '.sqlake/parquet-schema.json'))
		expect(version).toBe(1)
		expect(tables.users).toMatchObject({
			icebergTable: 'users_changes',
			partitionSpec: { fields: [{ transform: 'bucket[16]' }, { transform: 'day' }] },
		})
		expect(tables.users.icebergSchema.fields).toContainEqual({
			id: 103,
			name: 'created_at',
			required: false,
			type: 'timestamptz',
		})
		expect(tables.users.parquetColumns).toContainEqual({
			fieldId: 103,
			name: 'created_at',
			type: 'INT64',
			logicalType: 'TIMESTAMP',
			repetition: 'OPTIONAL',
		})
	})
})

describe('renames', { timeout: 60_000 }, () => {
	const renamed = usersWith("email: text('email')")
	const begin = async () => {
		const project = createProject()
		project.write('src/schema.ts', usersWith("mail: text('mail')"))
		await generate(project)
		project.write('src/schema.ts', renamed)
		return project
	}

	it('are not guessed: without a terminal the error names the flags', async () => {
		using project = await begin()
		expect(await failure(project)).toMatchObject({
			exitCode: 1,
			code: 'MIGRATION_AMBIGUOUS',
			message: expect.stringContaining('"users.mail"'),
			hint: expect.stringMatching(/--rename users\.mail=users\.email.*--drop users\.mail/),
		})
		expect(migrationsOf(project)).toHaveLength(1)
	})

	it('may stand in the configuration, and stay there', async () => {
		using project = await begin()
		project.write(
			'drizzle.config.ts',
			CONFIG.replace("out: './drizzle',", "out: './drizzle',\n\tsqlake: { renames: { 'users.mail': 'email', gone: 'here' } },"),
		)
		await generate(project)
		expect(file(project, 'drizzle/0001_rename_mail_to_email.sql')).toBe('ALTER TABLE `users` RENAME COLUMN `mail` TO `email`;')
		expect((await generate(project)).stdout).toContain('Nothing to do')
	})

	it('are none where --drop says so', async () => {
		using project = await begin()
		await generate(project, '--drop', 'users.mail')
		expect(manifestOf(project).migrations[1]).toMatchObject({
			sql: 'ALTER TABLE `users` ADD `email` text;--> statement-breakpoint\nALTER TABLE `users` DROP COLUMN `mail`;',
			down: {
				losses: [
					'column "users"."email" with its values',
					'the values of column "users"."mail", which the migration dropped: it comes back empty',
				],
			},
		})
	})

	it.each([['users.post=users.email'], ['users.mail=users.post'], ['people=users']])(
		'refuse the flag %s, which fits nothing',
		async (flag) => {
			using project = await begin()
			const error = await failure(project, '--rename', flag, '--drop', 'users.mail')
			expect(error).toMatchObject({ exitCode: 2, code: 'USAGE_INVALID', message: expect.stringContaining(flag) })
		},
	)

	it.each([['users.mail'], ['=b'], ['a=b=c']])('refuse the malformed flag %s', async (flag) => {
		using project = await begin()
		expect(await failure(project, '--rename', flag)).toMatchObject({ exitCode: 2, code: 'USAGE_INVALID' })
	})

	it('follow a table and its columns at once', async () => {
		using project = await begin()
		project.write('src/schema.ts', renamed.replaceAll('users', 'people'))
		await generate(project, '--rename', 'users=people', '--rename', 'users.mail=people.email')
		expect(manifestOf(project).migrations[1]?.sql).toBe(
			'ALTER TABLE `users` RENAME TO `people`;--> statement-breakpoint\nALTER TABLE `people` RENAME COLUMN `mail` TO `email`;',
		)
		// To the lake it is another table: the old one stays for history.
		expect(manifestOf(project).migrations[1]?.tables).toMatchObject({
			users: null,
			people: { columns: [{ fieldId: 101 }, { fieldId: 102 }] },
		})
	})

	it('need no word where only the case of letters changes', async () => {
		using project = await begin()
		project.write('src/schema.ts', usersWith("mail: text('Mail')"))
		await generate(project)
		expect(manifestOf(project).migrations[1]?.sql).toBe('ALTER TABLE `users` RENAME COLUMN `mail` TO `Mail`;')
		project.write('src/schema.ts', usersWith("mail: text('Mail')").replaceAll('orders', 'Orders'))
		await generate(project)
		expect(splitStatements(manifestOf(project).migrations[2]?.sql ?? '')).toEqual([
			'ALTER TABLE `orders` RENAME TO `__old_orders`',
			'ALTER TABLE `__old_orders` RENAME TO `Orders`',
		])
	})
})

describe('a project that drizzle-kit has generated for', { timeout: 60_000 }, () => {
	it('gets down scripts and a manifest for what is there', async () => {
		using project = createProject()
		project.write('src/schema.ts', usersWith("a: text('a')", "b: text('b')"))
		drizzleKit(project.directory, 'generate', '--name', 'one')
		project.write('src/schema.ts', usersWith("b: text('b')"))
		drizzleKit(project.directory, 'generate', '--name', 'two')
		drizzleKit(project.directory, 'generate', '--name', 'three', '--custom')
		project.write('drizzle/0002_three.sql', "UPDATE users SET b = 'x';")
		await generate(project)
		const { migrations, version } = manifestOf(project)
		// A lake that such a project has knows the tables by the number of the migration that changed them last.
		expect(version).toBe(3)
		expect(migrations.map(({ tables }) => tables?.users?.version)).toEqual([1, 2, undefined])
		expect(migrations.map(({ tag, down }) => [tag, down !== null])).toEqual([
			['0000_one', true],
			['0001_two', true],
			['0002_three', false],
		])
		// And the columns by their order of appearance.
		expect(fieldIds(project)).toEqual({ id: 101, b: 103 })
		expect(migrations[0]?.tables?.users?.columns.map(({ name, fieldId }) => [name, fieldId])).toEqual([
			['id', 101],
			['a', 102],
			['b', 103],
		])
		expect(migrations[2]?.tables).toBeUndefined()
	})

	it('goes on with either tool', async () => {
		using project = createProject()
		await generate(project)
		project.write(
			'src/schema.ts',
			usersWith(
				"plan: text('plan').default('free')",
				"createdAt: integer('created_at', { mode: 'timestamp' })",
				"note: text('note')",
			),
		)
		drizzleKit(project.directory, 'generate', '--name', 'theirs')
		await generate(project)
		expect(file(project, 'drizzle/0001_theirs.down.sql')).toContain('DROP COLUMN `note`')
		expect(manifestOf(project)).toMatchObject({
			version: 2,
			migrations: [{}, { tag: '0001_theirs', tables: { users: { version: 2 } } }],
		})
		expect(fieldIds(project)).toEqual({ id: 101, plan: 102, created_at: 103, note: 104 })
	})

	it('is told where a migration does more than its snapshot', async () => {
		using project = createProject()
		drizzleKit(project.directory, 'generate', '--name', 'one')
		project.write(
			'drizzle/0000_one.sql',
			`${file(project, 'drizzle/0000_one.sql')}--> statement-breakpoint\nCREATE TABLE other (a);`,
		)
		const { stderr } = await generate(project)
		expect(stderr).toContain('write 0000_one.down.sql yourself')
		expect(manifestOf(project).migrations[0]?.down).toBeNull()
	})
})

describe('migrations on disk', { timeout: 60_000 }, () => {
	const begin = async () => {
		const project = createProject()
		await generate(project)
		return project
	}

	it('must not be edited, unless that is said', async () => {
		using project = await begin()
		project.write('drizzle/0000_init.sql', file(project, 'drizzle/0000_init.sql').replace("'free'", "'basic'"))
		expect(await failure(project)).toMatchObject({
			code: 'MIGRATION_CHECKSUM',
			hint: expect.stringContaining('--accept-edited 0000_init'),
		})
		await generate(project, '--accept-edited', '0000_init')
		expect(manifestOf(project)).toMatchObject({ version: 2, migrations: [{ sql: expect.stringContaining("'basic'") }] })
		expect((await generate(project)).stdout).toContain('Nothing to do')
	})

	it('may change in white space and comments', async () => {
		using project = await begin()
		project.write(
			'drizzle/0000_init.sql',
			`-- The beginning.\r\n${file(project, 'drizzle/0000_init.sql').replaceAll('\n', '\r\n')}`,
		)
		await generate(project)
	})

	it('must be there', async () => {
		using project = await begin()
		rmSync(join(project.directory, 'drizzle/0000_init.sql'))
		expect(await failure(project)).toMatchObject({ code: 'MIGRATION_MISSING', message: expect.stringContaining('0000_init.sql') })
	})

	it('must stay in the journal, unless one that nobody applied is taken back', async () => {
		using project = await begin()
		project.write('src/schema.ts', usersWith("mail: text('mail')"))
		await generate(project, '--drop', 'users.plan', '--drop', 'users.created_at')
		const journal = JSON.parse(file(project, 'drizzle/meta/_journal.json'))
		const [tag] = migrationsOf(project)
			.slice(1)
			.map((name) => name.replace('.sql', ''))
		project.write('drizzle/meta/_journal.json', JSON.stringify({ ...journal, entries: journal.entries.slice(0, 1) }))
		rmSync(join(project.directory, 'drizzle/meta/0001_snapshot.json'))
		rmSync(join(project.directory, `drizzle/${tag}.sql`))
		project.write('src/schema.ts', SCHEMA)
		expect(await failure(project)).toMatchObject({ code: 'MIGRATION_MISSING', message: expect.stringContaining(tag ?? '?') })
		await generate(project, '--accept-edited', tag ?? '?')
		// The columns that it dropped are what they were; the field id that it gave out stays given.
		expect(manifestOf(project)).toMatchObject({ version: 3, migrations: [{ tag: '0000_init' }], lastFieldIds: { users: 104 } })
		expect(fieldIds(project)).toEqual({ id: 101, plan: 102, created_at: 103 })
	})

	it('keep a down script that somebody has edited', async () => {
		using project = await begin()
		const down = '-- Loses: everything\nDROP TABLE orders; DROP TABLE users;'
		project.write('drizzle/0000_init.down.sql', down)
		await generate(project)
		expect(file(project, 'drizzle/0000_init.down.sql')).toBe(down)
		expect(manifestOf(project)).toMatchObject({ version: 2, migrations: [{ down: { sql: down, losses: ['everything'] } }] })
	})

	it('may be written by hand: empty files to fill in', async () => {
		using project = await begin()
		const { stdout } = await generate(project, '--custom', '--name', 'fill plans')
		expect(stdout).toContain('put your SQL into it')
		expect(manifestOf(project).migrations[1]?.tag).toBe('0001_fill_plans')
		expect(drizzleKit(project.directory, 'check')).toContain("Everything's fine")
		project.write('drizzle/0001_fill_plans.sql', "UPDATE users SET plan = 'free' WHERE plan IS NULL;")
		await generate(project)
		// Nobody has said yet how to undo it.
		expect(manifestOf(project).migrations[1]?.down).toBeNull()
		project.write('drizzle/0001_fill_plans.down.sql', 'SELECT 1;')
		await generate(project)
		expect(manifestOf(project).migrations[1]).toMatchObject({
			sql: expect.stringContaining('UPDATE'),
			down: { sql: 'SELECT 1;', losses: [] },
		})
		expect(manifestOf(project).migrations[1]?.tables).toBeUndefined()
		project.write('drizzle/0001_fill_plans.sql', 'DELETE FROM users;')
		expect(await failure(project)).toMatchObject({ code: 'MIGRATION_CHECKSUM' })
	})
})

describe('what sqlake refuses', { timeout: 60_000 }, () => {
	it('is a statement by hand that no object could run, in either script; BEGIN and COMMIT do no harm', async () => {
		using project = createProject()
		await generate(project)
		await generate(project, '--custom', '--name', 'by hand')
		const up = 'COMMIT; PRAGMA foreign_keys = OFF; BEGIN; DELETE FROM users; COMMIT; PRAGMA foreign_keys = ON; BEGIN;'
		const before = file(project, '.sqlake/manifest.json')
		for (const [name, text] of [
			['0001_by_hand', `BEGIN; DELETE FROM users; /* no */ Rollback;`],
			['0001_by_hand.down', 'SAVEPOINT s; ROLLBACK TO s'],
			['0001_by_hand', 'CREATE TEMP TABLE copy AS SELECT * FROM users'],
		] as const) {
			project.write('drizzle/0001_by_hand.sql', up)
			project.write('drizzle/0001_by_hand.down.sql', 'SELECT 1;')
			project.write(`drizzle/${name}.sql`, text)
			const message = expect.stringContaining(`migration "${name}"`)
			expect(await failure(project)).toMatchObject({ code: 'MIGRATION_INVALID', message, hint: expect.any(String) })
			expect(file(project, '.sqlake/manifest.json')).toBe(before)
		}
		project.write('drizzle/0001_by_hand.sql', up)
		project.write('drizzle/0001_by_hand.down.sql', 'BEGIN; SELECT 1; END;')
		await generate(project)
		expect(manifestOf(project).migrations[1]).toMatchObject({ sql: up, down: { sql: 'BEGIN; SELECT 1; END;' } })
	})

	it('is a custom migration while the schema has changes of its own', async () => {
		using project = createProject()
		expect(await failure(project, '--custom')).toMatchObject({
			exitCode: 2,
			code: 'USAGE_INVALID',
			hint: expect.stringContaining('first'),
		})
	})

	it('is to begin a new manifest where there was one', async () => {
		using project = createProject()
		await generate(project)
		const before = file(project, '.sqlake/manifest.json')
		rmSync(join(project.directory, '.sqlake'), { recursive: true })
		expect(await failure(project)).toMatchObject({ code: 'MIGRATION_MISSING', hint: expect.stringContaining('--new-manifest') })
		await generate(project, '--new-manifest')
		expect(file(project, '.sqlake/manifest.json')).toBe(before)
	})

	it('is to accept an edit of a migration that it does not know', async () => {
		using project = createProject()
		await generate(project)
		expect(await failure(project, '--accept-edited', '0007_x')).toMatchObject({
			exitCode: 2,
			message: expect.stringContaining('0007_x'),
		})
	})

	it('is one table defined twice', async () => {
		using project = createProject()
		project.write(
			'src/schema.ts',
			`${SCHEMA}import { sqliteTable } from 'sqlake/columns'\nexport const people = sqliteTable('users', { id: text('id').primaryKey() })`,
		)
		expect(await failure(project)).toMatchObject({
			code: 'CONFIG_INVALID',
			message: 'table "users": expected one definition in the schema files, found people and users',
		})
	})

	it('is a schema that SQLite refuses', async () => {
		using project = createProject()
		project.write('src/schema.ts', usersWith("total: integer('total').generatedAlwaysAs('no_such + 1')"))
		expect(await failure(project)).toMatchObject({ code: 'MIGRATION_INVALID', message: expect.stringContaining('no_such') })
		expect(existsSync(join(project.directory, 'drizzle'))).toBe(false)
	})

	it('is a malformed journal, one of another database, and an unfit prefix', async () => {
		using project = createProject()
		project.write('drizzle/meta/_journal.json', '{')
		expect(await failure(project)).toMatchObject({ code: 'MIGRATION_INVALID' })
		project.write('drizzle/meta/_journal.json', JSON.stringify({ version: '7', dialect: 'postgresql', entries: [] }))
		expect(await failure(project)).toMatchObject({ code: 'MIGRATION_INVALID' })
		rmSync(join(project.directory, 'drizzle'), { recursive: true })
		project.write('drizzle.config.ts', CONFIG.replace('driver:', "migrations: { prefix: 'none' },\n\tdriver:"))
		expect(await failure(project)).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('prefix') })
	})
})

describe('the configuration', { timeout: 60_000 }, () => {
	it('names schema files by globs and lists, the directory, and how migrations are written', async () => {
		using project = createProject({
			'drizzle.config.ts': CONFIG.replace("schema: './src/schema.ts'", "schema: ['./src/schema/*.ts', './src/more.ts']")
				.replace("'./drizzle'", "'./sql/migrations'")
				.replace('driver:', "breakpoints: false,\n\tmigrations: { prefix: 'timestamp' },\n\tdriver:"),
			'src/schema/db.ts': SCHEMA,
			'src/more.ts':
				"import { sqliteTable, text } from 'sqlake/columns'\nexport const settings = sqliteTable('settings', { key: text('key').primaryKey(), value: text('value').unique() })",
		})
		await generate(project)
		const [name] = readdirSync(join(project.directory, 'sql/migrations')).filter((each) => /^\d{14}_init\.sql$/.test(each))
		const sql = file(project, `sql/migrations/${name}`)
		expect(sql).not.toContain('statement-breakpoint')
		expect(sql).toContain('CREATE TABLE `settings`')
		expect(splitStatements(sql)).toHaveLength(4)
		// It is a table of SQLite alone: SQLake() does not know it.
		expect(Object.keys(manifestOf(project).tables).sort()).toEqual(['orders', 'users'])
		expect(drizzleKit(project.directory, 'generate')).toContain(NO_CHANGES)
	})

	it('finds tables inside SQLake(), and says that drizzle-kit does not', async () => {
		using project = createProject()
		project.write('src/schema.ts', SCHEMA.replace('export const { users, orders } = db.tables\n', ''))
		const { stderr } = await generate(project)
		expect(stderr).toContain('export const { users, orders } = db.tables')
		expect(manifestOf(project).migrations).toHaveLength(1)
	})

	it('takes views, which make room while a table that they show is copied', async () => {
		using project = createProject()
		const view =
			"\nimport { sqliteView } from 'drizzle-orm/sqlite-core'\nexport const emails = sqliteView('emails').as((qb) => qb.select({ mail: users.mail }).from(users))\n"
		project.write('src/schema.ts', usersWith("mail: text('mail')") + view)
		await generate(project)
		project.write('src/schema.ts', usersWith("mail: text('mail').notNull()") + view)
		await generate(project)
		const { sql = '' } = manifestOf(project).migrations[1] ?? {}
		expect(splitStatements(sql).at(0)).toBe('DROP VIEW `emails`')
		expect(splitStatements(sql).at(-1)).toMatch(/^CREATE VIEW `emails`/)
		expect(drizzleKit(project.directory, 'generate')).toContain(NO_CHANGES)
	})

	it('refuses a casing that would give captured columns other names', async () => {
		using project = createProject()
		project.write('drizzle.config.ts', CONFIG.replace('driver:', "casing: 'snake_case',\n\tdriver:"))
		project.write('src/schema.ts', usersWith('firstName: text()'))
		expect(await failure(project)).toMatchObject({
			code: 'CONFIG_INVALID',
			message: expect.stringContaining('"users"."firstName"'),
		})
	})
})
