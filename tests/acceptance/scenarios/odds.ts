import { deepStrictEqual, ok } from 'node:assert/strict'
import { and, eq, sql as fragment, inArray } from 'drizzle-orm'
import { SQLakeError, WorkerRouter } from 'sqlake'
import { accounts, lakes, odd, samples } from '../schema.ts'
import { deliver, moment, open, type Scenario } from './support.ts'

export const odds: Readonly<Record<string, Scenario>> = {
	'names that must be quoted, computed columns and rows that refer to each other reach the lake': async (env) => {
		const db = open(env, 'main')
		const owner = 'odds'
		const mine = eq(odd.owner, owner)
		await db.insert(odd).values([
			{ owner, group: 'g', quoted: 21, spaced: 'a b' },
			{ owner, group: null, quoted: null, parent: 1 },
			{ owner, group: 'select', quoted: -1, parent: 2, upper: null },
		])
		const first = await deliver(env, owner)
		const before = await db.select().from(odd).where(mine).orderBy(odd.id)
		deepStrictEqual(
			before.map(({ stored, virtual, parent }) => [stored, virtual, parent]),
			[
				['G', 42, null],
				[null, null, 1],
				['SELECT', -2, 2],
			],
		)
		deepStrictEqual(await db.analytics().select().from(odd).where(mine).orderBy(odd.id), before)
		// The key of the first row changes and cascades; the second row goes and sets the third free.
		await db
			.update(odd)
			.set({ id: 10, quoted: 5 })
			.where(and(mine, eq(odd.id, 1)))
		await db.delete(odd).where(and(mine, eq(odd.id, 2)))
		await db.insert(odd).values({ owner, group: 'next' })
		await deliver(env, owner)
		const after = await db.select().from(odd).where(mine).orderBy(odd.id)
		deepStrictEqual(
			after.map(({ id, virtual, parent }) => [id, virtual, parent]),
			[
				[3, -2, null],
				[10, 10, null],
				[11, null, null],
			],
		)
		deepStrictEqual(await db.analytics().select().from(odd).where(mine).orderBy(odd.id), after)
		deepStrictEqual(await db.asOf(first).select().from(odd).where(mine).orderBy(odd.id), before)
		deepStrictEqual(
			await db
				.analytics()
				.select({ group: odd.group })
				.from(odd)
				.where(and(mine, eq(odd.virtual, 10))),
			[{ group: 'g' }],
		)
		const { sql } = new WorkerRouter(env, { schema: lakes.main, durableObject: 'MAIN_DO' })
		deepStrictEqual(
			await sql.analytics`SELECT "a""b" AS n, [with space] FROM "Ödd näME" WHERE "owner" = ${owner} AND \`group\` = 'g'`.all(),
			[{ n: 5, 'with space': 'a b' }],
		)
	},

	'many shards that deliver at once, and queries in between, lose nothing': async (env) => {
		const db = open(env, 'main')
		const owners = Array.from({ length: 24 }, (_, n) => `crowd-${n}`)
		await Promise.all(owners.map((owner, n) => db.insert(samples).values({ id: owner, owner, n })))
		const flush = async (owner: string): Promise<void> => {
			for (let attempt = 1; ; attempt++) {
				try {
					await env.MAIN_DO.get(env.MAIN_DO.idFromName(owner)).flush()
					return
				} catch (error) {
					ok(attempt < 10, String(error))
				}
			}
		}
		const asking = Array.from({ length: 5 }, async () => db.analytics().$count(samples, inArray(samples.owner, owners)))
		await Promise.all([...owners.map(flush), ...asking])
		deepStrictEqual(
			await db
				.analytics()
				.select({ owner: samples.owner, n: samples.n })
				.from(samples)
				.where(inArray(samples.owner, owners))
				.orderBy(samples.n),
			owners.map((owner, n) => ({ owner, n })),
		)
		const counted = await db
			.between(0, 8.64e15)
			.select({ n: fragment<number>`count(*)` })
			.from(samples)
			.where(inArray(samples.owner, owners))
		deepStrictEqual(counted, [{ n: 24 }])
	},

	'values bound in a template mean the same in the shard and in the lake': async (env) => {
		const { sql } = new WorkerRouter(env, { schema: lakes.main, durableObject: 'MAIN_DO' })
		const id = 'odds-bound'
		await sql`INSERT INTO accounts (id, email, age) VALUES (${id}, ${'e'}, ${5n})`.run()
		await deliver(env, id)
		for (const tag of [sql, sql.analytics]) {
			const ask = async (value: unknown) =>
				(await tag`SELECT ${value} AS v, typeof(${value}) AS t FROM accounts WHERE id = ${id}`.all())[0]
			deepStrictEqual(await ask('text'), { v: 'text', t: 'text' })
			deepStrictEqual(await ask(''), { v: '', t: 'text' })
			deepStrictEqual(await ask(1.5), { v: 1.5, t: 'real' })
			deepStrictEqual(await ask(7), { v: 7, t: 'real' })
			deepStrictEqual(await ask(7n), { v: 7, t: 'integer' })
			deepStrictEqual(await ask(2n ** 60n), { v: 2n ** 60n, t: 'integer' })
			deepStrictEqual(await ask(true), { v: 1, t: 'integer' })
			deepStrictEqual(await ask(null), { v: null, t: 'null' })
			deepStrictEqual((await ask(new Uint8Array([0, 1])))?.t, 'blob')
		}
	},

	'what is sent to an object past the driver is checked there': async (env) => {
		const object = env.MAIN_DO.get(env.MAIN_DO.idFromName('odds-rpc'))
		const shard = 'odds-rpc'
		const statement = (sql: string, params: unknown[] = []) => ({ shard, readOnly: false, statements: [{ sql, params }] })
		for (const request of [
			undefined,
			null,
			'SELECT 1',
			{},
			{ shard, readOnly: false, statements: 'SELECT 1' },
			{ ...statement('SELECT 1'), shard: 'another' },
			statement('SELECT 1; SELECT 2'),
			statement('DROP TABLE accounts'),
			statement('PRAGMA recursive_triggers = OFF'),
			statement('DELETE FROM _cdc_buffer'),
			statement('SELECT * FROM "_cdc_buffer"'),
			statement('CREATE TRIGGER t AFTER INSERT ON accounts BEGIN SELECT 1; END'),
			statement('SELECT ?', [{}]),
			statement('SELECT ?', Array(101).fill(1)),
			{ ...statement("INSERT INTO accounts (id, email) VALUES ('a', 'b')"), readOnly: true },
		]) {
			const envelope = await object.sqlakeExecute(request as never)
			ok(!envelope.ok, JSON.stringify(request))
			ok(
				SQLakeError.is(SQLakeError.fromJSON(envelope.error as never)) && envelope.error.code !== 'INTERNAL',
				JSON.stringify(envelope.error),
			)
		}
		const db = open(env, 'main')
		deepStrictEqual(await db.shard(shard).select().from(accounts), [])
		ok(await moment())
	},
}
