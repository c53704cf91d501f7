import { env, runInDurableObject } from 'cloudflare:test'
import { sql as fragment } from 'drizzle-orm'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WorkerRouter } from '../../../src/index.workerd.ts'
import { openLake } from '../../../src/lake/open-lake.ts'
import { sql as globalSql } from '../../../src/session/sql.ts'
import { type RandomBytes, randomBytes, unkeepable } from '../../support/random-bytes.ts'
import { lakeRows } from '../simulation/lake-rows.ts'
import { db, users } from './objects.ts'

const { OWN_WAYS_DO, SQLAKE_BUCKET } = env
const { store, catalog } = openLake({ bucket: SQLAKE_BUCKET, bucketBinding: 'SQLAKE_BUCKET', catalogs: undefined })
const sql = globalSql.with(new WorkerRouter({ OWN_WAYS_DO, SQLAKE_BUCKET }, { schema: db }))
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex').toUpperCase()

type Value = RandomBytes['value']

/** Ways to write bytes into `plan`, which keeps the class of what it is given. */
const waysIn: Record<string, (shard: string, id: string, value: Value) => Promise<unknown>> = {
	'the template in the object': (shard, id, value) =>
		runInDurableObject(OWN_WAYS_DO.getByName(shard), (object) =>
			object.locally((local) => local`INSERT INTO users (id, plan) VALUES (${id}, ${value})`.run()),
		),
	'a fragment in the object': (shard, id, value) =>
		runInDurableObject(OWN_WAYS_DO.getByName(shard), (object) =>
			object.locally((_, local) => local.run(fragment`INSERT INTO users (id, plan) VALUES (${id}, ${value})`)),
		),
	'a builder in the object': (shard, id, value) =>
		runInDurableObject(OWN_WAYS_DO.getByName(shard), (object) =>
			object.locally((_, local) =>
				local
					.insert(users)
					.values({ id, plan: value as never })
					.run(),
			),
		),
	'the template in the Worker': (shard, id, value) =>
		sql.shard(shard)`INSERT INTO users (id, plan) VALUES (${id}, ${value})`.run().execute(),
	'a call of the object': async (shard, id, value) => {
		const statements = [{ sql: 'INSERT INTO users (id, plan) VALUES (?, ?)', params: [id, value as Uint8Array] }]
		const answer = await OWN_WAYS_DO.getByName(shard).sqlakeExecute({ shard, statements, readOnly: false })
		expect(answer).toMatchObject({ ok: true })
	},
}

describe('bytes of a view', () => {
	it.each(Object.entries(waysIn))(
		'are what the shard holds and delivers, and nothing around them, through %s',
		async (way, write) => {
			let runs = 0
			await fc.assert(
				fc.asyncProperty(fc.array(randomBytes, { minLength: 1, maxLength: 25 }), async (values) => {
					const shard = `${way} ${runs++}`
					for (const [index, { value }] of values.entries()) await write(shard, `r${index}`, value)
					const stored = await sql.shard(
						shard,
					)`SELECT typeof(plan), hex(plan) FROM users WHERE id LIKE 'r%' ORDER BY rowid`.values()
					expect(stored).toEqual(values.map(({ shown }) => ['blob', hex(shown)]))
					await OWN_WAYS_DO.getByName(shard).flush()
					const delivered = await lakeRows(store, catalog, shard)
					const rescued = delivered
						.filter(({ id }) => id !== 'seed')
						.map(({ _rescued }) => String(_rescued).match(/x'[0-9a-f]*'/gi))
					expect(rescued).toEqual(values.map(({ shown }) => [expect.stringMatching(new RegExp(`^x'${hex(shown)}'$`, 'i'))]))
				}),
				{ numRuns: 4 },
			)
		},
	)

	it.each(Object.entries(waysIn).slice(0, 4))(
		'are refused in shared memory, and in memory that was given away, through %s',
		async (way, write) => {
			for (const value of unkeepable()) {
				const refused = await write(`refused ${way}`, 'x', value as Value).then(
					() => null,
					(error: { readonly code?: string; readonly cause: unknown }) => (error.code === undefined ? error.cause : error),
				)
				expect(refused).toMatchObject({ code: 'VALUE_UNSUPPORTED', hint: 'bind a copy of the bytes' })
			}
		},
	)
})
