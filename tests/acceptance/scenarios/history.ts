import { deepStrictEqual, ok } from 'node:assert/strict'
import { and, eq, sql as fragment, inArray } from 'drizzle-orm'
import { accounts, lines, posts, samples } from '../schema.ts'
import { deliver, moment, open, type Scenario } from './support.ts'

/** Numbers that look random and are the same each time (mulberry32). */
function randomness(seed: number): (below: number) => number {
	let state = seed
	return (below) => {
		state = (state + 0x6d2b79f5) | 0
		let t = Math.imul(state ^ (state >>> 15), 1 | state)
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
		return ((t ^ (t >>> 14)) >>> 0) % below
	}
}

export const history: Readonly<Record<string, Scenario>> = {
	'any history of writes and flushes reads back at every moment as the shards were then': async (env) => {
		const db = open(env, 'main')
		const random = randomness(7)
		const owners = ['history-a', 'history-b', 'history/c']
		const mine = inArray(posts.accountId, owners)
		const states: { at: number; rows: unknown[] }[] = []
		for (const owner of owners) await db.insert(accounts).values({ id: owner, email: owner })
		for (let step = 0; step < 60; step++) {
			const owner = owners[random(owners.length)] ?? ''
			const id = `${owner}:${random(5)}`
			const slug = random(3) === 0 ? `slug ${random(3)}` : null
			const here = and(eq(posts.accountId, owner), eq(posts.id, id))
			const row = { id, accountId: owner, title: `step ${step}`, slug }
			const writes = [
				() =>
					db
						.insert(posts)
						.values(row)
						.onConflictDoUpdate({ target: posts.id, set: { title: row.title } }),
				() =>
					db.run(
						fragment`INSERT OR REPLACE INTO posts (id, account_id, title, slug) VALUES (${id}, ${owner}, ${row.title}, ${slug})`,
					),
				() => db.update(posts).set({ title: row.title, slug }).where(here),
				() =>
					db
						.update(posts)
						.set({ id: `${owner}:${random(5)}` })
						.where(here),
				() => db.delete(posts).where(here),
				() => db.batch([db.delete(posts).where(eq(posts.accountId, owner)), db.insert(posts).values(row)]),
				() => db.delete(accounts).where(eq(accounts.id, owner)),
				() => deliver(env, owner),
			]
			// What breaks a constraint changes nothing, in the shard and in the lake.
			await Promise.allSettled([writes[random(writes.length)]?.()])
			await db.insert(accounts).values({ id: owner, email: owner }).onConflictDoNothing()
			if (step % 5 !== 0) continue
			const rows = []
			for (const shard of owners)
				rows.push(...(await db.select().from(posts).where(eq(posts.accountId, shard)).orderBy(posts.id)))
			states.push({ at: await moment(), rows })
		}
		await deliver(env, ...owners)
		ok(states.some(({ rows }) => rows.length > 3))
		for (const { at, rows } of states)
			deepStrictEqual(await db.asOf(at).select().from(posts).where(mine).orderBy(posts.accountId, posts.id), rows)

		// Every change is listed once, in the order of its shard.
		const changes = await db.between(0, 8.64e15).select().from(posts).where(mine).orderBy(fragment`_shard`, fragment`_seq`)
		deepStrictEqual(new Set(changes.map(({ _shard, _seq }) => `${_shard} ${_seq}`)).size, changes.length)
		for (const [index, { _shard, _seq, _ts }] of changes.entries()) {
			const next = changes[index + 1]
			ok(next === undefined || next._shard > _shard || (next._seq > _seq && next._ts >= _ts))
		}
		ok(changes.length > 30)
	},

	'a transaction of a shard is in the lake as a whole at every moment': async (env) => {
		const db = open(env, 'main')
		const owner = 'history-batch'
		const started = Date.now()
		for (let round = 0; round < 15; round++) {
			await db.batch(
				[
					db.delete(samples).where(eq(samples.owner, owner)),
					db.insert(samples).values(Array.from({ length: 10 }, (_, n) => ({ id: `${n}`, owner, n: round }))),
					db.insert(lines).values({ tenant: 1, region: 'x', no: round }).onConflictDoNothing(),
				].slice(0, 2) as never,
			)
			if (round % 4 === 0) await deliver(env, owner)
		}
		const ended = await deliver(env, owner)
		for (let at = started; at <= ended; at += Math.max(1, Math.floor((ended - started) / 12))) {
			const rows = await db.asOf(at).select({ n: samples.n }).from(samples).where(eq(samples.owner, owner))
			ok(rows.length === 0 || rows.length === 10, `${rows.length} rows at ${at}`)
			ok(new Set(rows.map(({ n }) => n)).size <= 1)
		}
	},
}
