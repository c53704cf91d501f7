import { deepStrictEqual } from 'node:assert/strict'
import { eq } from 'drizzle-orm'
import { drizzle, type SQLakeDatabase, sqlake, WorkerRouter } from 'sqlake'
import { planEvolution, tableEvolutions } from 'sqlake/iceberg'
import { deployed, releases } from '../releases.ts'
import type { Env } from '../worker.ts'
import { moment, type Scenario } from './support.ts'

const { first, second } = releases

/** What `sqlake()` answers, with or without the manifest. */
function client<T extends SQLakeDatabase>(
	env: Env,
	release: { readonly schema: T; readonly migrations?: typeof first.migrations },
) {
	return sqlake(env, { ...release, durableObject: 'EVOLVING_DO' })
}

const shardOf = (env: Env, name: string) => env.EVOLVING_DO.get(env.EVOLVING_DO.idFromName(name))

async function flush(env: Env, ...shards: readonly string[]): Promise<number> {
	for (const shard of shards) await shardOf(env, shard).flush()
	return moment()
}

export const evolution: Readonly<Record<string, Scenario>> = {
	'a migration reaches shards one by one; the lake follows, and the past stays as it was': async (env) => {
		deployed.release = 'first'
		const old = drizzle(client(env, first))
		const { members } = first.schema.tables
		const at = 1_700_000_000
		for (const id of ['ada', 'ben', 'cleo']) await old.insert(members).values({ id, email: `${id}@x`, age: 30, joined: at })
		const before = await flush(env, 'ada', 'ben', 'cleo')
		const past = await old.asOf(before).select().from(members).orderBy(members.id)
		deepStrictEqual(past[0], { id: 'ada', email: 'ada@x', age: 30, joined: at })

		// Another release: new objects have it at once, ada once it has restarted, the others go on as they were.
		await old.update(members).set({ age: 31 }).where(eq(members.id, 'ada'))
		deployed.release = 'second'
		await Promise.allSettled([shardOf(env, 'ada').die()])
		const now = drizzle(client(env, second))
		const { members: people } = second.schema.tables
		const joined = new Date(at * 1000)
		await now.insert(people).values({ id: 'dora', mail: 'dora@x', plan: 'pro' })
		await now.update(people).set({ plan: 'team' }).where(eq(people.id, 'ada'))
		await old.update(members).set({ email: 'ben@new' }).where(eq(members.id, 'ben'))
		await flush(env, 'ben', 'ada', 'dora')
		const mixed = [
			{ id: 'ada', mail: 'ada@x', joined, plan: 'team' },
			{ id: 'ben', mail: 'ben@new', joined, plan: null },
			{ id: 'cleo', mail: 'cleo@x', joined, plan: null },
			{ id: 'dora', mail: 'dora@x', joined: null, plan: 'pro' },
		]
		const withoutManifest = drizzle(client(env, { schema: second.schema }))
		for (const db of [now, withoutManifest]) {
			deepStrictEqual(await db.analytics().select().from(people).orderBy(people.id), mixed)
		}

		for (const id of ['ben', 'cleo']) {
			await Promise.allSettled([shardOf(env, id).die()])
			deepStrictEqual((await shardOf(env, id).getMigrationStatus()).state, 'current')
		}
		const after = await flush(env, 'ada', 'ben', 'cleo', 'dora')
		const all = await now.analytics().select().from(people).orderBy(people.id)
		const inShards = await Promise.all(
			['ada', 'ben', 'cleo', 'dora'].map((id) => now.select().from(people).where(eq(people.id, id))),
		)
		deepStrictEqual(all, inShards.flat())
		deepStrictEqual(
			all.map(({ plan }) => plan),
			['team', 'free', 'free', 'pro'],
		)
		// Nothing waits, and nothing is restated twice.
		deepStrictEqual(
			await now
				.between(after, after + 60_000)
				.select()
				.from(people),
			[],
		)

		const { sql } = new WorkerRouter(env, { ...second, durableObject: 'EVOLVING_DO' })
		deepStrictEqual(await sql.asOf(before)`SELECT * FROM members ORDER BY id`, past)
		const then = await now.asOf(before).select().from(people).where(eq(people.mail, 'ada@x'))
		deepStrictEqual(then, [{ id: 'ada', mail: 'ada@x', joined, plan: null }])
		const { tables } = await client(env, second).catalog.load()
		const table = tables.get('members_changes')?.metadata
		deepStrictEqual(table?.properties['sqlake.schema-version'], '2')
	},

	'a table comes to be in the lake before its first change, once': async (env) => {
		const { catalog } = client(env, second)
		const wanted = tableEvolutions({ ...second.schema.lake, tables: new Map(Object.entries(second.migrations.tables) as never) })
		const renamed = wanted.map((each) => ({ ...each, table: 'others_changes' }))
		const { tables } = await catalog.evolve(renamed)
		deepStrictEqual(
			tables.map(({ status }) => status),
			['created'],
		)
		deepStrictEqual(
			(await catalog.evolve(renamed)).tables.map(({ status }) => status),
			['unchanged'],
		)
		const table = (await catalog.load()).tables.get('others_changes')?.metadata
		deepStrictEqual(
			renamed.map((each) => planEvolution(table, each).status),
			['unchanged'],
		)
	},
}
