import { existsSync } from 'node:fs'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ask, get } from './dev-fixture.ts'
import { makeProject, start, startDev, writeMigrations, writeTables } from './dev-project.ts'
import { runSQLake } from './run-sqlake.ts'

const insert = (id: string) => ({ sql: "INSERT INTO notes (owner, id) VALUES ('ada', ?)", params: [id] })
const inShard = { sql: "SELECT * FROM notes WHERE owner = 'ada' ORDER BY id" }
const inLake = { sql: 'SELECT id FROM notes ORDER BY id', mode: 'analytics' }

describe('sqlake dev', { timeout: 60_000 }, () => {
	it('serves the project, delivers at Ctrl-C and ends with code 0', async () => {
		const directory = await makeProject()
		const { url, child, ended, output } = await startDev(directory, '-v')
		expect(output()).toMatch(/tables {2}notes\n.*local\.db\n.*data\n/)
		expect((await ask(url, insert('a'))).status).toBe(200)
		expect(existsSync(join(directory, '.sqlake/local.db/ada.sqlite'))).toBe(true)
		child.kill('SIGINT')
		expect(await ended).toEqual({ code: 0, signal: null })
		expect(output()).toMatch(/POST \/query 200 \d+ ms\n/)
		expect(output()).toContain('delivered 1 changes in 1 files')
		const again = await startDev(directory)
		expect((await ask(again.url, inLake)).body.rows).toEqual([{ id: 'a' }])
	})

	it('loses nothing when it is killed', async () => {
		const directory = await makeProject()
		const first = await startDev(directory)
		const answers = await Promise.all(['a', 'b', 'c'].map((id) => ask(first.url, insert(id))))
		expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
		const inFlight = ask(first.url, { ...inLake, flush: true }).catch(() => null)
		first.child.kill('SIGKILL')
		await Promise.all([first.ended, inFlight])
		const { url } = await startDev(directory)
		const { rows = {} } = (await ask(url, inShard)).body
		expect(Object.values(rows).map(({ id }) => id)).toEqual(['a', 'b', 'c'])
		expect((await ask(url, { ...inLake, flush: true })).body.rows).toEqual([{ id: 'a' }, { id: 'b' }, { id: 'c' }])
	})

	it('ends at once at a second Ctrl-C', async () => {
		const { child, ended, wrote, url } = await startDev(await makeProject())
		// A request that never ends keeps the server from closing.
		const slow = fetch(`${url}/query`, {
			method: 'POST',
			body: new ReadableStream({ pull: () => new Promise(() => {}) }),
			duplex: 'half',
		} as RequestInit)
		slow.catch(() => {})
		await new Promise((resolve) => setTimeout(resolve, 200))
		child.kill('SIGINT')
		await wrote(/again ends at once/)
		child.kill('SIGINT')
		expect(await ended).toEqual({ code: null, signal: 'SIGINT' })
	})

	it('goes over to a new migration and its schema, without a break', async () => {
		const directory = await makeProject()
		const { url, wrote } = await startDev(directory)
		await ask(url, insert('a'))
		await writeTables(directory, ", stars: integer('stars').default(3)")
		await wrote(/the schema is ahead of the migrations: column "notes"\."stars" is in the schema and in no migration/)
		await wrote(/what was served before goes on\nhint: .*sqlake generate/)
		expect((await ask(url, inShard)).body.rows).toEqual([{ owner: 'ada', id: 'a', text: null }])
		await writeMigrations(directory, 2)
		await wrote(/reloaded: applied 0001_stars; 1 shard went along/)
		expect((await ask(url, insert('b'))).status).toBe(200)
		expect((await ask(url, inShard)).body.rows).toEqual([
			{ owner: 'ada', id: 'a', text: null, stars: 3 },
			{ owner: 'ada', id: 'b', text: null, stars: 3 },
		])
		const { body } = await ask(url, { ...inLake, sql: 'SELECT id, stars FROM notes ORDER BY id', flush: true })
		expect(body.rows).toEqual([
			{ id: 'a', stars: 3 },
			{ id: 'b', stars: 3 },
		])
	})

	it('goes on with what it has where the schema has a mistake, or a migration does not apply', async () => {
		const directory = await makeProject()
		const { url, wrote } = await startDev(directory)
		await ask(url, insert('a'))
		await writeFile(join(directory, 'src/tables/notes.ts'), 'export const notes = sqliteTable(')
		await wrote(/schema\.ts cannot be loaded: .*[\s\S]*what was served before goes on/)
		expect((await ask(url, inShard)).body.rows).toHaveLength(1)
		expect((await get(`${url}/health`)).body).toMatchObject({ status: 'stale', error: { code: 'CONFIG_INVALID' } })
		expect(await (await fetch(url)).text()).toContain('cannot be loaded')
		await writeTables(directory, ", stars: integer('stars').notNull().unique()")
		// It applies to an empty table alone: the shard has two rows that would be equal.
		await ask(url, insert('b'))
		await writeMigrations(
			directory,
			2,
			'ALTER TABLE notes ADD stars integer NOT NULL DEFAULT 0; --> statement-breakpoint\nCREATE UNIQUE INDEX one ON notes (stars)',
		)
		await wrote(/migration "0001_stars".*UNIQUE[\s\S]*what was served before goes on/)
		expect((await ask(url, inShard)).body.rows).toEqual([
			{ owner: 'ada', id: 'a', text: null },
			{ owner: 'ada', id: 'b', text: null },
		])
		await writeTables(directory, ", stars: integer('stars').default(3)")
		await writeMigrations(directory, 2)
		await wrote(/reloaded: applied 0001_stars/)
		expect((await get(`${url}/health`)).body.status).toBe('ok')
	})

	it('follows files that editors put in the place of others, that come later, and that lie elsewhere', async () => {
		const directory = await makeProject()
		// A schema at the root of the project, whose directory is not watched as a whole, without migrations so far.
		await rename(join(directory, 'src/tables'), join(directory, 'tables'))
		await writeFile(
			join(directory, 'schema.ts'),
			(await readFile(join(directory, 'src/schema.ts'), 'utf8')).replace('notes.ts', 'notes'),
		)
		await writeFile(join(directory, 'drizzle.config.ts'), "export default { dialect: 'sqlite', schema: './schema.ts' }")
		await rm(join(directory, 'drizzle'), { recursive: true })
		const { url, wrote } = await startDev(directory)
		const tables = join(directory, 'tables/notes.ts')
		const before = await readFile(tables, 'utf8')
		await writeFile(`${tables}~`, before.replace("text('text')", "text('text'), more: text('more')"))
		await rename(`${tables}~`, tables)
		await wrote(/reloaded: the schema changed/)
		expect((await ask(url, { sql: "INSERT INTO notes (owner, id, more) VALUES ('ada', 'a', 'b')" })).status).toBe(200)
		await writeFile(`${tables}~`, before)
		await rename(`${tables}~`, tables)
		await wrote(/shards were made from the schema before, without migrations\nwhat was served before goes on/)
		await writeMigrations(directory, 1)
		await wrote(/there are migrations now, and the shards were made from the schema/)
	})

	it('tells of events as lines of JSON', async () => {
		const { url, child, ended, output } = await startDev(await makeProject(), '--json')
		await ask(url, { sql: 'SELECT * FROM notes' })
		child.kill('SIGTERM')
		expect((await ended).code).toBe(0)
		const events = output()
			.trimEnd()
			.split('\n')
			.map((line) => JSON.parse(line))
		expect(events).toEqual([
			expect.objectContaining({ event: 'ready', url, tables: ['notes'], source: 'folder' }),
			expect.objectContaining({
				event: 'request',
				method: 'POST',
				path: '/query',
				status: 400,
				error: expect.objectContaining({ code: 'ROUTE_NO_SHARD' }),
			}),
			{ event: 'closed', changes: 0, files: 0 },
		])
	})

	it('says in one line that its port or its directory is taken', async () => {
		const directory = await makeProject()
		const { url } = await startDev(directory)
		const port = new URL(url).port
		const samePort = start(directory, 'dev', '--port', port, '--db', 'other.db')
		expect((await samePort.ended).code).toBe(1)
		expect(samePort.output()).toBe(
			`sqlake: port ${port}: expected it to be free, found another program listening on it\nhint: end that program, or take another port: --port ${Number(port) + 1}\n`,
		)
		const sameDirectory = start(directory, 'dev', '--port', '0')
		expect((await sameDirectory.ended).code).toBe(1)
		expect(sameDirectory.output()).toContain(`found that another sqlake dev at ${url} (process `)
	})

	it('refuses to start where the schema is ahead, a port is none, or an address needs a token', async () => {
		const directory = await makeProject()
		await writeTables(directory, ", stars: integer('stars')")
		const ahead = await runSQLake(['dev', '--port', '0'], { cwd: directory })
		expect(ahead).toMatchObject({ code: 1, stderr: expect.stringMatching(/"stars"[\s\S]*hint: .*sqlake generate/) })
		expect((await runSQLake(['dev', '--port', 'x'], { cwd: directory })).code).toBe(2)
		await writeTables(directory)
		const open = await runSQLake(['dev', '--port', '0', '--host', '0.0.0.0'], { cwd: directory })
		expect(open).toMatchObject({ code: 1, stderr: expect.stringContaining('--token') })
	})
})
