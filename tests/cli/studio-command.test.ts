import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { temporaryDirectory } from '../local/fixture.ts'
import { ask, get } from './dev-fixture.ts'
import { makeProject, start, startDev, writeMigrations, writeTables } from './dev-project.ts'
import { runSQLake } from './run-sqlake.ts'

describe('sqlake studio', { timeout: 60_000 }, () => {
	it('shows a project that sqlake dev serves at the same time, and follows it to a new migration', async () => {
		const directory = await makeProject()
		const dev = await startDev(directory)
		await ask(dev.url, { sql: "INSERT INTO notes (owner, id) VALUES ('ada', 'a')" })
		const studio = start(directory, 'studio', '--port', '0')
		const [, url = ''] = await studio.wrote(/local\.db at (http:\/\/localhost:\d+)/)
		await studio.wrote(/shows shard ada at https:\/\/local\.drizzle\.studio\?port=\d+\n/)
		const rows = async (more: object) => (await ask(url, { sql: 'SELECT * FROM notes ORDER BY id', ...more })).body.rows
		expect(await rows({ shard: 'ada' })).toEqual([{ owner: 'ada', id: 'a', text: null }])
		await writeTables(directory, ", stars: integer('stars').default(3)")
		await writeMigrations(directory, 2)
		await dev.wrote(/reloaded: applied 0001_stars/)
		await ask(dev.url, { sql: "INSERT INTO notes (owner, id, stars) VALUES ('ada', 'b', 5)" })
		await expect.poll(async () => (await get(`${url}/tables`)).body.tables?.[0]?.columns?.length, { timeout: 10_000 }).toBe(4)
		const both = [
			{ owner: 'ada', id: 'a', text: null, stars: 3 },
			{ owner: 'ada', id: 'b', text: null, stars: 5 },
		]
		expect(await rows({ shard: 'ada' })).toEqual(both)
		expect(await rows({ mode: 'analytics', flush: true })).toEqual(both)
		studio.child.kill('SIGINT')
		expect(await studio.ended).toEqual({ code: 0, signal: null })
	})

	it('does not apply migrations', async () => {
		const directory = await makeProject()
		const dev = await startDev(directory)
		await ask(dev.url, { sql: "INSERT INTO notes (owner, id) VALUES ('ada', 'a')" })
		dev.child.kill('SIGINT')
		await dev.ended
		await writeTables(directory, ", stars: integer('stars').default(3)")
		await writeMigrations(directory, 2)
		const studio = start(directory, 'studio', '--port', '0')
		const [, url = ''] = await studio.wrote(/local\.db at (http:\/\/localhost:\d+)/)
		const { body } = await ask(url, { sql: 'SELECT * FROM notes', shard: 'ada' })
		expect(body.rows).toEqual([{ owner: 'ada', id: 'a', text: null }])
	})

	it('opens any SQLite file, but not the file of a shard', async () => {
		const directory = await temporaryDirectory()
		new DatabaseSync(join(directory, 'app.sqlite')).close()
		const studio = start(directory, 'studio', '-d', 'app.sqlite', '-p', '0', '--json')
		const [line] = await studio.wrote(/^\{.*\}\n/)
		expect(JSON.parse(line)).toMatchObject({ event: 'ready', title: 'app.sqlite', url: expect.stringMatching(/^http/) })
		const shard = new DatabaseSync(join(directory, 'ada.sqlite'))
		shard.exec('CREATE TABLE _cdc_buffer (seq)')
		shard.close()
		expect(await runSQLake(['studio', '-d', 'ada.sqlite', '-p', '0'], { cwd: directory })).toMatchObject({
			code: 2,
			stderr: expect.stringMatching(/uncaptured\nhint: .*--shard/),
		})
	})

	it('says what is wrong with what was asked of it', async () => {
		const directory = await makeProject()
		await mkdir(join(directory, '.sqlake/local.db'), { recursive: true })
		const run = (...args: string[]) => runSQLake(['studio', '-p', '0', ...args], { cwd: directory })
		expect(await run('--shard', 'nobody')).toMatchObject({
			code: 1,
			stderr: expect.stringContaining('expected shard "nobody", found none'),
		})
		expect((await run('--shard', 'ada', '--analytics')).code).toBe(2)
		expect((await run('-d', 'drizzle.config.ts')).stderr).toMatch(/drizzle\.config\.ts: file is not a database\nhint: /)
		expect((await runSQLake(['studio'], { cwd: await temporaryDirectory() })).code).toBe(1)
	})
})
