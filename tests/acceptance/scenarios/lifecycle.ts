import { deepStrictEqual, ok } from 'node:assert/strict'
import { eq } from 'drizzle-orm'
import { drizzle, sqlake } from 'sqlake'
import { accounts, lakes, samples, settings } from '../schema.ts'
import { open, refused, type Scenario } from './support.ts'

export const lifecycle: Readonly<Record<string, Scenario>> = {
	'changes reach the lake by the alarm, after a threshold and after a time, also when the object dies': async (env) => {
		const db = open(env, 'live')
		const owner = 'live'
		const object = () => env.LIVE_DO.get(env.LIVE_DO.idFromName(owner))
		const arrives = async (n: number) => {
			for (let attempt = 0; attempt < 100; attempt++) {
				if ((await db.analytics().$count(samples, eq(samples.owner, owner))) === n) return
				await scheduler.wait(50)
			}
			throw new Error(`${n} rows did not arrive: ${JSON.stringify(await object().getCDCFlushMetrics())}`)
		}
		await db.insert(samples).values({ id: '0', owner })
		await arrives(1)
		await db.insert(samples).values(Array.from({ length: 20 }, (_, n) => ({ id: `t${n}`, owner })))
		await arrives(21)
		await db.insert(samples).values({ id: 'before death', owner })
		await Promise.allSettled([object().die()])
		await arrives(22)
		await db.insert(samples).values({ id: 'after death', owner })
		await arrives(23)
		const { buffered, lag, consecutiveFailures, lastError } = await object().getCDCFlushMetrics()
		deepStrictEqual([buffered, lag, consecutiveFailures, lastError], [0, 0, 0, null])
	},

	'a constructor, an alarm and a fetch of the application work beside those of sqlake': async (env) => {
		const db = open(env, 'live')
		const object = env.LIVE_DO.get(env.LIVE_DO.idFromName('_global'))
		deepStrictEqual(await (await object.fetch('http://object/')).text(), 'started with 0')
		await object.ringAt(Date.now() + 50)
		for (let attempt = 0; attempt < 100 && (await db.select().from(settings)).length === 0; attempt++) await scheduler.wait(50)
		deepStrictEqual(await db.select().from(settings), [{ key: 'alarm', value: 'rang' }])
		const other = env.MAIN_DO.get(env.MAIN_DO.idFromName('no-fetch'))
		deepStrictEqual((await other.fetch('http://object/?sql=SELECT+1')).status, 404)
	},

	'an object that forgot everything begins anew, and so does its part of the lake': async (env) => {
		const db = open(env, 'live')
		const id = 'live-forgetful'
		const object = env.LIVE_DO.get(env.LIVE_DO.idFromName(id))
		await db.insert(accounts).values({ id, email: 'old', age: 1 })
		await object.flush()
		await object.forget()
		await db.insert(accounts).values({ id, email: 'new' })
		await object.flush()
		const strong = await db.select().from(accounts).where(eq(accounts.id, id))
		deepStrictEqual(strong, [{ id, email: 'new', age: null }])
		deepStrictEqual(await db.analytics().select().from(accounts).where(eq(accounts.id, id)), strong)
	},

	'an object whose tables are missing says so, to every caller': async (env) => {
		const db = drizzle(sqlake({ ...env }, { schema: lakes.live, durableObject: 'BROKEN_DO' }))
		for (let attempt = 0; attempt < 2; attempt++) {
			const error = await Promise.resolve(db.insert(accounts).values({ id: 'broken', email: 'x' })).catch(
				(error: unknown) => error,
			)
			ok(error instanceof Error && 'code' in error && 'hint' in error, String(error))
			ok(['CAPTURE_INSTALL', 'MIGRATION_MISSING', 'QUERY_FAILED'].includes(String(error.code)), `${error.code}: ${error.message}`)
			ok(error.message.includes('accounts') || error.message.includes('table'), error.message)
		}
		const absent = { BROKEN_DO: env.MAIN_DO, LIVE_BUCKET: env.LIVE_BUCKET }
		ok(sqlake(absent, { schema: lakes.live }))
		await refused('BINDING_MISSING', () => sqlake({ LIVE_BUCKET: env.LIVE_BUCKET }, { schema: lakes.live }))
	},
}
