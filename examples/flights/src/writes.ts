import { and, eq, sql } from 'drizzle-orm'
import type { Context } from './routes.ts'
import { airports, flights } from './schema.ts'

type Airport = typeof airports.$inferInsert
/** A flight as JSON carries it: the departure in seconds since the epoch. */
export type FlightJson = Omit<typeof flights.$inferSelect, 'departure'> & { departure: number }

/** Something that happens to a flight after it was loaded. */
export type Change =
	| { readonly kind: 'delay'; readonly id: number; readonly origin: string; readonly delay: number }
	| { readonly kind: 'cancel'; readonly id: number; readonly origin: string }
	| { readonly kind: 'upsert'; readonly flight: FlightJson }

/** Requests to Durable Objects that are under way at once. */
const CONCURRENCY = 24

/** Inserts airports, each into its own shard. */
export async function addAirports(db: Context['db'], rows: readonly Airport[]): Promise<{ written: number }> {
	await eachConcurrently(rows, (row) => db.insert(airports).values(row))
	return { written: rows.length }
}

/** Inserts flights: one statement for each airport of origin. The driver splits it where SQLite's limits ask for it. */
export async function addFlights(db: Context['db'], rows: readonly FlightJson[]): Promise<{ written: number }> {
	const byOrigin = Map.groupBy(rows.map(revive), (flight) => flight.origin)
	await eachConcurrently([...byOrigin.values()], (batch) => db.insert(flights).values(batch))
	return { written: rows.length }
}

/** Applies changes in order within each airport, as one atomic batch an airport. */
export async function applyChanges(db: Context['db'], changes: readonly Change[]): Promise<{ written: number }> {
	const byOrigin = Map.groupBy(changes, (change) => (change.kind === 'upsert' ? change.flight.origin : change.origin))
	await eachConcurrently([...byOrigin.values()], async (batch) => {
		const [first, ...rest] = batch.map((change) => statementOf(db, change))
		if (first !== undefined) await db.batch([first, ...rest])
	})
	return { written: changes.length }
}

function statementOf(db: Context['db'], change: Change) {
	switch (change.kind) {
		case 'delay':
			return db
				.update(flights)
				.set({ delay: change.delay })
				.where(and(eq(flights.origin, change.origin), eq(flights.id, change.id)))
		case 'cancel':
			return db.delete(flights).where(and(eq(flights.origin, change.origin), eq(flights.id, change.id)))
		case 'upsert':
			return db
				.insert(flights)
				.values(revive(change.flight))
				.onConflictDoUpdate({ target: flights.id, set: { delay: sql`excluded.delay` } })
	}
}

function revive(flight: FlightJson): typeof flights.$inferInsert {
	return { ...flight, departure: new Date(flight.departure * 1000) }
}

async function eachConcurrently<T>(items: readonly T[], work: (item: T) => PromiseLike<unknown>): Promise<void> {
	const queue = items.values()
	await Promise.all(
		Array.from({ length: CONCURRENCY }, async () => {
			for (const item of queue) await work(item)
		}),
	)
}
