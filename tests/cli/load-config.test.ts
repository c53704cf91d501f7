import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/cli/load-config.ts'
import { CONFIG, createProject } from './project.ts'

const invalid = (message: string, hint?: string) =>
	expect.objectContaining({
		code: 'CONFIG_INVALID',
		message: expect.stringContaining(message),
		...(hint === undefined ? {} : { hint: expect.stringContaining(hint) }),
	})

describe('a configuration', { timeout: 30_000 }, () => {
	it('has defaults where no file is', async () => {
		using project = createProject({})
		expect(await loadConfig(project.directory)).toMatchObject({
			root: project.directory,
			files: [],
			schema: [],
			out: join(project.directory, 'drizzle'),
			db: join(project.directory, '.sqlake/local.db'),
			lake: join(project.directory, '.sqlake/data'),
			renames: {},
		})
	})

	it.each([
		['drizzle.config.ts', CONFIG],
		['drizzle.config.js', `export default { schema: './src/schema.ts' }`],
		['drizzle.config.mjs', `export default { schema: ['./src/schema.ts'] }`],
		['drizzle.config.cjs', `module.exports = { schema: './src/schema.ts' }`],
		['drizzle.config.json', `{ "schema": "./src/schema.ts" }`],
		['sqlake.config.ts', `const config: { schema: string } = { schema: './src/schema.ts' }\nexport default config`],
	])('may be %s', async (file, text) => {
		using project = createProject({ [file]: text })
		expect(await loadConfig(project.directory)).toMatchObject({
			files: [join(project.directory, file)],
			schema: [join(project.directory, 'src/schema.ts')],
		})
	})

	it('takes keys of sqlake.config over those of drizzle.config', async () => {
		using project = createProject({
			'drizzle.config.ts': CONFIG,
			'sqlake.config.json': '{ "out": "migrations", "sqlake": { "db": "x" } }',
		})
		expect(await loadConfig(project.directory)).toMatchObject({
			schema: [join(project.directory, 'src/schema.ts')],
			out: join(project.directory, 'migrations'),
			db: join(project.directory, 'x'),
		})
	})

	it('is the file that is named, and paths in it start from there', async () => {
		using project = createProject({ 'drizzle.config.ts': CONFIG, 'packages/db/my.config.json': '{ "schema": "schema.ts" }' })
		expect(await loadConfig(project.directory, 'packages/db/my.config.json')).toMatchObject({
			root: join(project.directory, 'packages/db'),
			schema: [join(project.directory, 'packages/db/schema.ts')],
		})
		await expect(loadConfig(project.directory, 'none.ts')).rejects.toEqual(invalid('expected a file, found none'))
	})

	it('is read again after it was edited', async () => {
		using project = createProject({ 'sqlake.config.ts': `export default { out: 'a' }` })
		expect((await loadConfig(project.directory)).out).toBe(join(project.directory, 'a'))
		project.write('sqlake.config.ts', `export default { out: 'b' }`)
		expect((await loadConfig(project.directory)).out).toBe(join(project.directory, 'b'))
	})

	it.each([
		[`export default { dialect: 'postgresql' }`, `"dialect" to be 'sqlite', found "postgresql"`],
		['export default { schema: 5 }', '"schema" to be a path, a glob, or an array of them, found 5'],
		['export default { sqlake: true }', '"sqlake" to be an object, found true'],
		[`export default { sqlake: { renames: { 'users.a': 1 } } }`, '"sqlake.renames.users.a" to be text, found 1'],
		[`export default { sqlake: { fleet: 'example.com' } }`, '"sqlake.fleet" to be an http or https address, found "example.com"'],
		['export default 5', 'an object as its default export, found number'],
		['export const config = {}', 'an object as its default export, found undefined'],
		['export default {', 'sqlake.config.ts cannot be loaded'],
		[`import { nothing } from 'not-installed'\nexport default { out: nothing }`, `Cannot find`, 'npm install not-installed'],
	])('with a mistake is refused by its name: %s', async (text, message, hint?: string) => {
		using project = createProject({ 'sqlake.config.ts': text })
		await expect(loadConfig(project.directory)).rejects.toEqual(invalid(message, hint))
	})

	it('that does not load says why in one line, and where', async () => {
		using project = createProject({ 'sqlake.config.ts': `import './elsewhere'`, 'elsewhere.ts': 'const a = 1\nconst a = 2' })
		await expect(loadConfig(project.directory)).rejects.toMatchObject({
			message: expect.stringMatching(
				/^.*sqlake\.config\.ts cannot be loaded: .*'a' has already been declared.* .*elsewhere\.ts:2:6.*$/,
			),
		})
	})

	it('with a misspelt option of sqlake says which one was meant', async () => {
		using project = createProject({ 'sqlake.config.json': '{ "sqlake": { "rename": {} } }' })
		await expect(loadConfig(project.directory)).rejects.toEqual(
			invalid('"sqlake.rename" is no option', 'did you mean "renames"?'),
		)
	})
})
