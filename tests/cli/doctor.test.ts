import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkFleet } from '../../src/cli/doctor/check-fleet.ts'
import { checkPackages } from '../../src/cli/doctor/check-packages.ts'
import { checkShards } from '../../src/cli/doctor/check-shards.ts'
import { checkWrangler } from '../../src/cli/doctor/check-wrangler.ts'
import { fits } from '../../src/cli/doctor/versions.ts'
import { readConfig } from '../../src/cli/read-config.ts'
import { SQLakeError } from '../../src/errors.ts'
import type { FleetSummary } from '../../src/fleet/fleet.ts'
import { createProject, type TestProject } from './project.ts'
import { runSQLake } from './run-sqlake.ts'

interface Finding {
	readonly area: string
	readonly status: string
	readonly message: string
	readonly hint: string | null
}

const run = async (project: TestProject, ...args: string[]) => {
	const { code, stdout } = await runSQLake(args, { cwd: project.directory })
	return { code, ...JSON.parse(stdout || '{}') } as { code: number; summary: Record<string, number>; checks: Finding[] }
}
const doctor = (project: TestProject) => run(project, 'doctor', '--json')
const problems = (checks: readonly Finding[]) =>
	checks
		.filter(({ area, status }) => area !== 'packages' && status !== 'ok')
		.map(({ status, message }) => `${status}: ${message}`)

describe('doctor', { timeout: 30_000 }, () => {
	let project: TestProject

	beforeAll(async () => {
		project = createProject({})
		await runSQLake(['init'], { cwd: project.directory })
		await runSQLake(['generate'], { cwd: project.directory })
		const insert = `INSERT INTO users (id, email) VALUES ('ada', 'ada@example.com')`
		expect(await runSQLake(['query', insert], { cwd: project.directory })).toMatchObject({ code: 0 })
		await runSQLake(['query', '-a', '--flush', 'SELECT 1'], { cwd: project.directory })
	}, 60_000)
	afterAll(() => project[Symbol.dispose]())

	it('finds nothing wrong in what init and generate wrote', async () => {
		const { code, checks } = await doctor(project)
		expect(problems(checks)).toEqual([])
		expect(code).toBe(0)
		expect(new Set(checks.map(({ area }) => area))).toEqual(new Set(['packages', 'schema', 'wrangler', 'lake', 'shards']))
	})

	it('tells a person with marks and hints', async () => {
		const { stdout } = await runSQLake(['doctor'], { cwd: project.directory })
		expect(stdout).toContain('✓ db in src/schema.ts: users, orders')
		expect(stdout).toMatch(/\d+ in order, \d+ to look at, 0 wrong\n$/)
	})

	it('says that there is no project, and how to begin', async () => {
		using empty = createProject({})
		const { code, checks } = await doctor(empty)
		expect(code).toBe(1)
		expect(problems(checks)).toEqual([
			expect.stringContaining('expected a configuration, found none'),
			'warn: there is no wrangler configuration',
		])
	})

	it('finds a schema without its migration, and an edited migration', async () => {
		const file = join(project.directory, 'src/schema.ts')
		const schema = readFileSync(file, 'utf8')
		writeFileSync(file, schema.replace("plan: text('plan')", "city: text('city'), plan: text('plan')"))
		expect(problems((await doctor(project)).checks)).toEqual([
			'fail: the schema has changed since the last migration: add column "users"."city"',
		])
		writeFileSync(file, schema)
		const migration = join(project.directory, 'drizzle/0000_init.sql')
		const sql = readFileSync(migration, 'utf8')
		appendFileSync(migration, '\nSELECT 1;')
		expect(problems((await doctor(project)).checks)).toEqual([expect.stringMatching(/^fail: .*0000_init/)])
		writeFileSync(migration, sql)
		expect((await doctor(project)).code).toBe(0)
	})

	it('finds files that are missing in the lake', async () => {
		using copy = createProject({})
		await runSQLake(['init'], { cwd: copy.directory })
		await runSQLake(['generate'], { cwd: copy.directory })
		await runSQLake(['query', `INSERT INTO users (id, email) VALUES ('ada', 'x')`], { cwd: copy.directory })
		await runSQLake(['query', '-a', '--flush', 'SELECT 1'], { cwd: copy.directory })
		rmSync(join(copy.directory, '.sqlake/data/data'), { recursive: true })
		expect(problems((await doctor(copy)).checks)).toEqual([
			expect.stringContaining('fail: users_changes: 1 of 1 files are missing'),
		])
	})
})

describe('doctor, of packages', { timeout: 30_000 }, () => {
	it('compares versions as npm does', () => {
		expect(fits('0.45.9', '^0.45.4')).toBe(true)
		expect(fits('0.46.0', '^0.45.4')).toBe(false)
		expect(fits('0.45.3', '^0.45.4')).toBe(false)
		expect(fits('1.9.0', '^1.5.5-r.5')).toBe(true)
		expect(fits('2.0.0', '^1.5.5')).toBe(false)
		expect(fits('24.1.0', '>=22.12')).toBe(true)
		expect(fits('22.9.0', '>=22.12')).toBe(false)
		expect(fits('1.0.0', '*')).toBe(true)
	})

	it('finds an old Node, a missing package and one that does not fit', () => {
		using project = createProject({})
		rmSync(join(project.directory, 'node_modules/drizzle-kit'))
		rmSync(join(project.directory, 'node_modules/drizzle-orm'))
		project.write('node_modules/drizzle-orm/package.json', '{ "version": "0.30.0" }')
		const found = checkPackages(project.directory, '22.13.0').map(({ status, message }) => `${status}: ${message}`)
		expect(found).toEqual(
			expect.arrayContaining([
				'warn: Node 22.13.0: local shards need 22.16',
				expect.stringMatching(/^fail: drizzle-orm 0\.30\.0: expected \^/),
				expect.stringMatching(/^warn: drizzle-kit is not installed/),
			]),
		)
		expect(checkPackages(project.directory, '20.1.0')[0]).toMatchObject({ status: 'fail' })
	})
})

describe('doctor, of the wrangler configuration', { timeout: 30_000 }, () => {
	const good = {
		compatibility_date: '2026-10-01',
		compatibility_flags: ['nodejs_compat'],
		durable_objects: { bindings: [{ name: 'USER_DO', class_name: 'UserDO' }] },
		migrations: [{ tag: 'v1', new_sqlite_classes: ['UserDO'] }],
		r2_buckets: [{ binding: 'LAKE', bucket_name: 'lake' }],
	}
	const found = (config: object) => {
		using project = createProject({ 'wrangler.jsonc': JSON.stringify(config) })
		return checkWrangler(project.directory, { bucket: 'LAKE' })
			.filter(({ status }) => status !== 'ok')
			.map(({ status, message }) => `${status}: ${message}`)
	}

	it.each([
		[good, []],
		[{ ...good, compatibility_date: undefined }, ['fail: wrangler.jsonc: expected a compatibility date, found none']],
		[{ ...good, compatibility_date: '2025-01-01' }, ['warn: wrangler.jsonc: compatibility date 2025-01-01 is before 2026-08-01']],
		[{ ...good, compatibility_flags: [] }, ['warn: wrangler.jsonc: the flag nodejs_compat is not set']],
		[{ ...good, r2_buckets: [] }, ['fail: wrangler.jsonc: expected an R2 bucket bound as LAKE, found none']],
		[{ ...good, migrations: [] }, ['fail: wrangler.jsonc: class UserDO is in no migration']],
		[
			{ ...good, migrations: [{ tag: 'v1', new_classes: ['UserDO'] }] },
			['fail: wrangler.jsonc: class UserDO has no SQLite: it is in new_classes'],
		],
		[
			{ ...good, durable_objects: {} },
			['fail: wrangler.jsonc: expected a binding of the class that extends SQLakeDO, found none'],
		],
		[
			{
				...good,
				durable_objects: { bindings: [...good.durable_objects.bindings, { name: 'OTHER', class_name: 'X', script_name: 'y' }] },
			},
			['warn: several Durable Objects are bound: USER_DO, OTHER'],
		],
	])('case %#', (config, expected) => {
		expect(found(config)).toEqual(expected)
	})

	it('finds a class that the main module does not export', () => {
		using project = createProject({ 'wrangler.jsonc': JSON.stringify({ ...good, main: 'w.ts' }), 'w.ts': 'export default {}' })
		expect(checkWrangler(project.directory, null)).toContainEqual(
			expect.objectContaining({ status: 'warn', message: 'the main module does not mention UserDO' }),
		)
	})
})

describe('doctor, of shards', { timeout: 30_000 }, () => {
	it('finds what is stuck', () => {
		using project = createProject({ 'db/ada.sqlite': '', 'db/broken.sqlite': 'no database'.repeat(100) })
		const database = new DatabaseSync(join(project.directory, 'db/ada.sqlite'))
		database.exec(`
			CREATE TABLE _sqlake_object (key, value); INSERT INTO _sqlake_object VALUES ('shard', 'ada');
			CREATE TABLE _cdc_buffer (seq INTEGER PRIMARY KEY, ts, tag); INSERT INTO _cdc_buffer VALUES (1, 1000, 9), (2, 1001, 9);
			CREATE TABLE _sqlake_dead_letters (seq, reason, retries, at, retried_as); INSERT INTO _sqlake_dead_letters VALUES (1, 'x', 0, 0, NULL);
			CREATE TABLE _sqlake_migrator (key, value);
			INSERT INTO _sqlake_migrator VALUES ('state', '{"failure":{"tag":"0001_b","message":"no such column: c"},"held":true}');`)
		database.close()
		const config = readConfig({ sqlake: { db: 'db' } }, [], project.directory)
		const found = checkShards(config, null, 10_000_000).map(({ status, message }) => `${status}: ${message}`)
		expect(found).toEqual([
			expect.stringMatching(/^fail: .*broken\.sqlite cannot be read/),
			'fail: shard ada: migration 0001_b does not apply: no such column: c',
			'warn: 2 changes waiting for the lake for more than an hour: ada',
			'warn: 1 change set aside, because they could not be delivered: ada',
			'warn: 1 shard rolled back, to stay there: ada',
		])
	})
})

describe('doctor, of a fleet', { timeout: 30_000 }, () => {
	const summary: FleetSummary = {
		shards: 10,
		versions: [{ version: '0001_b', shards: 10 }],
		states: { current: 10, pending: 0, failed: 0, held: 0, ahead: 0, invalid: 0 },
		failures: [],
		released: null,
		rollout: null,
	}
	const found = async (answer: () => Promise<FleetSummary>) =>
		(await checkFleet({ summary: answer }, null)).map(({ status, message }) => `${status}: ${message}`)

	it('tells how its shards are', async () => {
		expect(await found(async () => summary)).toEqual(['ok: 10 shards, all current'])
		const failures = [{ message: 'no such table', shards: 2, example: 'ada' }]
		expect(await found(async () => ({ ...summary, failures, states: { ...summary.states, held: 3 } }))).toEqual([
			'fail: 2 shards: no such table (such as ada)',
			'warn: 3 of 10 shards are held',
		])
	})

	it('says why it cannot be asked', async () => {
		const refused = async () => {
			throw new SQLakeError('ADMIN_REFUSED', 'the token is wrong')
		}
		expect(await found(refused)).toEqual(['fail: the token is wrong'])
	})
})
