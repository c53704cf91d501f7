import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createProject, type TestProject } from './project.ts'
import { type RunOptions, runSQLake } from './run-sqlake.ts'

describe('query of a SQLite file', { timeout: 30_000 }, () => {
	let directory: string
	const query = (args: readonly string[], options: RunOptions = {}) =>
		runSQLake(['query', '--db', 'app.sqlite', ...args], { cwd: directory, ...options })

	beforeAll(() => {
		directory = mkdtempSync(join(tmpdir(), 'sqlake-query-'))
		const database = new DatabaseSync(join(directory, 'app.sqlite'))
		database.exec(`CREATE TABLE pets (id INTEGER PRIMARY KEY, name TEXT, weight REAL, photo BLOB);
			INSERT INTO pets VALUES (1, 'Rex, the "dog"', 12.5, x'00ff'), (9007199254740993, NULL, -0.5, NULL), (3, '', 4, x'');`)
		database.close()
	}, 60_000)
	afterAll(() => rmSync(directory, { recursive: true, force: true }))

	it('writes JSON without losing anything', async () => {
		const { code, stdout, stderr } = await query(['SELECT * FROM pets ORDER BY rowid'])
		expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
		expect(JSON.parse(stdout)).toEqual([
			{ id: 1, name: 'Rex, the "dog"', weight: 12.5, photo: { $base64: 'AP8=' } },
			{ id: 3, name: '', weight: 4, photo: { $base64: '' } },
			{ id: { $int: '9007199254740993' }, name: null, weight: -0.5, photo: null },
		])
	})

	it('writes a table in a terminal, and tells the number of rows beside it', async () => {
		const { stdout, stderr } = await query(["SELECT id, name, photo AS p, 'a\tb' AS t FROM pets ORDER BY rowid"], {
			tty: true,
			env: { NO_COLOR: '1' },
		})
		expect(stdout.split('\n')).toEqual([
			'              id  name            p        t',
			'────────────────  ──────────────  ───────  ────',
			`               1  Rex, the "dog"  x'00ff'  a\\tb`,
			"               3                  x''      a\\tb",
			'9007199254740993  NULL            NULL     a\\tb',
			'',
		])
		expect(stderr).toBe('3 rows\n')
	})

	it('writes CSV and lines of JSON', async () => {
		const sql = 'SELECT id, name, photo FROM pets ORDER BY rowid'
		expect((await query([sql, '-f', 'csv'])).stdout).toBe(
			`id,name,photo\n1,"Rex, the ""dog""",x'00ff'\n3,"",x''\n9007199254740993,,\n`,
		)
		expect((await query(['SELECT 1 AS a, 2 AS a, 3 AS "0"', '-f', 'ndjson'])).stdout).toBe('{ "a": 1, "a:1": 2, "0": 3 }\n')
	})

	it('writes an empty result as one', async () => {
		const sql = 'SELECT id FROM pets WHERE 0'
		expect((await query([sql])).stdout).toBe('[]\n')
		expect((await query([sql, '-f', 'csv'])).stdout).toBe('id\n')
		expect((await query([sql, '-f', 'ndjson'])).stdout).toBe('')
		expect((await query([sql, '-f', 'table'])).stdout).toBe('id\n──\n')
	})

	it('binds parameters in their storage classes', async () => {
		const { stdout } = await query([
			'SELECT typeof(?) a, typeof(?) b, typeof(?) c, typeof(?) d, ? e',
			'-p',
			'[1, 1.5, "x", null, 9007199254740993]',
		])
		expect(JSON.parse(stdout)).toEqual([{ a: 'integer', b: 'real', c: 'text', d: 'null', e: { $int: '9007199254740993' } }])
	})

	it.each([
		['SELECT :a AS x, @b AS y, :a AS z', '{"a": 1, "b": "two"}', { x: 1, y: 'two', z: 1 }],
		['SELECT :a AS x, ? AS y', '[1, 2]', { x: 1, y: 2 }],
		['SELECT ?2 AS x, ?1 AS y, ?2 AS z', '[1, 2]', { x: 2, y: 1, z: 2 }],
	])('binds parameters as SQLite numbers them, or by name: %s', async (sql, params, row) => {
		expect(JSON.parse((await query([sql, '-p', params])).stdout)).toEqual([row])
	})

	it.each([
		['SELECT ?', '[]', 'expected 1 value for the parameters of the statement, found 0'],
		['SELECT ?', '[1, 2]', 'expected 1 value for the parameters of the statement, found 2'],
		['SELECT :a', '{"b": 1}', 'expected a value for :a, found none'],
		['SELECT :a', '{"a": 1, "b": 1}', 'found a value for b, which the statement has no parameter for'],
		['SELECT ?', '[', 'expected a JSON array or object, found ['],
		['SELECT ?', '[{}]', 'value 1: expected text, a number'],
	])('refuses values that do not fit: %s with %s', async (sql, params, message) => {
		expect(await query([sql, '-p', params])).toMatchObject({ code: 2, stderr: expect.stringContaining(message) })
	})

	it('takes the SQL from stdin and from a file', async () => {
		writeFileSync(join(directory, 'count.sql'), '-- how many\nSELECT count(*) AS n FROM pets;\n')
		for (const args of [['-'], [], ['--file', '-']]) {
			expect(JSON.parse((await query(args, { stdin: 'SELECT 7 AS n' })).stdout)).toEqual([{ n: 7 }])
		}
		expect(JSON.parse((await query(['--file', 'count.sql'])).stdout)).toEqual([{ n: 3 }])
		expect(await query(['SELECT 1', '--file', 'count.sql'])).toMatchObject({
			code: 2,
			stderr: expect.stringContaining('found SQL twice'),
		})
		expect(await query([])).toMatchObject({ code: 2, stderr: expect.stringContaining('found no SQL') })
	})

	it('runs writes, and refuses them with --read-only', async () => {
		const insert = `INSERT INTO pets (name) VALUES ('new') RETURNING name`
		expect(await query([insert, '--read-only'])).toMatchObject({ code: 1, stderr: expect.stringContaining('readonly database') })
		expect(JSON.parse((await query([insert])).stdout)).toEqual([{ name: 'new' }])
		const { stdout } = await query([`DELETE FROM pets WHERE name = 'new'`])
		expect(JSON.parse(stdout)).toMatchObject({ changes: 1 })
	})

	it('explains', async () => {
		const [{ detail }] = JSON.parse((await query(['SELECT * FROM pets', '--explain'])).stdout)
		expect(detail).toBe('SCAN pets')
	})

	it('refuses several statements, and runs none of them', async () => {
		const { code, stderr } = await query(['DELETE FROM pets; SELECT 1'])
		expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('expected one statement, found more') })
		expect(JSON.parse((await query(['SELECT count(*) AS n FROM pets'])).stdout)).toEqual([{ n: 3 }])
	})

	it('says what is no SQLite file, and what is not there', async () => {
		writeFileSync(join(directory, 'text.txt'), 'not a database, but long enough to look like the header of one'.repeat(20))
		const failing = (db: string) => runSQLake(['query', '--db', db, 'SELECT * FROM t'], { cwd: directory })
		expect(await failing('text.txt')).toMatchObject({ code: 1, stderr: expect.stringContaining('not a database') })
		expect(await failing('none.sqlite')).toMatchObject({ code: 2, stderr: expect.stringContaining('found nothing at') })
		expect(await query(['SELECT * FROM nowhere', '--json'])).toMatchObject({ code: 1, stderr: '' })
	})

	it('says what is needed where there is no project', async () => {
		expect(await runSQLake(['query', 'SELECT 1'], { cwd: directory })).toMatchObject({
			code: 1,
			stderr: expect.stringContaining('run sqlake init, or ask a SQLite file: --db <file>'),
		})
	})
})

describe('query of a project', { timeout: 30_000 }, () => {
	let project: TestProject
	const query = async (...args: string[]) => {
		const { code, stdout, stderr } = await runSQLake(['query', ...args], { cwd: project.directory })
		return { code, stderr, rows: stdout === '' ? null : JSON.parse(stdout) }
	}
	let before: number

	beforeAll(async () => {
		project = createProject()
		const insert = `INSERT INTO orders (id, user_id, amount) VALUES ('o1', 'ada', 9.5), ('o2', 'ada', 10)`
		expect(await query(insert)).toMatchObject({ code: 0, rows: { changes: 2, shard: 'ada', bookmark: { shard: 'ada', seq: 2 } } })
		await query(`INSERT INTO orders (id, user_id, amount) VALUES ('o3', ?, 1)`, '-p', '["bob"]')
		await query('--flush', '-a', 'SELECT 1')
		before = Date.now() + 1
		while (Date.now() <= before) await new Promise((resolve) => setTimeout(resolve, 1))
		await query(`UPDATE orders SET amount = 11 WHERE id = 'o2' AND user_id = 'ada'`)
	}, 60_000)
	afterAll(() => project[Symbol.dispose]())

	it('asks the shard that the statement pins, or that is named', async () => {
		const rows = [
			{ id: 'o1', amount: 9.5 },
			{ id: 'o2', amount: 11 },
		]
		expect((await query(`SELECT id, amount FROM orders WHERE user_id = 'ada'`)).rows).toEqual(rows)
		expect((await query('SELECT id, amount FROM orders', '--shard', 'ada')).rows).toEqual(rows)
	})

	it('asks the lake: now, at a moment, and for changes', async () => {
		await query('--flush', '-a', 'SELECT 1')
		const sum = 'SELECT sum(amount) AS sum FROM orders'
		expect((await query('-a', sum)).rows).toEqual([{ sum: 21.5 }])
		expect((await query(sum, '--as-of', String(before))).rows).toEqual([{ sum: 20.5 }])
		expect((await query(sum, '--as-of', new Date(before).toISOString())).rows).toEqual([{ sum: 20.5 }])
		expect((await query(sum, '--as-of', '1h')).rows).toEqual([{ sum: null }])
		const changes = 'SELECT _op, id FROM orders ORDER BY _ts, id'
		expect((await query(changes, '--between', `${before}..`)).rows).toEqual([{ _op: 'u', id: 'o2' }])
		const explained = await query('-a', sum, '--explain')
		expect(explained.rows).toMatchObject({ route: 'lake', lake: { filesKept: expect.any(Number) } })
		const snapshot = String(explained.rows.lake.snapshots.orders)
		expect((await query(sum, '--snapshot', snapshot)).rows).toEqual([{ sum: 21.5 }])
	})

	it("asks the lake in DuckDB's own dialect", async () => {
		const sql = 'SELECT list(id ORDER BY id)::VARCHAR AS ids FROM orders WHERE user_id = ?'
		expect((await query('-a', '--dialect', 'duckdb', sql, '-p', '["ada"]')).rows).toEqual([{ ids: '[o1, o2]' }])
		expect(await query('--dialect', 'duckdb', sql)).toMatchObject({
			code: 2,
			stderr: expect.stringContaining('this asks a shard'),
		})
	})

	it('streams a large answer of the lake', async () => {
		const digits = `(SELECT 0 AS d ${Array.from({ length: 9 }, (_, d) => `UNION ALL SELECT ${d + 1}`).join(' ')})`
		const sql = `SELECT count(*) AS n FROM orders CROSS JOIN ${digits} a CROSS JOIN ${digits} b`
		expect((await query('-a', sql)).rows).toEqual([{ n: 300 }])
		expect((await query('-a', sql.replace('count(*) AS n', 'a.d'))).rows).toHaveLength(300)
	})

	it('holds a part of a large answer at a time: a million rows in a heap that could not hold them', {
		timeout: 60_000,
	}, async () => {
		const digit = '(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4)'
		const product = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => `CROSS JOIN ${digit} ${name}`).join(' ')
		const sql = `SELECT orders.id, user_id, 'a text that takes some room in memory' AS text, a.d AS d FROM orders ${product}`
		// As arrays of values they would take about 220 MB.
		const node = ['--max-old-space-size=160', join(import.meta.dirname, '../../bin/sqlake.js')]
		const child = spawn(process.execPath, [...node, 'query', '-a', sql, '-f', 'csv'], { cwd: project.directory })
		onTestFinished(() => void child.kill())
		let [lines, stderr] = [0, '']
		child.stderr.on('data', (text) => {
			stderr += text
		})
		for await (const chunk of child.stdout) lines += String(chunk).split('\n').length - 1
		expect({ lines, stderr }).toEqual({ lines: 1 + 3 * 5 ** 8, stderr: '' })
	})

	it('answers a read that pins no shard, or several, over all of them, with what was just written, and says so', async () => {
		await query(`INSERT INTO orders (id, user_id, amount) VALUES ('late', 'eve', 5)`)
		const said = expect.stringMatching(/pins no single shard: the lake is asked, over all of \d+ shards, after delivering/)
		expect(await query(`SELECT id, user_id FROM orders WHERE amount = 5`)).toEqual({
			code: 0,
			stderr: said,
			rows: [{ id: 'late', user_id: 'eve' }],
		})
		const several = `SELECT id FROM orders WHERE user_id IN (?, 'eve') ORDER BY id`
		expect(await query(several, '-p', '["bob"]')).toEqual({ code: 0, stderr: said, rows: [{ id: 'late' }, { id: 'o3' }] })
		expect((await query('SELECT id FROM orders WHERE amount = 5', '--explain')).rows).toMatchObject({ route: 'lake' })
		await query(`DELETE FROM orders WHERE user_id = 'eve'`)
		const undelivered = await query('SELECT count(*) AS n FROM orders', '--no-flush')
		expect(undelivered).toEqual({ code: 0, stderr: expect.stringContaining('as far as they have delivered'), rows: [{ n: 4 }] })
		const counted = await runSQLake(['query', 'SELECT COUNT(*) FROM orders', '--analytics', '--format', 'table'], {
			cwd: project.directory,
		})
		expect(counted.stdout).toMatch(/COUNT\(\*\)\s+─+\s+3\n/)
	})

	it('sends the rows of an INSERT to their shards where that is asked for', async () => {
		const insert = `INSERT INTO users (id, plan) VALUES ('cy', 'pro'), ('dan', 'free')`
		expect(await query(insert)).toMatchObject({
			code: 1,
			stderr: expect.stringContaining('or send every row to its own: --split'),
		})
		expect((await query(insert, '--split')).rows).toMatchObject({ changes: 2, shards: [{ shard: 'cy' }, { shard: 'dan' }] })
		expect((await query(`SELECT plan FROM users WHERE id = 'dan'`)).rows).toEqual([{ plan: 'free' }])
		const update = await query(`UPDATE users SET plan = 'max'`)
		expect(update).toMatchObject({ code: 1, stderr: expect.stringContaining('a write goes to one at a time') })
	})

	it('explains a statement in its shard, and sends a PRAGMA to its file', async () => {
		expect((await query('EXPLAIN QUERY PLAN SELECT * FROM orders', '--shard', 'ada')).rows).toEqual([
			expect.objectContaining({ detail: 'SCAN orders' }),
		])
		expect(await query('PRAGMA table_info(orders)', '--shard', 'ada')).toMatchObject({
			code: 1,
			stderr: expect.stringMatching(/ask its file: sqlake query --db .*ada\.sqlite/),
		})
		expect((await query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
	})

	it('makes no shard by reading one', async () => {
		const { code, stderr } = await query(`SELECT * FROM orders WHERE user_id = 'adam'`)
		expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/expected shard "adam", found .*\bada\b/) })
	})

	it('refuses writes with --read-only, and writes to the lake always', async () => {
		const remove = `DELETE FROM orders WHERE user_id = 'ada'`
		expect(await query(remove, '--read-only')).toMatchObject({
			code: 1,
			stderr: expect.stringContaining('leave --read-only out'),
		})
		expect(await query('-a', remove)).toMatchObject({
			code: 1,
			stderr: expect.stringContaining('expected a query, found a write'),
		})
	})

	it.each([
		[['--as-of', 'yesterday'], 1, 'expected a Date, ISO 8601 text or milliseconds, found "yesterday"'],
		[['--between', '1h'], 1, '--between: expected <from>..<to>, found 1h'],
		[['--as-of', '1h', '--between', '1h..'], 2, 'as-of and between are mutually exclusive'],
		[['-a', '--shard', 'ada'], 2, '--analytics and --shard exclude each other'],
		[['--json', '-f', 'csv'], 2, '--json and --format csv exclude each other'],
	])('refuses %j', async (args, code, message) => {
		expect(await query('SELECT 1', ...args)).toMatchObject(
			code === 2 && args.includes('--json')
				? { code, rows: { error: { message } } }
				: { code, stderr: expect.stringContaining(message) },
		)
	})
})
