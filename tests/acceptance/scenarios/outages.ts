import { deepStrictEqual, ok } from 'node:assert/strict'
import { eq } from 'drizzle-orm'
import { drizzle, SQLakeError, sqlake } from 'sqlake'
import { type Fault, faultyBucket } from '../faults.ts'
import { lakes, samples } from '../schema.ts'
import { open, refused, type Scenario } from './support.ts'

export const outages: Readonly<Record<string, Scenario>> = {
	'while the bucket fails, writes go on, the flush says why, and nothing is lost or doubled afterwards': async (env) => {
		const db = open(env, 'faulty')
		const owner = 'outage'
		const object = env.FAULTY_DO.get(env.FAULTY_DO.idFromName(owner))
		let n = 0
		for (const fault of ['down', 'throttled', 'garbage', 'lost-answers', 'none'] satisfies Fault[]) {
			await object.setFault(fault)
			await db.insert(samples).values([
				{ id: `${fault}-1`, owner, n: n++ },
				{ id: `${fault}-2`, owner, n: n++ },
			])
			await db.update(samples).set({ note: fault }).where(eq(samples.owner, owner))
			try {
				await object.flush()
			} catch (error) {
				// Errors of the object's own methods keep their code and hint over RPC, too.
				ok(SQLakeError.is(error) && error.hint.length > 5, String(error))
				const metrics = await object.getCDCFlushMetrics()
				ok(metrics.consecutiveFailures > 0 && metrics.buffered > 0, JSON.stringify(metrics))
				ok(String(metrics.lastError).length > 5, JSON.stringify(metrics))
			}
		}
		const metrics = await object.getCDCFlushMetrics()
		deepStrictEqual([metrics.buffered, metrics.consecutiveFailures], [0, 0])
		const strong = await db.select().from(samples).where(eq(samples.owner, owner)).orderBy(samples.n)
		deepStrictEqual(strong.length, 10)
		deepStrictEqual(await db.analytics().select().from(samples).where(eq(samples.owner, owner)).orderBy(samples.n), strong)
		const changes = await db.between(0, 8.64e15).select().from(samples).where(eq(samples.owner, owner))
		// Ten inserts; the updates touched 2, 4, 6, 8 and 10 rows.
		deepStrictEqual(changes.length, 40)
		deepStrictEqual(new Set(changes.map(({ _seq }) => _seq)).size, 40)
	},

	'a lake query over a failing bucket is a typed error, and the next one works': async (env) => {
		const owner = 'outage-read'
		const db = open(env, 'faulty')
		await db.insert(samples).values({ id: 'r', owner })
		await env.FAULTY_DO.get(env.FAULTY_DO.idFromName(owner)).flush()
		let fault: Fault = 'none'
		const reader = drizzle(
			sqlake(
				{ ...env, FAULTY_BUCKET: faultyBucket(env.FAULTY_BUCKET, () => fault) },
				{ schema: lakes.faulty, durableObject: 'FAULTY_DO' },
			),
		)
		const read = () => reader.analytics().select({ id: samples.id }).from(samples).where(eq(samples.owner, owner))
		for (const kind of ['down', 'throttled', 'garbage', 'none'] satisfies Fault[]) {
			fault = kind
			if (kind === 'none') deepStrictEqual(await read(), [{ id: 'r' }])
			else if (kind === 'garbage') await refused('LAKE_CORRUPT', read)
			else await refused('STORE_UNAVAILABLE', read)
		}
	},
}
