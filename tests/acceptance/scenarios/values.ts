import { deepStrictEqual } from 'node:assert/strict'
import { eq, sql as fragment, gt } from 'drizzle-orm'
import { computeShardId, WorkerRouter } from 'sqlake'
import { lakes, lines, samples, settings } from '../schema.ts'
import { deliver, moment, open, type Scenario } from './support.ts'

const NOTHING = {
	n: null,
	flag: null,
	at: null,
	atMs: null,
	doc: null,
	mood: null,
	note: null,
	ratio: null,
	price: null,
	priceNumber: null,
	priceBigint: null,
	bytes: null,
	big: null,
	blobDoc: null,
	money: null,
} as const

const NUL = String.fromCharCode(0)

/** One row for each value that has gone wrong somewhere. */
const rows = (owner: string): (typeof samples.$inferInsert)[] => [
	{ id: 'nulls', owner, ...NOTHING },
	{
		id: 'full',
		owner,
		n: 42,
		flag: true,
		at: new Date(1_790_000_000_000),
		atMs: new Date(1_790_000_000_123),
		doc: { a: [1, null, 'x', { b: false }], ünï: '🛩' },
		mood: 'calm',
		note: 'plain',
		ratio: 0.1,
		price: '12.5',
		priceNumber: 12.25,
		priceBigint: 9_007_199_254_740_993n,
		bytes: Buffer.from([0, 255, 39, 10]),
		big: 2n ** 70n + 1n,
		blobDoc: { nested: { deep: [1, 2, 3] } },
		money: { currency: 'EUR', cents: 1999 },
	},
	{
		id: 'edges',
		owner,
		...NOTHING,
		n: Number.MIN_SAFE_INTEGER,
		flag: false,
		at: new Date(0),
		atMs: new Date(-62_135_596_800_000),
		doc: 'just text',
		mood: 'wild',
		note: '',
		ratio: -0,
		price: '0',
		priceNumber: -1,
		priceBigint: -9_223_372_036_854_775_808n,
		bytes: Buffer.alloc(0),
		big: 0n,
		blobDoc: [],
		money: { currency: '', cents: 0 },
	},
	{ id: 'nul and emoji', owner, ...NOTHING, note: `a${NUL}b🧊'"; DROP TABLE samples; --`, doc: [NUL, '\u2028', '🧊'] },
	{
		id: 'doubles',
		owner,
		...NOTHING,
		ratio: 5e-324,
		n: Number.MAX_SAFE_INTEGER,
		note: '12',
		price: '1e+300',
		priceNumber: 0.1 + 0.2,
	},
	{ id: 'infinite', owner, ...NOTHING, ratio: Number.POSITIVE_INFINITY, note: 'null', doc: 0 },
	{ id: 'whole double', owner, ...NOTHING, ratio: 2 ** 60, note: 'true', doc: false },
	{ id: 'long', owner, ...NOTHING, note: 'ß'.repeat(50_000), bytes: Buffer.alloc(60_000, 7) },
	{ id: '🧊/..%', owner, ...NOTHING, note: ' leading and trailing ' },
]

export const values: Readonly<Record<string, Scenario>> = {
	'every column mode reads back from the lake as from the shard, now, as of a moment, and as a change': async (env) => {
		const db = open(env, 'main')
		const owner = 'values-all'
		const before = await moment()
		await db.insert(samples).values(rows(owner))
		const written = await deliver(env, owner)
		await db.update(samples).set({ note: 'later' }).where(eq(samples.owner, owner))
		const after = await deliver(env, owner)
		await db.update(samples).set({ note: fragment`'earlier'` }).where(eq(samples.owner, owner))

		const strong = await db.select().from(samples).where(eq(samples.owner, owner)).orderBy(samples.id)
		deepStrictEqual(strong.length, rows(owner).length)
		const all = await db.analytics().select().from(samples).where(eq(samples.owner, owner)).orderBy(samples.id)
		deepStrictEqual(
			all,
			strong.map((row) => ({ ...row, note: 'later' })),
		)
		const expected = [...rows(owner)].sort((left, right) =>
			Buffer.compare(Buffer.from(left.id), Buffer.from(right.id)) > 0 ? 1 : -1,
		)
		const past = await db.asOf(written).select().from(samples).where(eq(samples.owner, owner)).orderBy(samples.id)
		// A double column of SQLite forgets the sign of a zero that it stores as an integer.
		const known = (row: { readonly ratio?: number | null | undefined }) => ({ ...row, ratio: row.ratio === 0 ? 0 : row.ratio })
		deepStrictEqual(past.map(known), expected.map(known))
		deepStrictEqual(
			past.map(({ ratio }) => ratio),
			strong.map(({ ratio }) => ratio),
		)
		const changes = await db.between(before, written).select().from(samples).where(eq(samples.owner, owner)).orderBy(samples.id)
		deepStrictEqual(
			changes.map(({ _op, _shard, _seq, _ts, ...row }) => {
				deepStrictEqual([_op, _shard, typeof _seq, typeof _ts], ['c', owner, 'bigint', 'number'])
				return row
			}),
			past,
		)
		const updates = await db.select().from(samples).where(eq(samples.owner, owner)).between(written, after)
		deepStrictEqual(new Set(updates.map(({ _op, note }) => `${_op} ${note}`)), new Set(['u later']))
	},

	'the template reads the same values from the lake as from the shard': async (env) => {
		const db = open(env, 'main')
		const { sql } = new WorkerRouter(env, { schema: lakes.main, durableObject: 'MAIN_DO' })
		const owner = 'values-template'
		await db.insert(samples).values(rows(owner))
		const written = await deliver(env, owner)
		const columns = Object.values(lakes.main.lake.tables.get('samples')?.columns ?? []).map(({ name }) => name)
		// Where a column of numeric affinity holds integers and doubles, a double is what the lake holds: see the types of the lake.
		const listed = fragment.raw(columns.filter((name) => !name.startsWith('price')).join(', '))
		const strong = await sql`SELECT ${listed} FROM samples WHERE owner = ${owner} ORDER BY id`.all()
		const lake = await sql.analytics`SELECT ${listed} FROM samples WHERE owner = ${owner} ORDER BY id`
		deepStrictEqual(plain(lake), plain(strong))
		deepStrictEqual(
			plain(await sql.asOf(written)`SELECT ${listed} FROM samples WHERE owner = ${owner} ORDER BY id`),
			plain(strong),
		)
		deepStrictEqual(
			plain(
				await sql.between(
					0,
					Date.now() + 1_000,
				)`SELECT ${listed} FROM samples WHERE owner = ${owner} AND _op IN ('c', 'u') ORDER BY id`,
			),
			plain(strong),
		)
		deepStrictEqual(
			await sql.analytics`SELECT id FROM samples WHERE owner = ${owner} AND note = ${`a${NUL}b🧊'"; DROP TABLE samples; --`}`.first(),
			{ id: 'nul and emoji' },
		)
		deepStrictEqual(await sql.analytics`SELECT count(*) AS n, sum(flag) AS flags FROM samples WHERE owner = ${owner}`.values(), [
			[rows(owner).length, 1],
		])
	},

	'integers beyond 2^53 keep every digit in the shard, on the wire and in the lake': async (env) => {
		const { sql } = new WorkerRouter(env, { schema: lakes.main, durableObject: 'MAIN_DO' })
		const owner = 'values-int64'
		for (const [id, n] of Object.entries({ min: -(2n ** 63n), max: 2n ** 63n - 1n, odd: 2n ** 53n + 1n }))
			await sql`INSERT INTO samples (id, owner, n) VALUES (${id}, ${owner}, ${n})`.run()
		await deliver(env, owner)
		const expected = [
			{ id: 'max', n: 2n ** 63n - 1n },
			{ id: 'min', n: -(2n ** 63n) },
			{ id: 'odd', n: 2n ** 53n + 1n },
		]
		deepStrictEqual(await sql`SELECT id, n FROM samples WHERE owner = ${owner} ORDER BY id`.all(), expected)
		deepStrictEqual(await sql.analytics`SELECT id, n FROM samples WHERE owner = ${owner} ORDER BY id`.all(), expected)
		deepStrictEqual(await sql.analytics`SELECT id FROM samples WHERE owner = ${owner} AND n = ${2n ** 53n + 1n}`.values(), [
			['odd'],
		])
	},

	'predicates and aggregates over Drizzle types agree between the shard and the lake': async (env) => {
		const db = open(env, 'main')
		const owner = 'values-predicates'
		await db.insert(samples).values(rows(owner))
		await deliver(env, owner)
		for (const source of [db, db.analytics()]) {
			const found = (where: Parameters<typeof fragment>[1]) =>
				source
					.select({ id: samples.id })
					.from(samples)
					.where(fragment`${eq(samples.owner, owner)} AND ${where}`)
					.orderBy(samples.id)
			deepStrictEqual(await found(eq(samples.flag, true)), [{ id: 'full' }])
			deepStrictEqual(await found(gt(samples.at, new Date(1))), [{ id: 'full' }])
			deepStrictEqual(await found(eq(samples.atMs, new Date(1_790_000_000_123))), [{ id: 'full' }])
			deepStrictEqual(await found(eq(samples.bytes, Buffer.from([0, 255, 39, 10]))), [{ id: 'full' }])
			deepStrictEqual(await found(eq(samples.money, { currency: 'EUR', cents: 1999 })), [{ id: 'full' }])
			deepStrictEqual(await found(eq(samples.doc, 'just text')), [{ id: 'edges' }])
			deepStrictEqual(await found(eq(samples.note, '')), [{ id: 'edges' }])
			deepStrictEqual(await source.$count(samples, eq(samples.owner, owner)), rows(owner).length)
		}
	},

	'composite keys and the global table reach the lake': async (env) => {
		const db = open(env, 'main')
		for (const [tenant, region] of [
			[1, 'eu'],
			[1, 'us:east'],
			[12, 'eu'],
		] as const)
			await db.insert(lines).values([
				{ tenant, region, no: 1, product: `${tenant} ${region}` },
				{ tenant, region, no: 2, product: null, quantity: 5 },
			])
		await db.insert(settings).values([{ key: 'theme', value: { dark: true } }])
		await db.insert(settings).values([{ key: 'empty', value: [] }])
		const global = await db.select().from(settings).orderBy(settings.key)
		deepStrictEqual(global, [
			{ key: 'empty', value: [] },
			{ key: 'theme', value: { dark: true } },
		])
		const shards = [
			computeShardId(lakes.main.lake, 'lines', [1n, 'eu']),
			computeShardId(lakes.main.lake, 'lines', [1n, 'us:east']),
			computeShardId(lakes.main.lake, 'lines', [12n, 'eu']),
			computeShardId(lakes.main.lake, 'settings', null),
		]
		deepStrictEqual(new Set(shards).size, 4)
		await deliver(env, ...shards)
		deepStrictEqual(await db.analytics().select().from(settings).orderBy(settings.key), global)
		const lake = await db.analytics().select().from(lines).orderBy(lines.tenant, lines.region, lines.no)
		deepStrictEqual(
			lake.map(({ tenant, region, no, quantity }) => [tenant, region, no, quantity]),
			[
				[1, 'eu', 1, 1],
				[1, 'eu', 2, 5],
				[1, 'us:east', 1, 1],
				[1, 'us:east', 2, 5],
				[12, 'eu', 1, 1],
				[12, 'eu', 2, 5],
			],
		)
	},
}

/** Bytes as arrays, so that a view and its copy are equal. */
function plain(rows: readonly unknown[]): unknown {
	return rows.map((row) =>
		Object.fromEntries(
			Object.entries(Object(row)).map(([name, value]) => {
				if (value instanceof ArrayBuffer) return [name, [...new Uint8Array(value)].join()]
				return [name, value instanceof Uint8Array ? [...value].join() : value]
			}),
		),
	)
}
