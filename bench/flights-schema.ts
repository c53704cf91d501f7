import { integer, text } from 'drizzle-orm/sqlite-core'
import { SQLake } from '../src/schema/index.ts'

/** The flights of vega-datasets, each airport of origin a shard. */
export const flightsDatabase = SQLake({
	flights: {
		id: integer('id').primaryKey(),
		date: integer('date', { mode: 'timestamp_ms' }),
		delay: integer('delay'),
		distance: integer('distance'),
		origin: text('origin').notNull(),
		destination: text('destination'),
	},
	shard: { flights: 'origin' },
})

/** What is asked of them, on the lake and of native DuckDB alike. */
export const GROUP_BY = 'SELECT origin, count(*) AS n, avg(delay) AS mean FROM flights GROUP BY origin ORDER BY origin'
