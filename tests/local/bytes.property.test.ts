import { eq } from 'drizzle-orm'
import { blob, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Capture } from '../../src/cdc/capture.ts'
import { drizzle } from '../../src/driver/drizzle.ts'
import { createInMemoryRouter } from '../../src/local/in-memory-router.ts'
import { LocalRouter } from '../../src/local/local-router.ts'
import type { NodeRouter } from '../../src/local/node-router.ts'
import { NodeStorage } from '../../src/local/node-storage.ts'
import { SQLake } from '../../src/schema/database.ts'
import { sql as globalSql } from '../../src/session/sql.ts'
import { executeStatement } from '../../src/shard/execute-statements.ts'
import { type RandomBytes, randomBytes, unkeepable } from '../support/random-bytes.ts'
import { schemaOf } from '../workers/cdc/schema-of.ts'
import { placesIn, temporaryDirectory } from './fixture.ts'

const schema = SQLake({
	blobs: sqliteTable('blobs', {
		id: text('id').primaryKey(),
		owner: text('owner').notNull(),
		template: blob('template'),
		buffer: blob('buffer', { mode: 'buffer' }),
		json: blob('json', { mode: 'json' }),
		bigint: blob('bigint', { mode: 'bigint' }),
	}),
	shard: { blobs: 'owner' },
})
const { blobs } = schema.tables

interface Written {
	readonly bytes: RandomBytes
	readonly json: unknown
	readonly bigint: bigint
}

const written: fc.Arbitrary<Written> = fc.record({
	bytes: randomBytes,
	json: fc.jsonValue().map((value) => [value]),
	bigint: fc.bigInt(),
})
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex').toUpperCase()
const jsonHex = (value: unknown) => hex(new TextEncoder().encode(JSON.stringify(value)))

/** What a row holds, each column as hexadecimal digits. */
const expected = ({ bytes: { shown }, json, bigint }: Written, id: number) => [
	`r${id}`,
	hex(shown),
	hex(shown),
	jsonHex(json),
	hex(new TextEncoder().encode(String(bigint))),
]

/** Overwrites the memory that a value shows, which a small Buffer shares with others. */
function scribble({ kind, value }: RandomBytes): void {
	if (kind === 'pooled Buffer') return
	new Uint8Array(ArrayBuffer.isView(value) ? value.buffer : value).fill(0x55)
}

const columns = 'id, hex(template), hex(buffer), hex(json), hex(bigint)'

async function holds(router: NodeRouter<typeof schema>): Promise<void> {
	onTestFinished(() => router.close())
	const sql = globalSql.with(router)
	const db = drizzle(router)
	let shards = 0
	await fc.assert(
		fc.asyncProperty(fc.array(written, { minLength: 1, maxLength: 20 }), async (rows) => {
			const owner = `o${shards++}`
			for (const [index, { bytes: given, json, bigint }] of rows.entries()) {
				const bytes = given.copy()
				const buffer = bytes.value as Buffer
				await db.insert(blobs).values({ id: `r${index}`, owner, buffer, json, bigint })
				const running = sql`UPDATE blobs SET template = ${bytes.value} WHERE owner = ${owner} AND id = ${`r${index}`}`
					.run()
					.execute()
				// The query has started: its caller may use the memory again.
				scribble(bytes)
				await running
			}
			const all = rows.map(expected).sort()
			const inShard = await sql`SELECT ${globalSql.raw(columns)} FROM blobs WHERE owner = ${owner} ORDER BY id`.values()
			expect(inShard).toEqual(all)
			await router.flush()
			const inLake = await sql.analytics`SELECT ${globalSql.raw(columns)} FROM blobs WHERE owner = ${owner} ORDER BY id`.values()
			expect(inLake).toEqual(all)
			for (const database of [db, db.analytics()]) {
				const read = await database.select().from(blobs).where(eq(blobs.owner, owner)).orderBy(blobs.id)
				const values = read.map((row) => [row.id, hex(row.buffer ?? Buffer.of()), jsonHex(row.json), String(row.bigint)])
				expect(values).toEqual(
					rows.map(({ bytes, json, bigint }, id) => [`r${id}`, hex(bytes.shown), jsonHex(json), String(bigint)]).sort(),
				)
			}
			const { shown } = rows[0]?.bytes ?? { shown: new Uint8Array() }
			const found =
				await sql.analytics`SELECT count(*) AS n FROM blobs WHERE owner = ${owner} AND template = ${Buffer.from(shown)}`.first()
			expect(found).toEqual({ n: rows.filter(({ bytes }) => hex(bytes.shown) === hex(shown)).length })
		}),
		{ numRuns: Number(process.env.BYTES_RUNS ?? 8) },
	)
}

describe('bytes of a view', () => {
	it(
		'are what a shard in memory and its lake hold, and nothing around them',
		() => holds(createInMemoryRouter({ schema })),
		120_000,
	)

	it('are what a shard in a file and its lake hold, and nothing around them', async () => {
		await holds(new LocalRouter({ schema, ...placesIn(await temporaryDirectory()) }))
	}, 120_000)

	it('are refused in shared memory and in memory that was given away, before anything is written', async () => {
		const router = createInMemoryRouter({ schema })
		onTestFinished(() => router.close())
		const sql = globalSql.with(router)
		const refused = expect.objectContaining({ code: 'VALUE_UNSUPPORTED', hint: 'bind a copy of the bytes' })
		for (const value of unkeepable()) {
			await expect(sql`INSERT INTO blobs (id, owner, template) VALUES ('a', 'o', ${value})`.run()).rejects.toThrow(refused)
			await expect(sql.analytics`SELECT ${value} AS x`.all()).rejects.toThrow(refused)
		}
		expect(await sql`SELECT count(*) AS n FROM blobs WHERE owner = 'o'`.first()).toEqual({ n: 0 })
	})

	it('are what a change that was set aside shows', () => {
		const nodeStorage = new NodeStorage(':memory:', { get: () => null, set: () => {} })
		onTestFinished(() => nodeStorage.close())
		const storage = nodeStorage.durableObjectStorage
		storage.sql.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, v)')
		const capture = new Capture(storage, schemaOf(storage.sql, 't'), { shard: 's' })
		capture.install()
		fc.assert(
			fc.property(randomBytes, ({ value, shown }) => {
				storage.transactionSync(() =>
					executeStatement(storage, { sql: 'INSERT INTO t (v) VALUES (?)', params: [value as Uint8Array] }),
				)
				capture.deadLetter([capture.lastSeq()], 'set aside')
				expect(capture.deadLetters(1_000).at(-1)?.event).toMatchObject({ _after: { v: shown } })
			}),
		)
	})
})
