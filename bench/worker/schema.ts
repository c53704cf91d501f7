import { integer, real, text } from 'drizzle-orm/sqlite-core'
import { SQLake } from '../../src/schema/index.ts'

/** Flights: ten columns of the kinds that applications have. */
export const db = SQLake({
	flights: {
		id: integer('id').primaryKey(),
		origin: text('origin').notNull(),
		destination: text('destination').notNull(),
		carrier: text('carrier'),
		distance: integer('distance'),
		delay: integer('delay'),
		departure: integer('departure', { mode: 'timestamp_ms' }),
		price: real('price'),
		cancelled: integer('cancelled', { mode: 'boolean' }),
		note: text('note'),
	},
	shard: { flights: 'origin' },
})

export const CREATE_FLIGHTS = `CREATE TABLE IF NOT EXISTS flights (
	id integer PRIMARY KEY, origin text NOT NULL, destination text NOT NULL, carrier text, distance integer, delay integer,
	departure integer, price real, cancelled integer, note text
)`

const COLUMNS = 'id, origin, destination, carrier, distance, delay, departure, price, cancelled, note'

export const INSERT_FLIGHT = `INSERT INTO flights (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

/** A flight's values, different for each id. */
export function flightValues(id: number): (string | number | null)[] {
	const noise = Math.imul(id, 2_654_435_761) >>> 0
	return [
		id,
		'SFO',
		`D${noise % 300}`,
		`C${noise % 20}`,
		noise % 3_000,
		noise % 7 === 0 ? null : (noise % 200) - 30,
		1_735_689_600_000 + id * 1_000,
		(noise % 100_000) / 97,
		noise % 2,
		`some note about flight ${id} and its ${noise % 1_000}`,
	]
}
