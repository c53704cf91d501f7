import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runInteractively } from './interactive.ts'
import { createProject, SCHEMA, type TestProject } from './project.ts'
import { runSQLake } from './run-sqlake.ts'

const init = async (project: TestProject, ...args: string[]) => {
	const { code, stdout, stderr } = await runSQLake(['init', '--json', ...args], { cwd: project.directory })
	return { code, stderr, ...JSON.parse(stdout) }
}
const read = (project: TestProject, file: string) => readFileSync(join(project.directory, file), 'utf8')

describe('init in a new directory', { timeout: 30_000 }, () => {
	it('writes a project', async () => {
		using project = createProject({})
		const { written, files, next } = await init(project, 'my-app')
		expect(written).toBe(true)
		expect(files).toEqual(
			[
				'package.json',
				'tsconfig.json',
				'drizzle.config.ts',
				'src/schema.ts',
				'src/user-do.ts',
				'src/worker.ts',
				'wrangler.jsonc',
				'.gitignore',
			].map((path) => ({ path, action: 'create' })),
		)
		expect(next).toEqual(['npm install', 'npx sqlake generate', 'npx sqlake dev'])
		expect(JSON.parse(read(project, 'my-app/wrangler.jsonc'))).toMatchObject({
			name: 'my-app',
			durable_objects: {
				bindings: [
					{ name: 'USER_DO', class_name: 'UserDO' },
					{ name: 'SQLAKE_CATALOG', class_name: 'SQLakeCatalog' },
				],
			},
			migrations: [{ tag: 'v1', new_sqlite_classes: ['UserDO', 'SQLakeCatalog'] }],
			r2_buckets: [{ binding: 'SQLAKE_BUCKET', bucket_name: 'my-app-lake' }],
		})
		expect(read(project, 'my-app/src/worker.ts')).toContain("export { SQLakeCatalog } from 'sqlake/do'")
		expect(JSON.parse(read(project, 'my-app/package.json')).dependencies).toMatchObject({ sqlake: expect.any(String) })
	})

	it('names the class, its binding and its module as asked, and leaves the catalog out', async () => {
		using project = createProject({})
		await init(project, 'app', '--class', 'TenantHomeDO', '--no-catalog')
		expect(JSON.parse(read(project, 'app/wrangler.jsonc'))).toMatchObject({
			durable_objects: { bindings: [{ name: 'TENANT_HOME_DO', class_name: 'TenantHomeDO' }] },
			migrations: [{ new_sqlite_classes: ['TenantHomeDO'] }],
		})
		expect(read(project, 'app/src/worker.ts')).not.toContain('SQLakeCatalog')
		expect(read(project, 'app/src/tenant-home-do.ts')).toContain('class TenantHomeDO extends SQLakeDO<Env>')
		expect(await runSQLake(['init', '--class', 'no-class'], { cwd: project.directory })).toMatchObject({ code: 2 })
	})

	it('asks in a terminal before it writes, and takes no for an answer', async () => {
		using project = createProject({})
		const answer = (keys: string) =>
			runInteractively(['init', 'app'], { cwd: project.directory, answers: [{ seen: 'Write this?', keys }] })
		expect(await answer('n')).toMatchObject({ code: 0, stderr: expect.stringContaining('nothing was written') })
		expect(existsSync(join(project.directory, 'app'))).toBe(false)
		expect(await answer('y')).toMatchObject({ code: 0, stderr: expect.stringContaining('npx sqlake generate') })
		expect(existsSync(join(project.directory, 'app/src/schema.ts'))).toBe(true)
	})

	it('writes nothing with --dry-run', async () => {
		using project = createProject({})
		const { code, stdout } = await runSQLake(['init', 'app', '--dry-run'], { cwd: project.directory })
		expect({ code, lines: stdout.split('\n')[0] }).toEqual({ code: 0, lines: '+ package.json' })
		expect(existsSync(join(project.directory, 'app'))).toBe(false)
	})
})

describe('init in a project', { timeout: 30_000 }, () => {
	const wrangler = `{
  // the name of the Worker
  "name": "shop",
  "main": "src/index.ts",
  "durable_objects": {
    "bindings": [{ "name": "ROOM", "class_name": "Room" }] // chat
  },
  "migrations": [{ "tag": "v1", "new_classes": ["Room"] }]
}
`

	it('adds to what is there, and keeps comments, indentation and everything else', async () => {
		using project = createProject({
			'package.json':
				'{\n  "name": "shop",\n  "scripts": { "dev": "wrangler dev" },\n  "dependencies": { "drizzle-orm": "0.45.4" }\n}\n',
			'wrangler.jsonc': wrangler,
			'src/index.ts': 'export class Room {}\nexport default {}\n',
			'.gitignore': 'node_modules\n',
			'tsconfig.json': '{}',
		})
		const { files, notes } = await init(project)
		expect(notes).toEqual([])
		expect(Object.fromEntries(files.map(({ path, action }: { path: string; action: string }) => [path, action]))).toEqual({
			'package.json': 'change',
			'tsconfig.json': 'keep',
			'drizzle.config.ts': 'create',
			'src/schema.ts': 'create',
			'src/user-do.ts': 'create',
			'src/index.ts': 'change',
			'wrangler.jsonc': 'change',
			'.gitignore': 'change',
		})
		expect(read(project, 'src/index.ts')).toBe(
			"export class Room {}\nexport default {}\n\nexport { UserDO } from './user-do'\nexport { SQLakeCatalog } from 'sqlake/do'\n",
		)
		const edited = read(project, 'wrangler.jsonc')
		expect(edited).toContain('// the name of the Worker')
		expect(edited).toContain('// chat')
		expect(JSON.parse(edited.replaceAll(/\/\/ .*/g, ''))).toEqual({
			name: 'shop',
			main: 'src/index.ts',
			durable_objects: {
				bindings: [
					{ name: 'ROOM', class_name: 'Room' },
					{ name: 'USER_DO', class_name: 'UserDO' },
					{ name: 'SQLAKE_CATALOG', class_name: 'SQLakeCatalog' },
				],
			},
			migrations: [
				{ tag: 'v1', new_classes: ['Room'] },
				{ tag: 'v2', new_sqlite_classes: ['UserDO'] },
				{ tag: 'v3', new_sqlite_classes: ['SQLakeCatalog'] },
			],
			compatibility_date: expect.any(String),
			compatibility_flags: ['nodejs_compat'],
			r2_buckets: [{ binding: 'SQLAKE_BUCKET', bucket_name: 'shop-lake' }],
		})
		const manifest = JSON.parse(read(project, 'package.json'))
		expect(manifest.scripts).toMatchObject({ dev: 'wrangler dev', 'sqlake:dev': 'sqlake dev' })
		expect(manifest.dependencies['drizzle-orm']).toBe('0.45.4')
		expect(read(project, '.gitignore')).toMatch(/^node_modules\n\n#.*\n\.sqlake\/\*\n/)
	})

	it('binds no catalog to a lake that may have been written without one, unless asked', async () => {
		using project = createProject({})
		await init(project, '--no-catalog')
		expect((await init(project)).written).toBe(false)
		await init(project, '--catalog')
		expect(read(project, 'wrangler.jsonc')).toContain('"SQLAKE_CATALOG"')
		expect(read(project, 'src/worker.ts')).toMatch(/\nexport \{ SQLakeCatalog \} from 'sqlake\/do'\n$/)
	})

	it('changes nothing the second time', async () => {
		using project = createProject({})
		await init(project)
		const list = () => [...readdirSync(project.directory), ...readdirSync(join(project.directory, 'src'))]
		const first = list()
		const { written, files } = await init(project)
		expect(written).toBe(false)
		expect(files.every(({ action }: { action: string }) => action === 'keep')).toBe(true)
		expect(list()).toEqual(first)
	})

	it('takes up a schema that is there, with its bucket', async () => {
		using project = createProject({
			'drizzle.config.json': '{ "dialect": "sqlite", "schema": "./db/tables.ts" }',
			'db/tables.ts': SCHEMA.replace('const db', 'const shop')
				.replace('db.tables', 'shop.tables')
				.replace('shard:', "r2Bucket: 'LAKE', shard:"),
		})
		await init(project)
		expect(read(project, 'db/user-do.ts')).toContain("import { shop } from './tables'")
		expect(read(project, 'db/user-do.ts')).toContain('LAKE: R2Bucket')
		expect(read(project, 'wrangler.jsonc')).toContain('"binding": "LAKE"')
	})

	it('says what to do with tables that are in no database yet, and with a wrangler.toml', async () => {
		using project = createProject({
			'drizzle.config.json': '{ "dialect": "sqlite", "schema": "./src/schema.ts" }',
			'src/schema.ts': `import { sqliteTable, text } from 'drizzle-orm/sqlite-core'\nexport const notes = sqliteTable('notes', { id: text().primaryKey() })`,
			'wrangler.toml': 'name = "shop"\n',
		})
		const { notes, files } = await init(project)
		expect(notes).toEqual([
			expect.stringContaining('SQLake({ notes, shard: { ... } })'),
			expect.stringContaining("export { UserDO } from './user-do'"),
			expect.stringContaining('[[r2_buckets]]'),
		])
		expect(files).toContainEqual({ path: 'wrangler.toml', action: 'keep' })
		expect(read(project, 'wrangler.toml')).toBe('name = "shop"\n')
	})

	it('replaces its own module with --force alone', async () => {
		using project = createProject({})
		await init(project)
		project.write('src/user-do.ts', 'mine')
		await init(project)
		expect(read(project, 'src/user-do.ts')).toBe('mine')
		await init(project, '--force')
		expect(read(project, 'src/user-do.ts')).toContain('class UserDO')
	})

	it('says what it cannot read', async () => {
		using project = createProject({ 'wrangler.jsonc': '{ "name": }' })
		expect(await runSQLake(['init'], { cwd: project.directory })).toMatchObject({
			code: 1,
			stderr: expect.stringContaining('wrangler.jsonc: expected a JSON object'),
		})
	})
})
