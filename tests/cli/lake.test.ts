import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { showBytes } from '../../src/cli/lake/view.ts'
import { emptyPointer, encodeLakePointer } from '../../src/lake/catalog/lake-pointer.ts'
import { FileObjectStore } from '../../src/lake/storage/file.ts'
import type { ObjectStore } from '../../src/lake/storage/object-store.ts'
import { S3ObjectStore } from '../../src/lake/storage/s3.ts'
import { startS3Server } from '../support/s3-server.ts'
import { CONFIG, createProject, SCHEMA, type TestProject } from './project.ts'
import { runSQLake } from './run-sqlake.ts'

describe('lake', { timeout: 30_000 }, () => {
	let project: TestProject
	const lake = (...args: string[]) => runSQLake(['lake', ...args], { cwd: project.directory, columns: 200 })
	const json = async (...args: string[]) => JSON.parse((await lake('--json', ...args)).stdout)
	const query = (...args: string[]) => runSQLake(['query', ...args], { cwd: project.directory })

	beforeAll(async () => {
		project = createProject()
		await query(`INSERT INTO orders (id, user_id, amount) VALUES ('o1', 'ada', 9.5), ('o2', 'ada', 10)`)
		await query(`INSERT INTO orders (id, user_id, amount) VALUES ('o3', 'bob', 1)`)
		expect(await query('-a', '--flush', 'SELECT 1')).toMatchObject({ code: 0 })
		await query(`UPDATE orders SET amount = 2 WHERE id = 'o3' AND user_id = 'bob'`)
		await query('-a', '--flush', 'SELECT 1')
	}, 60_000)
	afterAll(() => project[Symbol.dispose]())

	it('lists tables with their sizes', async () => {
		const { tables } = await json()
		expect(tables).toEqual([
			expect.objectContaining({ name: 'orders_changes', files: 3, rows: 4, lastCommit: expect.stringMatching(/^\d{4}-/) }),
		])
		expect(tables[0].bytes).toBeGreaterThan(1_000)
		expect((await lake()).stdout).toMatch(/^table +schema +snapshots +files +rows +size +last commit\n.*\norders_changes /)
	})

	it('shows the history of a table, newest first', async () => {
		const { snapshots } = await json('history', 'orders')
		expect(snapshots[0]).toMatchObject({ operation: 'append', addedRows: 1, totalRows: 4, parentId: snapshots[1].snapshotId })
		expect((await json('history', 'orders', '--limit', '1')).snapshots).toHaveLength(1)
		expect((await json('snapshots')).snapshots).toEqual(snapshots)
		const { code, stdout } = await lake('history', 'orders_changes', '-f', 'csv')
		expect({ code, header: stdout.split('\n')[0] }).toEqual({
			code: 0,
			header: 'committed,snapshot,operation,schema,files,rows,size,rows in all',
		})
	})

	it('lists files with shard, day, and bounds', async () => {
		const { files } = await json('files', 'orders')
		expect(files.map(({ shard }: { shard: string }) => shard).sort()).toEqual(['ada', 'bob', 'bob'])
		expect(files[0]).toMatchObject({
			key: expect.stringMatching(/^data\/orders\/_shard=.*\.parquet$/),
			partition: { day: new Date().toISOString().slice(0, 10), shardBucket: expect.any(Number) },
			bounds: { _op: { lower: 'c', upper: 'c' }, _seq: { lower: expect.any(Number) } },
		})
		expect((await lake('files', 'orders')).stdout).toContain('.parquet')
	})

	it('shows the fields of a table with their ids', async () => {
		const { schemas } = await json('schema', 'orders')
		expect(schemas).toEqual([
			expect.objectContaining({
				current: true,
				primaryKey: ['id'],
				fields: expect.arrayContaining([
					expect.objectContaining({ id: 1, name: '_op', required: true }),
					expect.objectContaining({ id: 101, name: 'id', type: 'string', declaredType: 'text', mode: 'text' }),
				]),
			}),
		])
	})

	it('reads a lake in a bucket by the S3 API, as query does', async () => {
		await using server = await startS3Server()
		await copyObjects(new FileObjectStore(join(project.directory, '.sqlake/data')), new S3ObjectStore(server))
		const env = {
			SQLAKE_S3_ENDPOINT: server.endpoint,
			AWS_ACCESS_KEY_ID: server.credentials.accessKeyId,
			AWS_SECRET_ACCESS_KEY: server.credentials.secretAccessKey,
		}
		using elsewhere = createProject()
		const remote = (...args: string[]) =>
			runSQLake([...args, '--remote', '--bucket', server.bucket, '--json'], { cwd: elsewhere.directory, env })
		expect(JSON.parse((await remote('lake')).stdout)).toEqual(await json())
		const sum = await remote('query', '-a', 'SELECT sum(amount) AS sum FROM orders')
		expect(JSON.parse(sum.stdout)).toEqual([{ sum: 21.5 }])
		expect(await remote('query', '--shard', 'ada', 'SELECT 1')).toMatchObject({
			code: 2,
			stdout: expect.stringContaining('asks a shard'),
		})
		expect(await remote('query', '-a', '--flush', 'SELECT 1')).toMatchObject({
			code: 2,
			stdout: expect.stringContaining('--flush delivers to the local lake alone'),
		})
	})

	it("reads the lake in wrangler's own bucket", async () => {
		using local = createProject({})
		const run = (...args: string[]) => runSQLake(args, { cwd: local.directory })
		for (const args of [['init', '--no-catalog'], ['generate'], ['push', '--local']])
			expect(await run(...args)).toMatchObject({ code: 0 })
		expect(JSON.parse((await run('lake', '--local', '--json')).stdout).tables).toEqual([
			expect.objectContaining({ name: 'orders_changes', schemaVersion: 1, rows: 0 }),
			expect.objectContaining({ name: 'users_changes', schemaVersion: 1, rows: 0 }),
		])
		expect(JSON.parse((await run('query', '-a', '--local', 'SELECT count(*) AS n FROM users')).stdout)).toEqual([{ n: 0 }])
	})

	it('is asked under the location that it was written with, whatever the configuration says', async () => {
		using elsewhere = createProject({
			'drizzle.config.ts': CONFIG,
			'src/schema.ts': SCHEMA,
			'sqlake.config.json': '{ "sqlake": { "location": "s3://x" } }',
		})
		const { stdout } = await runSQLake(
			['query', '-a', 'SELECT count(*) AS n FROM orders', '--lake', `${project.directory}/.sqlake/data`],
			{
				cwd: elsewhere.directory,
			},
		)
		expect(JSON.parse(stdout)).toEqual([{ n: 3 }])
	})

	it('cannot be read where a catalog object holds its tables, and says so', async () => {
		using other = createProject()
		const owner = { kind: 'durable-object', id: 'abc' } as const
		const pointer = encodeLakePointer({ ...emptyPointer('s3://sqlake'), owner })
		other.write('.sqlake/data/metadata/catalog.json', new TextDecoder().decode(pointer))
		for (const args of [['lake'], ['query', '-a', 'SELECT * FROM orders']]) {
			expect(await runSQLake(args, { cwd: other.directory })).toMatchObject({
				code: 1,
				stderr: expect.stringContaining('known to the catalog object abc alone'),
			})
		}
	})

	it('needs no project for a lake that is named', async () => {
		using elsewhere = createProject({})
		const { stdout } = await runSQLake(['lake', '--json', '--lake', `${project.directory}/.sqlake/data`], {
			cwd: elsewhere.directory,
		})
		expect(JSON.parse(stdout).tables).toHaveLength(1)
		expect(await runSQLake(['lake', '--lake', 'none'], { cwd: elsewhere.directory })).toMatchObject({ code: 1 })
	})

	it('says that nobody has written yet, and which tables there are', async () => {
		using fresh = createProject()
		expect(await runSQLake(['lake'], { cwd: fresh.directory })).toMatchObject({
			code: 0,
			stdout: '',
			stderr: expect.stringContaining('nobody has written to this lake yet'),
		})
		expect(await lake('files', 'orders_change')).toMatchObject({
			code: 2,
			stderr: expect.stringContaining('did you mean orders_changes?'),
		})
		expect(await lake('files')).toMatchObject({ code: 2, stderr: expect.stringContaining('which table?') })
		expect(await lake('tables', 'orders')).toMatchObject({ code: 2, stderr: expect.stringContaining('takes no table') })
	})
})

/** Copies all objects of a store into another. */
async function copyObjects(from: ObjectStore, to: ObjectStore): Promise<void> {
	const { objects } = await from.list({ prefix: '' })
	for (const { key } of objects) {
		const object = await from.get(key)
		if (object !== null) await to.put(key, object.bytes)
	}
}

it('shows sizes for people', () => {
	expect([0, 999, 1_000, 12_345, 1_500_000_000].map(showBytes)).toEqual(['0 B', '999 B', '1.0 kB', '12 kB', '1.5 GB'])
})
