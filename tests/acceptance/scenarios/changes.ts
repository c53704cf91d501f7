import { deepStrictEqual, ok } from 'node:assert/strict'
import { and, eq } from 'drizzle-orm'
import { bookmarkOf, computeShardId, WorkerRouter } from 'sqlake'
import { accounts, audit, lakes, lines, posts, samples } from '../schema.ts'
import type { Env } from '../worker.ts'
import { deliver, moment, open, type Scenario } from './support.ts'

export const changes: Readonly<Record<string, Scenario>> = {
	'updates, deletes, upserts, REPLACE, key changes and no-ops end in the lake as they end in the shard': async (env) => {
		const db = open(env, 'main')
		const { sql } = new WorkerRouter(env, { schema: lakes.main, durableObject: 'MAIN_DO' })
		const owner = 'changes-all'
		await db.insert(accounts).values({ id: owner, email: 'changes@example.com' })
		const post = (id: string, slug: string | null = null) => ({ id, accountId: owner, title: id, slug })
		const history: { at: number; rows: unknown }[] = []
		const remember = async () => {
			await deliver(env, owner)
			history.push({
				at: await moment(),
				rows: await db.select().from(posts).where(eq(posts.accountId, owner)).orderBy(posts.id),
			})
		}
		await db.insert(posts).values([post('p1', 's1'), post('p2', 's2'), post('p3'), post('p4')])
		await remember()
		await db
			.update(posts)
			.set({ title: 'new' })
			.where(and(eq(posts.accountId, owner), eq(posts.id, 'p1')))
		await db.delete(posts).where(and(eq(posts.accountId, owner), eq(posts.id, 'p3')))
		await remember()
		await db
			.insert(posts)
			.values(post('p2'))
			.onConflictDoUpdate({ target: posts.id, set: { title: 'upserted' } })
		await db.insert(posts).values(post('p2')).onConflictDoNothing()
		await remember()
		// REPLACE removes two rows: one by the primary key, another by the unique slug.
		await sql`INSERT OR REPLACE INTO posts (id, account_id, title, slug) VALUES (${'p4'}, ${owner}, ${'replaced'}, ${'s1'})`.run()
		await remember()
		await db
			.update(posts)
			.set({ id: 'p9' })
			.where(and(eq(posts.accountId, owner), eq(posts.id, 'p4')))
		await db.insert(posts).values(post('p4'))
		await remember()
		await db
			.update(posts)
			.set({ id: 'p4' })
			.where(and(eq(posts.accountId, owner), eq(posts.id, 'p4')))
		await db.delete(posts).where(eq(posts.accountId, owner))
		await remember()
		await db.insert(posts).values(post('p1'))
		await remember()

		for (const [step, { at, rows }] of history.entries()) {
			const past = await db.asOf(at).select().from(posts).where(eq(posts.accountId, owner)).orderBy(posts.id)
			deepStrictEqual(past, rows, `step ${step + 1}`)
		}
		deepStrictEqual(await db.analytics().select().from(posts).where(eq(posts.accountId, owner)), history.at(-1)?.rows)
		await auditAgrees(env, owner)
	},

	'a cascade, and the rows of the own trigger, reach the lake': async (env) => {
		const db = open(env, 'main')
		const id = 'changes-cascade'
		await db.batch([
			db.insert(accounts).values({ id, email: `${id}@example.com`, age: 3 }),
			db.insert(posts).values([
				{ id: 'c1', accountId: id, title: 'one' },
				{ id: 'c2', accountId: id, title: 'two' },
			]),
		])
		const written = await deliver(env, id)
		await db.delete(accounts).where(eq(accounts.id, id))
		const deleted = await deliver(env, id)
		const lake = db.analytics()
		deepStrictEqual(await lake.select().from(accounts).where(eq(accounts.id, id)), [])
		deepStrictEqual(await lake.select().from(posts).where(eq(posts.accountId, id)), [])
		deepStrictEqual((await db.asOf(written).select().from(posts).where(eq(posts.accountId, id))).length, 2)
		await auditAgrees(env, id)
		const changes = await db.between(written, deleted).select().from(posts).where(eq(posts.accountId, id)).orderBy(posts.id)
		deepStrictEqual(
			changes.map(({ _op, id, title }) => [_op, id, title]),
			[
				['d', 'c1', 'one'],
				['d', 'c2', 'two'],
			],
		)
	},

	'what the object writes by itself is captured, and what it rolls back is not': async (env) => {
		const db = open(env, 'main')
		const id = 'changes-local'
		const object = env.MAIN_DO.get(env.MAIN_DO.idFromName(id))
		deepStrictEqual(await object.publish(id, ['a', 'b']), 2)
		deepStrictEqual(await object.failing(`${id}/rolled-back`), 'Error: no')
		await deliver(env, id)
		const lake = db.analytics()
		deepStrictEqual(
			await lake.select().from(posts).where(eq(posts.accountId, id)).orderBy(posts.id),
			await db.select().from(posts).where(eq(posts.accountId, id)).orderBy(posts.id),
		)
		deepStrictEqual(await lake.select().from(accounts).where(eq(accounts.id, id)), [
			{ id, email: `${id}@example.com`, age: null },
		])
		deepStrictEqual(
			await lake
				.select()
				.from(accounts)
				.where(eq(accounts.id, `${id}/rolled-back`)),
			[],
		)
		await auditAgrees(env, id)
	},

	'a row of a composite key is updated and deleted in the lake by the whole key': async (env) => {
		const db = open(env, 'main')
		const [tenant, region] = [77, 'changes']
		const shard = computeShardId(lakes.main.lake, 'lines', [BigInt(tenant), region])
		const mine = and(eq(lines.tenant, tenant), eq(lines.region, region))
		await db.insert(lines).values([1, 2, 3].map((no) => ({ tenant, region, no, product: `product ${no}` })))
		await deliver(env, shard)
		await db
			.update(lines)
			.set({ quantity: 9 })
			.where(and(mine, eq(lines.no, 2)))
		await db.delete(lines).where(and(mine, eq(lines.no, 1)))
		await db
			.update(lines)
			.set({ no: 10 })
			.where(and(mine, eq(lines.no, 3)))
		await deliver(env, shard)
		const strong = await db.select().from(lines).where(mine).orderBy(lines.no)
		deepStrictEqual(
			strong.map(({ no, quantity }) => [no, quantity]),
			[
				[2, 9],
				[10, 1],
			],
		)
		deepStrictEqual(await db.analytics().select().from(lines).where(mine).orderBy(lines.no), strong)
	},

	'every write returns its bookmark, and a causal read sees it': async (env) => {
		const db = open(env, 'main')
		const { sql } = new WorkerRouter(env, { schema: lakes.main, durableObject: 'MAIN_DO' })
		const owner = 'bookmarks'
		const inserted = await db.insert(samples).values({ id: 'b1', owner })
		deepStrictEqual([inserted.rowsAffected, inserted.bookmark], [1, { shard: owner, seq: 1n, epoch: 1 }])
		const updated = await db.update(samples).set({ note: 'x' }).where(eq(samples.owner, owner))
		ok((updated.bookmark?.seq ?? 0n) > 1n)
		const returned = await db.insert(samples).values({ id: 'b2', owner }).returning()
		const third = bookmarkOf(returned)
		ok((third?.seq ?? 0n) > (updated.bookmark?.seq ?? 0n))
		const ran = await sql`UPDATE samples SET note = ${'y'} WHERE owner = ${owner}`.run()
		ok((ran.bookmark?.seq ?? 0n) > (third?.seq ?? 0n))
		const batch = await db.batch([
			db.insert(samples).values({ id: 'b3', owner }),
			db.delete(samples).where(and(eq(samples.owner, owner), eq(samples.id, 'b1'))),
		])
		const last = batch[1].bookmark
		ok(last !== null && last.seq > (ran.bookmark?.seq ?? 0n))
		deepStrictEqual(db.lastBookmark(owner), last)
		const nothing = await db
			.update(samples)
			.set({ note: 'z' })
			.where(and(eq(samples.owner, owner), eq(samples.id, 'none')))
		deepStrictEqual([nothing.rowsAffected, nothing.bookmark], [0, null])

		const { shard, seq } = last
		const reading = db
			.causal({ shard, seq })
			.select({ id: samples.id })
			.from(samples)
			.where(eq(samples.owner, owner))
			.orderBy(samples.id)
		const waiting = sql.causal(last)`SELECT id FROM samples WHERE owner = ${owner} ORDER BY id`
		const [fromBuilder, fromTemplate] = await Promise.all([reading, waiting, deliver(env, owner)])
		deepStrictEqual(fromBuilder, [{ id: 'b2' }, { id: 'b3' }])
		deepStrictEqual(fromTemplate, [{ id: 'b2' }, { id: 'b3' }])
	},
}

/** The rows that the trigger wrote are in the lake as in the shard. */
async function auditAgrees(env: Env, account: string): Promise<void> {
	const db = open(env, 'main')
	const strong = await db.select().from(audit).where(eq(audit.accountId, account)).orderBy(audit.id)
	ok(strong.length > 0)
	deepStrictEqual(await db.analytics().select().from(audit).where(eq(audit.accountId, account)).orderBy(audit.id), strong)
}
