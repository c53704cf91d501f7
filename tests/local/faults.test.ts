import { blob, integer, primaryKey, real, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SQLakeError } from '../../src/errors.ts'
import { FileObjectStore } from '../../src/lake/storage/file.ts'
import type { ObjectStore } from '../../src/lake/storage/object-store.ts'
import { S3ObjectStore } from '../../src/lake/storage/s3.ts'
import { LocalRouter } from '../../src/local/local-router.ts'
import { SQLake } from '../../src/schema/database.ts'
import { PrefixedStore } from '../contract/prefixed-store.ts'
import { type S3Server, startS3Server } from '../support/s3-server.ts'
import { testRuns, testSeed } from '../support/test-seed.ts'
import { FaultPlan, faulty } from '../workers/simulation/faults.ts'
import { lakeRows } from '../workers/simulation/lake-rows.ts'
import { placesIn, temporaryDirectory } from './fixture.ts'

const schema = SQLake({
	things: sqliteTable(
		'things',
		{
			owner: text('owner').notNull(),
			id: integer('id').notNull(),
			word: text('word'),
			size: real('size'),
			bytes: blob('bytes', { mode: 'buffer' }),
		},
		(table) => [primaryKey({ columns: [table.owner, table.id] })],
	),
	shard: { things: 'owner' },
})

const migrations = {
	journal: { entries: [{ idx: 0, when: 1_760_000_000_000, tag: '0000_init', breakpoints: true }] },
	migrations: {
		m0000:
			'CREATE TABLE things (owner text NOT NULL, id integer NOT NULL, word text, size real, bytes blob, PRIMARY KEY (owner, id))',
	},
}

const COLUMNS = ['owner', 'id', 'word', 'size', 'bytes'] as const
const OWNERS = ['ada', 'bob'] as const

/** What a flush may be told by a store that behaves like that. */
const EXPECTED = new Set<string>(['STORE_UNAVAILABLE', 'COMMIT_CONFLICT', 'LAKE_CORRUPT'])
const kinds = ['fail-before', 'fail-after', 'refuse', 'stale', 'truncated', 'swapped', 'delay'] as const

const round = fc.record({
	writes: fc.array(
		fc.record({ owner: fc.constantFrom(...OWNERS), id: fc.nat(6), word: fc.string(), size: fc.integer(), gone: fc.boolean() }),
		{
			minLength: 1,
			maxLength: 6,
		},
	),
	faults: fc.array(fc.tuple(fc.nat(20), fc.constantFrom(...kinds)), { maxLength: 4 }),
	restart: fc.boolean(),
})

let server: S3Server
beforeAll(async () => {
	server = await startS3Server()
})
afterAll(() => server[Symbol.asyncDispose]())

let lakes = 0
const stores: Readonly<Record<string, (directory: string) => ObjectStore>> = {
	directory: (directory) => new FileObjectStore(placesIn(directory).lake),
	S3: () => new PrefixedStore(new S3ObjectStore({ ...server, retryDelayMs: 1 }), `lake-${lakes++}/`),
}

describe('a local router on a store that fails, forgets and answers wrongly', { timeout: testRuns(240_000) }, () => {
	it.each(Object.entries(stores))('%s: every change is in the lake once, in order, in every column', async (name, open) => {
		await fc.assert(
			fc.asyncProperty(fc.array(round, { minLength: 1, maxLength: 4 }), async (rounds) => {
				const directory = await temporaryDirectory()
				const store = open(directory)
				let plan = new FaultPlan()
				const unreliable = faulty(
					store,
					'store',
					directory,
					() => plan,
					() => {},
				)
				const start = () => new LocalRouter({ schema, migrations, db: placesIn(directory).db, lake: unreliable })
				let router = start()
				for (const { writes, faults, restart } of rounds) {
					for (const { owner, id, word, size, gone } of writes) {
						const bytes = new TextEncoder().encode(word)
						await (gone
							? router.sql`DELETE FROM things WHERE owner = ${owner} AND id = ${id}`
							: router.sql`INSERT INTO things VALUES (${owner}, ${id}, ${word}, ${size}, ${bytes})
								ON CONFLICT DO UPDATE SET word = excluded.word, size = size + 0.5, bytes = NULL`
						).run()
					}
					plan = new FaultPlan(faults)
					const failure = await router.flush().then(
						() => null,
						(error: unknown) => error,
					)
					if (failure !== null && !(SQLakeError.is(failure) && EXPECTED.has(failure.code))) throw failure
					if (failure !== null) expect(plan.struck).toBeGreaterThan(0)
					plan = new FaultPlan()
					if (restart) {
						await router.close()
						router = start()
					}
				}
				await router.flush()
				for (const owner of OWNERS) {
					const inShard = await router.sql.shard(owner)`SELECT * FROM things ORDER BY id`.all()
					const changes = await lakeRows(store, router.catalog, owner)
					expect(changes.map(({ _epoch, _seq }) => [_epoch, _seq])).toEqual(changes.map((_, n) => [1n, BigInt(n + 1)]))
					expect(replayed(changes)).toEqual(inShard.map((row) => plain(row)))
				}
				await router.close()
			}),
			{ seed: testSeed(`faults, ${name}`), numRuns: testRuns(8), endOnFailure: true },
		)
	})
})

/** The rows that changes make, one after the other; each has to find its row as the one before has left it. */
function replayed(changes: readonly Readonly<Record<string, unknown>>[]): unknown[][] {
	const rows = new Map<number, unknown[]>()
	for (const change of changes) {
		const before = plain(change, change._op === 'd' ? '' : '_before_')
		const id = Number(change.id)
		expect(change._op === 'c' ? undefined : before).toEqual(rows.get(id))
		if (change._op === 'd') rows.delete(id)
		else rows.set(id, plain(change))
	}
	return [...rows].sort(([a], [b]) => a - b).map(([, row]) => row)
}

function plain(row: Readonly<Record<string, unknown>>, prefix = ''): unknown[] {
	return COLUMNS.map((column) => {
		const value = row[`${prefix}${column}`] ?? null
		if (typeof value === 'bigint') return Number(value)
		return value instanceof Uint8Array || value instanceof ArrayBuffer ? [...new Uint8Array(value)] : value
	})
}
