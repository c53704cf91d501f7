import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/cli/load-config.ts'
import { loadDatabase, loadSchema } from '../../src/cli/load-schema.ts'
import { CONFIG, createProject, SCHEMA } from './project.ts'

async function load(files: Readonly<Record<string, string>>, read: typeof loadSchema = loadSchema) {
	using project = createProject({ 'drizzle.config.ts': CONFIG, ...files })
	const loaded = await read(await loadConfig(project.directory))
	return { ...loaded, file: loaded.file?.slice(project.directory.length + 1) }
}

const invalid = (message: string, hint: string) =>
	expect.objectContaining({
		code: 'CONFIG_INVALID',
		message: expect.stringContaining(message),
		hint: expect.stringContaining(hint),
	})

const PLAIN = `import { sqliteTable, text } from 'drizzle-orm/sqlite-core'
export const notes = sqliteTable('notes', { id: text('id').primaryKey() })
`
const databases = (...names: string[]) =>
	`import { SQLake } from 'sqlake'\nimport { text } from 'sqlake/columns'\n${names
		.map(
			(name) => `export const ${name} = SQLake({ ${name}Rows: { id: text('id').primaryKey() }, shard: { ${name}Rows: 'id' } })`,
		)
		.join('\n')}`

describe('a schema', { timeout: 30_000 }, () => {
	it('is the exported database, with its tables', async () => {
		const { database, exportName, file, tables } = await load({ 'src/schema.ts': SCHEMA })
		expect({ exportName, file, tables: Object.keys(tables).sort() }).toEqual({
			exportName: 'db',
			file: 'src/schema.ts',
			tables: ['orders', 'users'],
		})
		expect(database?.tables.users).toBe(tables.users)
	})

	it('may be a default export', async () => {
		expect(await load({ 'src/schema.ts': `${databases('db')}\nexport default db` })).toMatchObject({
			exportName: expect.any(String),
		})
	})

	it('may be CommonJS', async () => {
		const files = {
			'src/package.json': '{ "type": "commonjs" }',
			'src/schema.ts': `const { SQLake } = require('sqlake')
const { text } = require('drizzle-orm/sqlite-core')
exports.db = SQLake({ things: { id: text('id').primaryKey() }, shard: { things: 'id' } })`,
		}
		expect(Object.keys((await load(files)).tables)).toEqual(['things'])
	})

	it('may import by the `paths` of the tsconfig.json next to it, or of one that that extends', async () => {
		const schema = SCHEMA.replace("'sqlake/columns'", "'@/columns'")
		const files = { 'src/lib/columns.ts': "export * from 'sqlake/columns'", 'src/schema.ts': schema }
		const paths = '{ "compilerOptions": { "paths": { "@/*": ["./src/lib/*"] } } }'
		for (const tsconfig of [
			{ 'tsconfig.json': `// comments are allowed\n${paths}` },
			{ 'tsconfig.json': '{ "extends": "./tsconfig.base.json" }', 'tsconfig.base.json': paths },
		])
			expect(Object.keys((await load({ ...files, ...tsconfig })).tables).sort()).toEqual(['orders', 'users'])
	})

	it('needs no tsconfig.json that can be read, but hears of it where an import is not found', async () => {
		const tsconfig = { 'tsconfig.json': '{ "extends": "./generated/tsconfig.json" }' }
		expect(Object.keys((await load({ 'src/schema.ts': SCHEMA, ...tsconfig })).tables).sort()).toEqual(['orders', 'users'])
		await expect(load({ 'src/schema.ts': "import '@/columns'", ...tsconfig })).rejects.toEqual(
			invalid("'@/columns'", 'tsconfig.json cannot be read'),
		)
	})

	it.each([
		['cloudflare:workers', 'exists in a Worker alone'],
		['@/columns', 'give "@/columns" a place in "paths" of tsconfig.json'],
		['missing-package/deep/file', /^npm install missing-package$/],
		['@missing/package/file', /^npm install @missing\/package$/],
	])('that imports %s, which is not there, says what to do', async (name, hint) => {
		await expect(load({ 'src/schema.ts': `import '${name}'` })).rejects.toMatchObject({
			code: 'CONFIG_INVALID',
			hint: typeof hint === 'string' ? expect.stringContaining(hint) : expect.stringMatching(hint),
		})
	})

	it('may have plain tables beside the database, or alone', async () => {
		expect(
			Object.keys(
				(await load({ 'sqlake.config.json': '{ "schema": "src" }', 'src/schema.ts': SCHEMA, 'src/notes.ts': PLAIN })).tables,
			).sort(),
		).toEqual(['notes', 'orders', 'users'])
		const { database, tables } = await load({ 'src/schema.ts': PLAIN })
		expect({ database, tables: Object.keys(tables) }).toEqual({ database: null, tables: ['notes'] })
		await expect(load({ 'src/schema.ts': PLAIN }, loadDatabase)).rejects.toEqual(
			invalid('found tables alone', 'SQLake({ notes, shard'),
		)
	})

	it.each(['./src/*.ts', './src', ['./src/schema.ts', './src/other.ts']])('is looked for in what %j names', async (schema) => {
		const { files, tables } = await load({
			'sqlake.config.json': JSON.stringify({ schema }),
			'src/schema.ts': SCHEMA,
			'src/other.ts': PLAIN,
		})
		expect(files).toHaveLength(2)
		expect(Object.keys(tables).sort()).toEqual(['notes', 'orders', 'users'])
	})

	it('that is exported twice, from two files, is one', async () => {
		const files = {
			'sqlake.config.json': '{ "schema": "src" }',
			'src/index.ts': `export * from './schema'`,
			'src/schema.ts': SCHEMA,
		}
		expect(Object.keys((await load(files)).tables).sort()).toEqual(['orders', 'users'])
	})

	it('is chosen by its name where there are several', async () => {
		const files = { 'src/schema.ts': databases('one', 'two') }
		await expect(load(files)).rejects.toEqual(
			invalid('found one in src/schema.ts, two in src/schema.ts', "sqlake: { export: 'one' }"),
		)
		const choose = (name: string) => load({ ...files, 'sqlake.config.json': JSON.stringify({ sqlake: { export: name } }) })
		expect(await choose('two')).toMatchObject({ exportName: 'two' })
		await expect(choose('three')).rejects.toEqual(invalid('expected an export three', 'name one of the exports'))
	})

	it('that is not there is said to be so', async () => {
		await expect(load({})).rejects.toEqual(invalid('expected src/schema.ts to name files, found none', 'paths start from'))
		await expect(load({ 'src/schema.ts': 'export const a = 1' })).rejects.toEqual(invalid('found none', 'export const db'))
		await expect(load({ 'sqlake.config.json': '{ "schema": [] }' })).rejects.toEqual(invalid('found nothing', "schema: './src"))
	})

	it('that SQLake() refuses keeps the code of the refusal', async () => {
		const text = SCHEMA.replace("orders: 'userId'", "orders: 'nobody'").replace('SQLake({', 'SQLake(<never>{')
		await expect(load({ 'src/schema.ts': text })).rejects.toMatchObject({ code: 'SCHEMA_SHARD_COLUMN_UNKNOWN' })
	})

	it('is loaded from beside the configuration, not from the working directory', async () => {
		using project = createProject({ 'packages/db/drizzle.config.ts': CONFIG, 'packages/db/src/schema.ts': SCHEMA })
		const config = await loadConfig(project.directory, 'packages/db/drizzle.config.ts')
		expect((await loadSchema(config)).files).toEqual([join(project.directory, 'packages/db/src/schema.ts')])
	})
})
