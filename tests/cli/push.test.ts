import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { emptyPointer, encodeLakePointer, POINTER_KEY } from '../../src/lake/catalog/lake-pointer.ts'
import { R2PointerCatalog } from '../../src/lake/catalog/r2-pointer-catalog.ts'
import { S3ObjectStore } from '../../src/lake/storage/s3.ts'
import { fetchMigrationManifest, MANIFEST_KEY } from '../../src/migrator/fetch-migration-manifest.ts'
import { type S3Server, startS3Server } from '../support/s3-server.ts'
import { history, manifestsOf, schemaSources } from './manifests.ts'
import { CONFIG, createProject, type TestProject } from './project.ts'
import { runSQLake } from './run-sqlake.ts'

const manifests = manifestsOf(history)
const LOCATION = 's3://sqlake'
const WRANGLER = {
	name: 'app',
	main: './worker.ts',
	compatibility_date: '2026-10-01',
	durable_objects: { bindings: [{ name: 'USER_DO', class_name: 'UserDO' }] },
	migrations: [{ tag: 'v1', new_sqlite_classes: ['UserDO'] }],
	r2_buckets: [{ binding: 'SQLAKE_BUCKET', bucket_name: 'my-bucket' }],
}

let server: S3Server
let project: TestProject
let env: Record<string, string>
beforeEach(async () => {
	server = await startS3Server()
	project = createProject({ 'drizzle.config.ts': CONFIG, 'wrangler.jsonc': `// ours\n${JSON.stringify(WRANGLER)}` })
	env = {
		SQLAKE_S3_ENDPOINT: server.endpoint,
		AWS_ACCESS_KEY_ID: server.credentials.accessKeyId,
		AWS_SECRET_ACCESS_KEY: server.credentials.secretAccessKey,
	}
	at(0)
})
afterEach(async () => {
	project[Symbol.dispose]()
	await server[Symbol.asyncDispose]()
})

/** Brings the project to a step of its history. */
function at(step: number): void {
	project.write('.sqlake/manifest.json', JSON.stringify(manifests[step]))
	project.write('src/schema.ts', schemaSources[step] ?? '')
}
const store = () => new S3ObjectStore(server)
const catalog = () => new R2PointerCatalog({ store: store(), location: LOCATION })
const push = (...args: readonly string[]) => runSQLake(['push', ...args], { cwd: project.directory, env })
const columns = async (table: string) => {
	const { metadata } = (await catalog().load()).tables.get(table) ?? {}
	const schema = metadata?.schemas.find((each) => each['schema-id'] === metadata['current-schema-id'])
	return schema?.fields.filter(({ id }) => id > 100 && id < 1000).map(({ id, name, type }) => `${id} ${name} ${type}`)
}

describe('sqlake push --remote', () => {
	it('puts the manifest and creates the tables, and finds nothing to do the next time', async () => {
		const first = await push('--remote')
		expect(first).toMatchObject({ code: 0 })
		expect(first.stdout).toBe(
			[
				'metadata/migrations.json: created, version 1',
				'users_changes: created',
				'  + id string (field 101)',
				'  + mail string (field 102)',
				'  + age long (field 103)',
				'',
			].join('\n'),
		)
		expect(await fetchMigrationManifest(store())).toEqual(manifests[0])
		expect(await columns('users_changes')).toEqual(['101 id string', '102 mail string', '103 age long'])
		const objects = await store().list({ prefix: '' })
		const again = await push('--remote')
		expect(again).toMatchObject({ code: 0, stdout: expect.stringMatching(/unchanged.*unchanged.*Nothing to do\.\n$/s) })
		expect(await store().list({ prefix: '' })).toEqual(objects)
	})

	it('lets tables follow the schema by field id', async () => {
		await push('--remote')
		at(2)
		const { code, stdout } = await push('--remote')
		expect({ code, stdout }).toEqual({
			code: 0,
			stdout: [
				'metadata/migrations.json: updated, version 1 → 3',
				'users_changes: version 1 → 2',
				'  ~ mail → email (field 102)',
				'  + note string (field 104)',
				'notes_changes: created',
				'  + id string (field 101)',
				'  + body string (field 102)',
				'',
			].join('\n'),
		})
		expect(await columns('users_changes')).toEqual(['101 id string', '102 email string', '103 age long', '104 note string'])
	})

	it('prints the plan and touches nothing with --dry-run', async () => {
		await push('--remote')
		at(2)
		const before = await store().list({ prefix: '' })
		server.requests.length = 0
		const { code, stdout } = await push('--remote', '--dry-run', '--json')
		expect(code).toBe(0)
		expect(JSON.parse(stdout)).toMatchObject({
			target: { kind: 'remote', bucket: 'my-bucket', place: server.endpoint },
			dryRun: true,
			nothingToDo: false,
			manifest: { status: 'updated', fromVersion: 1, toVersion: 3 },
			lake: {
				left: null,
				tables: [
					{
						table: 'users_changes',
						status: 'evolved',
						changes: [
							{ op: 'renameColumn', name: 'mail', to: 'email', fieldId: 102 },
							{ op: 'addColumn', name: 'note', fieldId: 104 },
						],
					},
					{ table: 'notes_changes', status: 'created' },
				],
			},
		})
		expect(server.requests.filter(({ method }) => method !== 'GET' && method !== 'HEAD')).toEqual([])
		expect(await store().list({ prefix: '' })).toEqual(before)
	})

	it('refuses to put an earlier manifest over a later one, but by force', async () => {
		at(2)
		await push('--remote')
		at(1)
		const refused = await push('--remote')
		expect(refused).toMatchObject({ code: 1, stdout: '' })
		expect(refused.stderr).toContain('expected at most version 2 with 2 migrations, found version 3 with 3 migrations')
		expect(await fetchMigrationManifest(store())).toEqual(manifests[2])
		const forced = await push('--remote', '--force')
		expect(forced.code).toBe(0)
		expect(forced.stderr).toContain('warning: --force: manifest in the bucket: expected at most version 2')
		expect(await fetchMigrationManifest(store())).toEqual(manifests[1])
	})

	it('takes the lake back to the schema of an earlier manifest by force', async () => {
		at(2)
		await push('--remote')
		at(0)
		const { code, stdout } = await push('--remote', '--force')
		expect({ code, stdout }).toEqual({
			code: 0,
			stdout: expect.stringContaining('  - note (field 104); its history stays\n  ~ email → mail (field 102)\n'),
		})
		expect(await columns('users_changes')).toEqual(['101 id string', '102 mail string', '103 age long'])
		at(2)
		expect((await push('--remote')).code).toBe(0)
		expect(await columns('users_changes')).toEqual(['101 id string', '102 email string', '103 age long', '104 note string'])
	})

	it('takes the bucket of the environment that --env names', async () => {
		const other = { ...WRANGLER, env: { staging: { r2_buckets: [{ binding: 'SQLAKE_BUCKET', bucket_name: 'staging-bucket' }] } } }
		project.write('wrangler.jsonc', JSON.stringify(other))
		const missing = await push('--remote', '--env', 'staging')
		expect(missing).toMatchObject({
			code: 1,
			stderr: expect.stringMatching(/staging-bucket.*NoSuchBucket.*\nhint: create the bucket/s),
		})
		expect(await push('--remote', '--env', 'production')).toMatchObject({
			code: 1,
			stderr: expect.stringContaining('expected an environment production, found none\nhint: it has staging'),
		})
		expect((await push('--remote', '--env', 'staging', '--bucket', 'my-bucket')).code).toBe(0)
	})

	it.each([
		['another migration', (tag: string) => `${tag}_other`, /expected "0001_email" as migration 1, found "0001_email_other"/],
		['an edited migration', (tag: string) => tag, /"0001_email": expected the SQL as it was recorded/],
	])('refuses a manifest with another history: %s', async (_, rename, message) => {
		const [first, second] = history
		const other = {
			...second,
			tag: rename(second?.tag ?? ''),
			sql: `${second?.sql}\n-- x;\nSELECT 1;`,
		} as (typeof history)[number]
		await store().put(MANIFEST_KEY, new TextEncoder().encode(JSON.stringify(manifestsOf([first as typeof other, other])[1])))
		at(2)
		const refused = await push('--remote', '--json')
		expect(refused.code).toBe(1)
		const { error } = JSON.parse(refused.stdout)
		expect(error).toMatchObject({
			code: expect.stringMatching(/^MIGRATION_(ORDER|CHECKSUM)$/),
			message: expect.stringMatching(message),
		})
		expect((await catalog().load()).tables.size).toBe(0)
	})

	it('tells of another push that came first', async () => {
		let raced = false
		server.fault = ({ method, key }) => {
			if (method !== 'PUT' || key !== MANIFEST_KEY || raced) return undefined
			raced = true
			return { status: 412, code: 'PreconditionFailed' }
		}
		const { code, stderr } = await push('--remote')
		expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/another push replaced it\nhint: push again/) })
		expect((await push('--remote')).code).toBe(0)
	})

	it('leaves a lake alone that a catalog object keeps, and says why', async () => {
		const pointer = { ...emptyPointer(LOCATION), owner: { kind: 'durable-object', id: 'x' } as const, nonce: 'n' }
		await store().put(POINTER_KEY, encodeLakePointer(pointer))
		const { code, stdout } = await push('--remote')
		expect(code).toBe(0)
		expect(stdout).toContain('its catalog is a Durable Object')
		expect(await fetchMigrationManifest(store())).toEqual(manifests[0])
		expect((await store().list({ prefix: 'metadata/' })).objects.map(({ key }) => key)).toEqual([POINTER_KEY, MANIFEST_KEY])
	})

	it('begins no lake where a catalog object may be going to keep it', async () => {
		const bindings = [...WRANGLER.durable_objects.bindings, { name: 'SQLAKE_CATALOG', class_name: 'SQLakeCatalog' }]
		project.write('wrangler.jsonc', JSON.stringify({ ...WRANGLER, durable_objects: { bindings } }))
		expect((await push('--remote')).stdout).toContain('nothing was delivered to this bucket yet')
		expect(await store().head(POINTER_KEY)).toBeNull()
	})

	it('says what it misses', async () => {
		const message = async (args: readonly string[] = ['--remote']) => {
			const { code, stderr } = await push(...args)
			return `${code} ${stderr}`
		}
		delete env.AWS_SECRET_ACCESS_KEY
		expect(await message()).toMatch(/^1 .*variable AWS_SECRET_ACCESS_KEY.*\nhint: create an R2 API token/)
		delete env.SQLAKE_S3_ENDPOINT
		expect(await message()).toMatch(/^1 .*account.*\nhint: set CLOUDFLARE_ACCOUNT_ID/)
		rmSync(join(project.directory, 'wrangler.jsonc'))
		expect(await message()).toMatch(/^1 .*name of the bucket.*no wrangler configuration\nhint: name it: --bucket/)
		rmSync(join(project.directory, '.sqlake/manifest.json'))
		expect(await message()).toMatch(/^1 .*manifest.*found none\nhint: write it: sqlake generate/)
		expect(await message(['--bucket', 'b'])).toMatch(/^2 .*--bucket names one for --remote/)
		expect(await message(['--local', '--remote'])).toMatch(/^2 /)
	})

	it('shows no key, also where the service refuses it', async () => {
		env.AWS_SECRET_ACCESS_KEY = 'wrong-secret-key'
		for (const args of [['--remote'], ['--remote', '--verbose'], ['--remote', '--json', '--verbose']]) {
			const { code, stdout, stderr } = await push(...args)
			expect(code).toBe(1)
			expect(stdout + stderr).toContain('SignatureDoesNotMatch')
			expect(stdout + stderr).not.toMatch(/wrong-secret-key|AKIDTEST/)
		}
	})
})

describe('sqlake push --local', () => {
	it("puts the manifest and the tables where wrangler's own runtime finds them", async () => {
		const done = await push()
		expect(done.stderr).toContain('Neither --local nor --remote: the bucket of wrangler dev, on this machine')
		expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining('users_changes: created') })
		// Another process, as \`wrangler dev\` would be.
		project.write(
			'read.mjs',
			`
			import { getPlatformProxy } from 'wrangler'
			const { env, dispose } = await getPlatformProxy({ remoteBindings: false })
			const { objects } = await env.SQLAKE_BUCKET.list()
			const manifest = await (await env.SQLAKE_BUCKET.get('${MANIFEST_KEY}')).json()
			console.log(JSON.stringify({ keys: objects.map(({ key }) => key), version: manifest.version }))
			await dispose()`,
		)
		const printed = execFileSync(process.execPath, ['read.mjs'], {
			stdio: 'pipe',
			cwd: project.directory,
			env: { ...process.env, CLOUDFLARE_CF_FETCH_ENABLED: 'false', WRANGLER_LOG: 'none', WRANGLER_SEND_METRICS: 'false' },
			encoding: 'utf8',
		})
		expect(JSON.parse(printed)).toMatchObject({ keys: expect.arrayContaining([POINTER_KEY, MANIFEST_KEY]), version: 1 })
		at(1)
		expect((await push('--local', '--dry-run')).stdout).toContain('~ mail → email (field 102)')
		expect((await push('--local')).stdout).toContain('updated, version 1 → 2')
		expect((await push('--local')).stdout).toContain('Nothing to do.')
	}, 60_000)

	it('reads a configuration in TOML as wrangler does', async () => {
		rmSync(join(project.directory, 'wrangler.jsonc'))
		project.write(
			'wrangler.toml',
			'name = "app"\ncompatibility_date = "2026-10-01"\n[[r2_buckets]]\nbinding = "SQLAKE_BUCKET"\nbucket_name = "my-bucket"\n',
		)
		// Whether it binds a catalog object is not read from TOML.
		expect(await push('--local')).toMatchObject({
			code: 0,
			stdout: expect.stringMatching(/created, version 1\nlake: left alone: nothing/),
		})
		expect((await push('--remote')).stderr).toContain('wrangler.toml binds none as SQLAKE_BUCKET')
	}, 30_000)

	it('says that the bucket is not bound, and that wrangler is missing', async () => {
		project.write('wrangler.jsonc', JSON.stringify({ ...WRANGLER, r2_buckets: [] }))
		expect(await push('--local')).toMatchObject({
			code: 1,
			stderr: expect.stringContaining('bound as SQLAKE_BUCKET, found none'),
		})
		rmSync(join(project.directory, 'node_modules/wrangler'))
		expect(await push('--local')).toMatchObject({
			code: 1,
			stderr: expect.stringMatching(/hint: npm install --save-dev wrangler/),
		})
		rmSync(join(project.directory, 'wrangler.jsonc'))
		expect(await push('--local')).toMatchObject({ code: 1, stderr: expect.stringContaining('expected a wrangler configuration') })
	})
})
