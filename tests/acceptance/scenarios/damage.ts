import { deepStrictEqual, ok } from 'node:assert/strict'
import { and, eq } from 'drizzle-orm'
import { drizzle, sqlake } from 'sqlake'
import { lakes, samples } from '../schema.ts'
import { refused, type Scenario } from './support.ts'

/** The object that says what the lake is, where no catalog object does. */
const POINTER = 'metadata/catalog.json'

export const damage: Readonly<Record<string, Scenario>> = {
	'a damaged or missing file of the lake is told by its name, and heals when the file comes back': async (env) => {
		const owner = 'damage'
		// A client of its own each time: none remembers what it has read.
		const lake = () => drizzle(sqlake({ ...env }, { schema: lakes.damaged, durableObject: 'DAMAGED_DO' }))
		const db = lake()
		const object = env.DAMAGED_DO.get(env.DAMAGED_DO.idFromName(owner))
		await db.insert(samples).values([{ id: 'd1', owner, note: 'one' }])
		await object.flush()
		await db.insert(samples).values([{ id: 'd2', owner, note: 'two' }])
		await db
			.update(samples)
			.set({ note: 'new' })
			.where(and(eq(samples.owner, owner), eq(samples.id, 'd1')))
		await object.flush()
		const strong = await db.select().from(samples).where(eq(samples.owner, owner)).orderBy(samples.id)
		const read = () => lake().analytics().select().from(samples).where(eq(samples.owner, owner)).orderBy(samples.id)
		deepStrictEqual(await read(), strong)

		const { objects } = await env.DAMAGED_BUCKET.list()
		const live = objects.map(({ key }) => key)
		let told = 0
		for (const key of live) {
			const whole = await (await env.DAMAGED_BUCKET.get(key))?.arrayBuffer()
			ok(whole)
			const flipped = new Uint8Array(whole.slice(0))
			for (let index = 0; index < flipped.length; index += 7) flipped[index] = (flipped[index] ?? 0) ^ 0x5a
			const damages: Record<string, Uint8Array | null> = {
				garbage: new TextEncoder().encode('this is not what you asked for'),
				truncated: new Uint8Array(whole.slice(0, Math.floor(whole.byteLength / 2))),
				flipped,
				empty: new Uint8Array(),
				missing: null,
			}
			for (const [kind, bytes] of Object.entries(damages)) {
				// Without its pointer a bucket is a new lake: see the next scenario.
				if (kind === 'missing' && key === POINTER) continue
				if (bytes === null) await env.DAMAGED_BUCKET.delete(key)
				else await env.DAMAGED_BUCKET.put(key, bytes)
				let answer: unknown
				try {
					answer = await read()
				} catch (error) {
					const { message } = await refused('LAKE_CORRUPT', () => Promise.reject(error))
					ok(message.includes(key), `${kind} ${key}: expected its name, found ${message}`)
					told++
				}
				// A file that no current snapshot needs does no harm.
				if (answer !== undefined) deepStrictEqual(answer, strong, `${kind} ${key}`)
			}
			await env.DAMAGED_BUCKET.put(key, whole)
			deepStrictEqual(await read(), strong)
		}
		ok(told >= 5 * 3, `${told} damages were told`)

		await db.insert(samples).values([{ id: 'd3', owner, note: 'three' }])
		await object.flush()
		deepStrictEqual(await read(), await db.select().from(samples).where(eq(samples.owner, owner)).orderBy(samples.id))
	},

	'a lake that lost its pointer is not taken for an empty one; begun anew, it is filled by the next flush of each shard': async (
		env,
	) => {
		const owner = 'pointer'
		const lake = () => drizzle(sqlake({ ...env }, { schema: lakes.damaged, durableObject: 'DAMAGED_DO' }))
		const mine = eq(samples.owner, owner)
		const read = () => lake().analytics().select().from(samples).where(mine).orderBy(samples.id)
		const object = env.DAMAGED_DO.get(env.DAMAGED_DO.idFromName(owner))
		await lake().insert(samples).values({ id: 'p1', owner })
		await object.flush()
		await env.DAMAGED_BUCKET.delete(POINTER)
		await lake().insert(samples).values({ id: 'p2', owner })
		// A catalog object keeps its tables itself.
		if (env.SQLAKE_CATALOG === undefined) {
			await refused('LAKE_CORRUPT', read)
			await refused('LAKE_CORRUPT', () => object.flush())
			const { objects } = await env.DAMAGED_BUCKET.list({ prefix: 'metadata/' })
			await env.DAMAGED_BUCKET.delete(objects.map(({ key }) => key))
		}
		await object.flush()
		deepStrictEqual(await read(), await lake().select().from(samples).where(mine).orderBy(samples.id))
	},
}
