import { SQLake } from 'sqlake'
import { integer, real, text } from 'sqlake/columns'

/** Airports and the flights that leave them. Every airport is a Durable Object of its own. */
export const db = SQLake({
	airports: {
		iata: text('iata').primaryKey(),
		name: text('name').notNull(),
		city: text('city'),
		state: text('state'),
		country: text('country').notNull(),
		latitude: real('latitude').notNull(),
		longitude: real('longitude').notNull(),
	},
	flights: {
		id: integer('id').primaryKey(),
		origin: text('origin').notNull(),
		destination: text('destination').notNull(),
		departure: integer('departure', { mode: 'timestamp' }).notNull(),
		delay: integer('delay').notNull(),
		distance: integer('distance').notNull(),
	},
	shard: { airports: 'iata', flights: 'origin' },
})

export const { airports, flights } = db.tables
