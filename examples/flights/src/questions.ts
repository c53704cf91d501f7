import { avg, count, eq } from 'drizzle-orm'
import { type QueryPlan, WorkerRouter } from 'sqlake'
import type { Context } from './routes.ts'
import { airports, flights, db as schema } from './schema.ts'

/** The two moments, in milliseconds, between which the changes were made. */
export interface Moments {
	readonly before: number
	readonly after: number
}

/** One question, asked through the query builder and through the template, and the plan of a first run with cold caches. */
export interface Answer {
	readonly plan: QueryPlan
	readonly builder: readonly unknown[]
	readonly template: readonly unknown[]
}

/** The airport that the strongly consistent question is about. */
export const STRONG_AIRPORT = 'DFW'

export const questions = {
	/** Flights and mean delay of every origin, over all shards. */
	async origins({ env, db }: Context): Promise<Answer> {
		const query = db
			.analytics()
			.select({ origin: flights.origin, flights: count(), delay: avg(flights.delay).mapWith(Number) })
			.from(flights)
			.groupBy(flights.origin)
			.orderBy(flights.origin)
		return {
			plan: await query.explain(),
			builder: await query,
			template: await tag(env).analytics`
				SELECT origin, count(*) AS flights, avg(delay) AS delay FROM flights GROUP BY origin ORDER BY origin`,
		}
	},

	/** Flights into every state: a flight and its destination live in different shards. */
	async states({ env, db }: Context): Promise<Answer> {
		const query = db
			.analytics()
			.select({ state: airports.state, flights: count() })
			.from(flights)
			.innerJoin(airports, eq(flights.destination, airports.iata))
			.groupBy(airports.state)
			.orderBy(airports.state)
		return {
			plan: await query.explain(),
			builder: await query,
			template: await tag(env).analytics`
				SELECT airports.state, count(*) AS flights
				FROM flights JOIN airports ON flights.destination = airports.iata
				GROUP BY airports.state ORDER BY airports.state`,
		}
	},

	/** Flights and mean delay of every origin as they were before the changes. */
	async past({ env, db }: Context, { before }: Moments): Promise<Answer> {
		const query = db
			.select({ origin: flights.origin, flights: count(), delay: avg(flights.delay).mapWith(Number) })
			.from(flights)
			.groupBy(flights.origin)
			.orderBy(flights.origin)
			.asOf(before)
		return {
			plan: await query.explain(),
			builder: await query,
			template: await tag(env).asOf(before)`
				SELECT origin, count(*) AS flights, avg(delay) AS delay FROM flights GROUP BY origin ORDER BY origin`,
		}
	},

	/** Every change between the two moments, in each airport's order. */
	async changes({ env, db }: Context, { before, after }: Moments): Promise<Answer> {
		const query = db.between(before, after).select().from(flights).orderBy(flights.origin)
		const plan = await query.explain()
		const rows = await query
		return {
			plan,
			builder: [...rows]
				.sort((a, b) => compare(a._shard, b._shard) || compare(a._seq, b._seq))
				.map(({ _op, id, origin, delay }) => ({ op: _op, id, origin, delay })),
			template: await tag(env).between(before, after)`
				SELECT _op AS op, id, origin, delay FROM flights ORDER BY _shard, _seq`,
		}
	},

	/** One airport's flights, strongly consistent: answered by its own Durable Object. */
	async airport({ env, db }: Context): Promise<Answer> {
		const query = db.select().from(flights).where(eq(flights.origin, STRONG_AIRPORT)).orderBy(flights.id)
		return {
			plan: await query.explain(),
			builder: (await query).map((flight) => ({ ...flight, departure: flight.departure.getTime() / 1000 })),
			template: await tag(env)`SELECT * FROM flights WHERE origin = ${STRONG_AIRPORT} ORDER BY id`.all(),
		}
	},
} satisfies Record<string, (context: Context, moments: Moments) => Promise<Answer>>

/** Tells whether a question of this name exists. */
export function isQuestion(name: string): name is keyof typeof questions {
	return Object.hasOwn(questions, name)
}

/** The `sql` template over this request's own bindings. */
function tag(env: Context['env']) {
	return new WorkerRouter(env, { schema }).sql
}

function compare<T extends string | number | bigint>(a: T, b: T): number {
	return a < b ? -1 : a > b ? 1 : 0
}
