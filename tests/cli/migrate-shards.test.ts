import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { claimDirectory } from '../../src/cli/dev/claim-directory.ts'
import { loadConfig } from '../../src/cli/load-config.ts'
import { loadDatabase } from '../../src/cli/load-schema.ts'
import { LocalRouter } from '../../src/local/local-router.ts'
import { shardFileName } from '../../src/local/shard-file-name.ts'
import type { MigrationManifest } from '../../src/migrator/manifest.ts'
import { history, manifestsOf, schemaSources } from './manifests.ts'
import { CONFIG, createProject, type TestProject } from './project.ts'
import { type RunOptions, runSQLake } from './run-sqlake.ts'

const manifests = manifestsOf(history)

let project: TestProject
beforeEach(() => {
	project = createProject({ 'drizzle.config.ts': CONFIG })
	at(0)
})
afterEach(() => project[Symbol.dispose]())

const db = () => join(project.directory, '.sqlake/local.db')
const migrate = (args: readonly string[] = [], options: RunOptions = {}) =>
	runSQLake(['migrate', ...args], { cwd: project.directory, ...options })

/** Brings the project to a step of its history. */
function at(step: number, manifest = manifests[step]): void {
	project.write('.sqlake/manifest.json', JSON.stringify(manifest))
	project.write('src/schema.ts', schemaSources[step] ?? '')
}

/** A router as an application of a step opens it. */
async function openRouter(manifest: MigrationManifest | undefined): Promise<LocalRouter> {
	const { database: schema } = await loadDatabase(await loadConfig(project.directory))
	const lake = join(project.directory, '.sqlake/data')
	return new LocalRouter({ schema, db: db(), lake, flush: null, ...(manifest === undefined ? {} : { migrations: manifest }) })
}

/** Writes one user into each shard, as an application of the first step does. */
async function populate(...names: readonly string[]): Promise<void> {
	await using router = await openRouter(manifests[0])
	for (const name of names) await router.sql`INSERT INTO users (id, mail, age) VALUES (${name}, ${`${name}@x.org`}, ${30})`.run()
}

function inFile<T>(shard: string, work: (database: DatabaseSync) => T): T {
	const database = new DatabaseSync(join(db(), shardFileName(shard)))
	try {
		return work(database)
	} finally {
		database.close()
	}
}
const rows = (shard: string) => inFile(shard, (database) => database.prepare('SELECT * FROM users').all())

describe('sqlake migrate on the shards of a directory', () => {
	it('refuses a migration whose file was edited since the manifest was written', async () => {
		await populate('ada')
		const { tag = '', sql = '' } = manifests[0]?.migrations[0] ?? {}
		project.write(`drizzle/${tag}.sql`, `-- a comment changes nothing\n${sql}`)
		expect((await migrate()).code).toBe(0)
		project.write(`drizzle/${tag}.sql`, `${sql};\nCREATE TABLE more (id text PRIMARY KEY)`)
		for (const args of [[], ['--status'], ['--dry-run']]) {
			const { code, stderr } = await migrate(args)
			expect(code).toBe(1)
			expect(stderr).toContain(`migration "${tag}": expected the SQL as it was recorded`)
			expect(stderr).toContain(`sqlake generate --accept-edited ${tag}`)
		}
	})

	it('says how to get back a manifest that is broken, which `generate` cannot', async () => {
		for (const broken of ['{ "formatVersion": 1', '{ "formatVersion": 1, "version": "x" }', '{ "formatVersion": 9 }']) {
			project.write('.sqlake/manifest.json', broken)
			for (const run of [migrate(), runSQLake(['generate'], { cwd: project.directory })]) {
				const { code, stderr } = await run
				expect(code).toBe(1)
				expect(stderr).toContain('restore it from version control')
				expect(stderr).not.toContain('write it again')
			}
		}
	})

	it('brings all shards to the newest version, and says so', async () => {
		await populate('ada', 'bob', 'eve')
		at(2)
		expect(await migrate()).toEqual({
			code: 0,
			stdout: '✓ 3 shards: applied 0001_email, 0002_notes (ada, bob, eve)\n',
			stderr: '',
		})
		expect(rows('bob')).toEqual([{ id: 'bob', email: 'bob@x.org', age: 30, note: null }])
		expect(await migrate()).toMatchObject({ code: 0, stdout: '3 shards: nothing to do\n' })
	})

	it('loses no change that waits, and captures on: the lake has every version', async () => {
		await populate('ada')
		at(2)
		expect((await migrate()).code).toBe(0)
		await using router = await openRouter(manifests[2])
		await router.sql`UPDATE users SET note = ${'after'} WHERE id = ${'ada'}`.run()
		await router.flush()
		const changes = await router.sql.between(0, Date.now() + 1)`SELECT _op, _seq, email, note FROM users ORDER BY _seq`
		expect(changes).toMatchObject([
			{ _op: 'c', email: 'ada@x.org', note: null },
			{ _op: 'u', email: 'ada@x.org', note: 'after' },
		])
	})

	it('does not stop at a shard that fails', async () => {
		await populate('ada', 'bob', 'eve')
		inFile('bob', (database) => database.exec('CREATE TABLE notes (x)'))
		at(2)
		const { code, stdout } = await migrate()
		expect(code).toBe(1)
		expect(stdout).toMatch(
			/✓ 2 shards: applied 0001_email, 0002_notes \(ada, eve\)\n✗ bob: .*already exists.*\(applied before: 0001_email\)/,
		)
		const status = await migrate(['--status'])
		expect(status.stdout).toMatch(/3 shards in .*manifest version 3, 3 migrations/)
		expect(status.stdout).toMatch(/0002_notes +2 shards\n {2}0001_email +1 shard 1 pending/)
		expect(status.stdout).toMatch(/failed bob: .*already exists/)
		inFile('bob', (database) => database.exec('DROP TABLE notes'))
		expect(await migrate()).toMatchObject({ code: 0, stdout: expect.stringContaining('✓ 1 shard: applied 0002_notes (bob)') })
	})

	it('tells of a shard that cannot be read, and ends as a failure', async () => {
		await populate('ada', 'bob')
		expect(await migrate(['--status'])).toMatchObject({ code: 0 })
		inFile('bob', (database) => database.exec('DROP TABLE __drizzle_migrations; CREATE TABLE __drizzle_migrations (other)'))
		const status = await migrate(['--status'])
		expect(status.code).toBe(1)
		expect(status.stdout).toMatch(/bob: /)
	})

	it('migrates the shards that are named alone, and one by its file', async () => {
		await populate('ada', 'bob', 'eve')
		at(2)
		expect(await migrate(['--shard', 'ada', '-t', '0001_email'])).toMatchObject({
			code: 0,
			stdout: '✓ 1 shard: applied 0001_email (ada)\n',
		})
		const file = join('.sqlake/local.db', shardFileName('eve'))
		expect(await migrate(['-d', file])).toMatchObject({ code: 0, stdout: '✓ 1 shard: applied 0001_email, 0002_notes (eve)\n' })
		expect(rows('bob')).toMatchObject([{ mail: 'bob@x.org' }])
		expect(await migrate(['--shard', 'nobody'])).toMatchObject({
			code: 1,
			stderr: expect.stringContaining('found ada, bob, eve'),
		})
		expect(readdirSync(db()).filter((name) => name.startsWith('nobody'))).toEqual([])
	})

	it('prints what a dry run would do once for each version, and changes nothing', async () => {
		await populate('ada', 'bob', 'eve')
		at(2)
		await migrate(['--shard', 'eve', '-t', '0001_email'])
		const { code, stdout } = await migrate(['-n', '--json'])
		expect(code).toBe(0)
		expect(JSON.parse(stdout)).toMatchObject({
			kind: 'shards',
			plans: [
				{ version: '0000_users', databases: ['ada', 'bob'], migrations: [{ tag: '0001_email' }, { tag: '0002_notes' }] },
				{ version: '0001_email', databases: ['eve'], migrations: [{ tag: '0002_notes' }] },
			],
			failures: [],
		})
		expect(rows('ada')).toMatchObject([{ mail: 'ada@x.org' }])
		inFile('bob', (database) => database.exec('CREATE TABLE notes (x)'))
		const failing = await migrate(['-n'])
		expect(failing).toMatchObject({ code: 1, stdout: expect.stringMatching(/would fail bob: .*already exists/) })
	})

	it('undoes the newest migration wherever it is, and holds the shards there', async () => {
		await populate('ada', 'bob')
		at(2)
		await migrate(['--shard', 'ada'])
		await migrate(['--shard', 'bob', '-t', '0001_email'])
		const back = await migrate(['-r', '--accept-data-loss'])
		expect(back).toEqual({
			code: 0,
			stdout: '✓ 1 shard: undone 0002_notes (ada)\n1 shard: nothing to do\n',
			stderr: 'They stay there until sqlake migrate brings them up again.\n',
		})
		expect((await migrate(['-s'])).stdout).toMatch(
			/0001_email +2 shards 1 pending\nheld after a rollback, until migrated up again: ada/,
		)
		{
			await using router = await openRouter(manifests[2])
			await router.sql.shard('ada')`SELECT 1`.all()
		}
		expect((await migrate(['-s'])).stdout).toContain('held')
		expect(await migrate(['--rollback', '--target', '0000_users', '--accept-data-loss'])).toMatchObject({
			code: 0,
			stdout: '✓ 2 shards: undone 0001_email (ada, bob)\n',
		})
		expect(rows('ada')).toEqual([{ id: 'ada', mail: 'ada@x.org', age: 30 }])
		expect(await migrate()).toMatchObject({ code: 0, stdout: '✓ 2 shards: applied 0001_email, 0002_notes (ada, bob)\n' })
		expect(await migrate(['-r', '-t', '0007_no'])).toMatchObject({
			code: 1,
			stderr: expect.stringContaining('found none of that name'),
		})
	})

	it('says so where there are no shards, and makes nothing', async () => {
		expect(await migrate()).toMatchObject({ code: 0, stderr: expect.stringContaining('no shards yet') })
		expect(await migrate(['-s', '--json'])).toMatchObject({ code: 0, stdout: expect.stringContaining('"databases": []') })
		expect(existsSync(db())).toBe(false)
	})

	it('leaves shards to sqlake dev while it serves them, and shows where they stand', async () => {
		await populate('ada')
		at(2)
		const claim = claimDirectory(db())
		claim.announce('http://127.0.0.1:4983')
		try {
			const refused = await migrate()
			expect(refused).toMatchObject({
				code: 1,
				stderr: expect.stringMatching(/another sqlake dev at http:.*\nhint: it applies pending/),
			})
			expect(await migrate(['-s'])).toMatchObject({ code: 0 })
			expect(await migrate(['-n'])).toMatchObject({ code: 0 })
		} finally {
			claim.release()
		}
		expect((await migrate()).code).toBe(0)
	})

	it('stops between two shards at Ctrl-C, and says what is left', async () => {
		await populate('ada', 'bob')
		at(2)
		const controller = new AbortController()
		const onStderr = (text: string) => {
			if (text.includes('Migrating')) controller.abort()
		}
		const { code, stdout } = await migrate([], { interrupt: controller.signal, tty: true, onStderr })
		expect({ code, stdout }).toEqual({ code: 130, stdout: expect.stringMatching(/2 shards left as they were: interrupted\n$/) })
		expect(rows('ada')).toMatchObject([{ mail: 'ada@x.org' }])
	})
})
