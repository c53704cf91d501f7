import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { ColumnVector, TableChanges } from '../src/cdc/change-batch.ts'
import { forEachLimited } from '../src/delivery/for-each-limited.ts'
import { DEFAULT_DELIVERY_LIMITS } from '../src/delivery/limits.ts'
import { uploadFlight } from '../src/delivery/upload-flight.ts'
import type { Catalog } from '../src/lake/catalog/catalog.ts'
import { DEFAULT_LAKE_LOCATION } from '../src/lake/lake-path.ts'
import type { ObjectStore } from '../src/lake/storage/object-store.ts'
import { createObservability } from '../src/observability/create-observability.ts'
import { flightsDatabase } from './flights-schema.ts'

/** Three million real flights, as vega-datasets ships them. */
const SOURCE = join(import.meta.dirname, '../node_modules/vega-datasets/data/flights-3m.parquet')

export const FLIGHTS = 1_000_000

/** Changes that a shard's alarm delivers at once unless it is told otherwise. */
const CHANGES_A_FLUSH = 1_000

const LOADED_AT = Date.UTC(2026, 0, 1)

/** A table `flights` of the first million, numbered. */
export async function loadFlights(duckdb: DuckDBConnection): Promise<void> {
	await duckdb.run(
		`CREATE TABLE flights AS SELECT row_number() OVER () AS id, date, delay, distance, origin, destination FROM (FROM '${SOURCE}' LIMIT ${FLIGHTS})`,
	)
}

/**
 * Delivers the flights to a lake as the shards of their origins would: a thousand changes a flush, a data file and a commit each.
 *
 * @returns the number of data files
 */
export async function deliverFlights(duckdb: DuckDBConnection, store: ObjectStore, catalog: Catalog): Promise<number> {
	const result = await duckdb.runAndReadAll(
		'SELECT origin, id::DOUBLE, epoch_ms(date)::DOUBLE, delay::DOUBLE, distance::DOUBLE, destination FROM flights ORDER BY origin, id',
	)
	const columns = result.getColumns()
	const origins = columns[0] ?? []
	const shards: { from: number; to: number }[] = []
	for (let from = 0; from < origins.length; ) {
		let to = from
		while (to < origins.length && origins[to] === origins[from]) to++
		shards.push({ from, to })
		from = to
	}
	let files = 0
	// Shards run side by side, as Durable Objects do; commits that meet share a snapshot.
	await forEachLimited(shards, 32, async ({ from, to }) => {
		for (let start = from; start < to; start += CHANGES_A_FLUSH) {
			const delivered = await deliver(columns, from, start, Math.min(to, start + CHANGES_A_FLUSH), store, catalog)
			files += delivered
		}
	})
	return files
}

/** Delivers rows `[start, end)` of the shard that begins at row `from`. */
async function deliver(
	columns: readonly (readonly unknown[])[],
	from: number,
	start: number,
	end: number,
	store: ObjectStore,
	catalog: Catalog,
): Promise<number> {
	const { lake } = flightsDatabase
	const table = lake.tables.get('flights')
	if (table === undefined) throw new Error('the schema has no flights')
	const [origins = [], ids = [], dates = [], delays = [], distances = [], destinations = []] = columns
	const integers = (values: readonly unknown[]): ColumnVector => ({
		kind: 'integer',
		values: values.slice(start, end) as number[],
	})
	const texts = (values: readonly unknown[]): ColumnVector => ({ kind: 'text', values: values.slice(start, end) as string[] })
	const length = end - start
	const fromSeq = start - from + 1
	const changes: TableChanges = {
		table,
		length,
		op: new Array<'c'>(length).fill('c'),
		seq: Array.from({ length }, (_, i) => fromSeq + i),
		ts: Array.from({ length }, (_, i) => LOADED_AT + fromSeq + i),
		row: [integers(ids), integers(dates), integers(delays), integers(distances), texts(origins), texts(destinations)],
		before: null,
	}
	const shard = String(origins[from])
	const range = { shard, epoch: 1, fromSeq, toSeq: fromSeq + length - 1, watermark: LOADED_AT + fromSeq + length }
	const outcome = await uploadFlight({
		batch: { ...range, raisedBy: 0, tables: [changes] },
		attempt: 1,
		lake,
		store,
		location: DEFAULT_LAKE_LOCATION,
		tracer: createObservability().tracer,
		limits: DEFAULT_DELIVERY_LIMITS,
	})
	if (outcome.kind !== 'uploaded') throw new Error(`shard ${shard}: the upload was ${outcome.kind}`)
	await catalog.commit({ ...range, commitId: `${shard}:${fromSeq}`, appends: outcome.appends })
	return outcome.files
}
