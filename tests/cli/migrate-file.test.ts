import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runInteractively } from './interactive.ts'
import { history, manifestsOf } from './manifests.ts'
import { CONFIG, createProject, type TestProject } from './project.ts'
import { type RunOptions, runSQLake } from './run-sqlake.ts'

const manifests = manifestsOf(history)

let project: TestProject
beforeEach(() => {
	project = createProject({ 'drizzle.config.ts': CONFIG, '.sqlake/manifest.json': JSON.stringify(manifests[2]) })
	query('CREATE TABLE beside (a)')
})
afterEach(() => project[Symbol.dispose]())

const file = () => join(project.directory, 'app.sqlite')
const migrate = (args: readonly string[] = [], options: RunOptions = {}) =>
	runSQLake(['migrate', '-d', 'app.sqlite', ...args], { cwd: project.directory, ...options })
const manifest = (value: unknown) => project.write('.sqlake/manifest.json', JSON.stringify(value))

function query(sql: string): readonly unknown[] {
	const database = new DatabaseSync(file())
	try {
		return database.prepare(sql).all()
	} finally {
		database.close()
	}
}
const columns = () => query("SELECT name FROM pragma_table_info('users')").map((row) => Object(row).name)
const versions = () => query('SELECT created_at FROM __drizzle_migrations').length

describe('sqlake migrate on a SQLite file', () => {
	it('applies what is pending, once', async () => {
		expect(await migrate()).toEqual({
			code: 0,
			stdout: '✓ 1 file: applied 0000_users, 0001_email, 0002_notes\n',
			stderr: '',
		})
		expect(columns()).toEqual(['id', 'email', 'age', 'note'])
		expect(versions()).toBe(3)
		expect(await migrate()).toMatchObject({ code: 0, stdout: '1 file: nothing to do\n' })
	})

	it('goes up to a target, and shows the way', async () => {
		expect(await migrate(['--target', '0000_users'])).toMatchObject({ code: 0 })
		expect(columns()).toEqual(['id', 'mail', 'age'])
		const status = await migrate(['-s'])
		expect(status).toMatchObject({ code: 0 })
		expect(status.stdout).toContain('manifest version 3, 3 migrations')
		expect(status.stdout).toMatch(/0000_users +1 file 2 pending/)
		const json = JSON.parse((await migrate(['--status', '--json'])).stdout)
		expect(json).toMatchObject({
			kind: 'file',
			manifestVersion: 3,
			versions: [{ version: '0000_users', count: 1 }],
			databases: [{ name: file(), state: 'pending', appliedCount: 1, pending: ['0001_email', '0002_notes'] }],
		})
		const unknown = await migrate(['--target', '0009_none'])
		expect(unknown).toMatchObject({
			code: 1,
			stderr: expect.stringContaining('--target 0009_none: expected a migration, found none'),
		})
	})

	it('prints the statements of a dry run, and changes nothing', async () => {
		await migrate(['-t', '0000_users'])
		const dry = await migrate(['-n'])
		expect(dry.code).toBe(0)
		expect(dry.stdout).toContain(
			[
				'1 file at 0000_users would apply',
				'-- 0001_email',
				'ALTER TABLE `users` RENAME COLUMN "mail" TO "email";',
				'ALTER TABLE `users` ADD `note` text;',
				'-- 0002_notes',
			].join('\n'),
		)
		expect(columns()).toEqual(['id', 'mail', 'age'])
		expect(JSON.parse((await migrate(['-n', '--json'])).stdout)).toMatchObject({
			direction: 'up',
			plans: [{ version: '0000_users', databases: [file()], migrations: [{ tag: '0001_email' }, { tag: '0002_notes' }] }],
			failures: [],
		})
	})

	it('says in a dry run what would fail, and why', async () => {
		query('CREATE TABLE notes (x)')
		const dry = await migrate(['-n'])
		expect(dry).toMatchObject({
			code: 1,
			stdout: expect.stringMatching(/would fail .*0002_notes.*table `notes` already exists/s),
		})
		expect(query("SELECT name FROM sqlite_schema WHERE name = 'users'")).toEqual([])
	})

	it('keeps what was applied before a failure, and gives the reason', async () => {
		query('CREATE TABLE notes (x)')
		const { code, stdout } = await migrate()
		expect(code).toBe(1)
		expect(stdout).toMatch(/✗ .*"0002_notes".*already exists.*\(applied before: 0000_users, 0001_email\)\n {2}hint: /)
		expect(versions()).toBe(2)
		expect(JSON.parse((await migrate(['--json'])).stdout)).toMatchObject({
			migrated: 0,
			failed: 1,
			databases: [{ status: 'failed', version: '0001_email', error: { code: 'MIGRATION_FAILED' } }],
		})
		expect((await migrate(['-s'])).stdout).toMatch(/failed .*already exists.*\(tried 2 times\)/)
	})

	it('rolls back one step, to a target, and to nothing, where the loss is accepted', async () => {
		await migrate()
		query("INSERT INTO notes VALUES ('n', 'text')")
		const refused = await migrate(['-r'])
		expect(refused).toMatchObject({ code: 1, stdout: '' })
		expect(refused.stderr).toBe(
			'sqlake: rollback to 0001_email: it destroys table "notes"\nhint: accept the loss: --accept-data-loss\n',
		)
		const plan = await migrate(['-r', '-n'])
		expect(plan).toMatchObject({
			code: 0,
			stdout: expect.stringContaining('would undo\n-- 0002_notes\n-- destroys table "notes"\nDROP TABLE'),
		})
		expect(query('SELECT * FROM notes')).toHaveLength(1)

		const step = await migrate(['-r', '--accept-data-loss'])
		expect(step).toMatchObject({ code: 0, stdout: '✓ 1 file: undone 0002_notes\n' })
		expect(versions()).toBe(2)
		expect(await migrate(['-r', '-t', '0001_email'])).toMatchObject({ code: 0, stdout: '1 file: nothing to do\n' })
		expect(await migrate(['-r', '-t', 'none', '--accept-data-loss'])).toMatchObject({
			code: 0,
			stdout: '✓ 1 file: undone 0001_email, 0000_users\n',
		})
		expect(query("SELECT name FROM sqlite_schema WHERE name IN ('users', 'beside')")).toMatchObject([{ name: 'beside' }])
		expect(await migrate(['-r'])).toMatchObject({ code: 0, stdout: '1 file: nothing to do\n' })
		expect(await migrate()).toMatchObject({
			code: 0,
			stdout: expect.stringContaining('applied 0000_users, 0001_email, 0002_notes'),
		})
	})

	it('asks a person before it destroys anything', async () => {
		await migrate()
		const rollback = (keys: string) =>
			runInteractively(['migrate', '-d', 'app.sqlite', '-r'], {
				cwd: project.directory,
				answers: [{ seen: 'Destroy it?', keys }],
			})
		for (const no of ['n', '\r', '\u0003']) {
			const kept = await rollback(no)
			expect(kept).toMatchObject({ code: 1, stdout: '' })
			expect(kept.stderr).toContain('warning: the rollback destroys table "notes"')
			expect(kept.stderr).toMatch(/Nothing was changed\.\n$/)
			expect(versions()).toBe(3)
		}
		expect(await rollback('y')).toMatchObject({ code: 0, stdout: expect.stringContaining('undone 0002_notes') })
		expect(versions()).toBe(2)
	})

	it('refuses an edited migration, and takes it as it is with --skip-checksum, loudly', async () => {
		await migrate(['-t', '0001_email'])
		const edited = history.map((step) => (step.tag === '0000_users' ? { ...step, sql: `${step.sql}\nSELECT 1;` } : step))
		manifest(manifestsOf(edited)[2])
		expect(await migrate()).toMatchObject({ code: 1, stdout: expect.stringMatching(/"0000_users": expected .*SHA-256/) })
		expect((await migrate(['-s'])).stdout).toContain('invalid')
		const skipped = await migrate(['--skip-checksum'])
		expect(skipped).toMatchObject({ code: 0, stdout: '✓ 1 file: applied 0002_notes\n' })
		expect(skipped.stderr).toMatch(/^warning: --skip-checksum: migrations that were edited/)
		expect(await migrate()).toMatchObject({ code: 0, stdout: '1 file: nothing to do\n' })
	})

	it('takes an edited migration with --skip-checksum, also where nothing is pending', async () => {
		await migrate()
		const edited = history.map((step) => (step.tag === '0000_users' ? { ...step, sql: `${step.sql}\nSELECT 1;` } : step))
		manifest(manifestsOf(edited)[2])
		expect((await migrate()).code).toBe(1)
		expect(await migrate(['--skip-checksum'])).toMatchObject({ code: 0, stdout: '1 file: nothing to do\n' })
		expect(await migrate()).toMatchObject({ code: 0, stdout: '1 file: nothing to do\n' })
	})

	it('tells of migrations that the project lacks', async () => {
		await migrate()
		manifest(manifests[0])
		expect(await migrate()).toMatchObject({ code: 1, stdout: expect.stringContaining('0001_email') })
		expect((await migrate(['-s'])).stdout).toContain('ahead')
	})

	it('leaves the file in its journal mode', async () => {
		await migrate()
		const writeVersion = () => readFileSync(file())[18]
		expect(writeVersion()).toBe(1)
		query('PRAGMA journal_mode = WAL')
		await migrate(['-r', '--accept-data-loss'])
		expect(writeVersion()).toBe(2)
	})

	it('tells of wrong usage with code 2', async () => {
		for (const args of [
			['-s', '-r'],
			['-s', '-n'],
			['--canary', '0.1'],
			['--state', 'failed'],
			['--target', 'none'],
			['--shard', 'a'],
			['--fleet', 'https://x.example'],
		]) {
			const { code, stdout, stderr } = await migrate(args)
			expect({ args, code, stdout, stderr }).toEqual({
				args,
				code: 2,
				stdout: '',
				stderr: expect.stringMatching(/^sqlake: .*\nhint: .*\n$/),
			})
		}
		for (const args of [['--dry-run'], ['--skip-checksum'], ['--canary', 'half'], ['--canary', '200%'], ['-s', '--pause']]) {
			const { code, stdout, stderr } = await runSQLake(['migrate', '--fleet', 'https://x.example', ...args])
			expect({ args, code, stdout, stderr }).toEqual({
				args,
				code: 2,
				stdout: '',
				stderr: expect.stringMatching(/^sqlake: .*\nhint: .*\n$/),
			})
		}
	})

	it('says where migrations are missing', async () => {
		const missing = await runSQLake(['migrate', '-d', 'nowhere.sqlite'], { cwd: project.directory })
		expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('found nothing at') })
		const text = await runSQLake(['migrate', '-d', 'drizzle.config.ts'], { cwd: project.directory })
		expect(text).toMatchObject({ code: 1, stderr: expect.stringContaining('to be a SQLite database') })
		project.write(
			'drizzle/meta/_journal.json',
			JSON.stringify({ entries: [{ idx: 3, when: 9, tag: '0003_more', breakpoints: true }] }),
		)
		expect((await migrate(['-s'])).stderr).toContain('warning: the manifest lacks 0003_more: run sqlake generate')
	})
})
