import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { createTestHarness } from 'wrangler'
import { vendorDuckDB } from '../scripts/vendor-duckdb.ts'
import { NativeEngine } from '../src/analytics/engines/native/native-engine.node.ts'
import { createLakeQuery } from '../src/analytics/lake-query.ts'
import { R2PointerCatalog } from '../src/lake/catalog/r2-pointer-catalog.ts'
import { DEFAULT_LAKE_LOCATION } from '../src/lake/lake-path.ts'
import { FileObjectStore } from '../src/lake/storage/file.ts'
import type { ObjectStore } from '../src/lake/storage/object-store.ts'
import { deliverFlights, loadFlights } from './flights-lake.ts'
import { flightsDatabase, GROUP_BY } from './flights-schema.ts'
import type { BenchRuns } from './result.ts'

const ROUNDS = 6

/** What the Worker answers. */
interface WorkerAnswer {
	/** Milliseconds. */
	readonly elapsed: number
	readonly rows: readonly (readonly unknown[])[]
	readonly stats: { readonly filesKept: number; readonly bytesRead: number }
}

/**
 * A GROUP BY over a million flights in a lake: DuckDB-WASM in workerd and native DuckDB in Node, each against native DuckDB on
 * one Parquet file of the same rows. Nothing of a file is kept from one run to the next, but engines are running.
 */
export async function groupBySuite(): Promise<Record<string, BenchRuns>> {
	const directory = await mkdtemp(join(tmpdir(), 'sqlake-bench-'))
	const instance = await DuckDBInstance.create(':memory:', {
		autoinstall_known_extensions: 'false',
		autoload_known_extensions: 'false',
	})
	const duckdb = await instance.connect()
	vendorDuckDB()
	const server = createTestHarness({ root: import.meta.dirname, workers: [{ configPath: './analytics-worker/wrangler.jsonc' }] })
	const engine = new NativeEngine()
	try {
		await loadFlights(duckdb)
		const single = join(directory, 'flights.parquet')
		await duckdb.run(`COPY flights TO '${single}' (FORMAT parquet)`)
		const store = new FileObjectStore(join(directory, 'lake'))
		const catalog = new R2PointerCatalog({ store, location: DEFAULT_LAKE_LOCATION })
		const files = await deliverFlights(duckdb, store, catalog)
		await server.listen()
		const ask = async (path: string) => (await (await server.fetch(path)).json()) as WorkerAnswer
		await copy(store, (key, bytes) => server.fetch(`/put?key=${encodeURIComponent(key)}`, { method: 'PUT', body: bytes }))

		const lake = createLakeQuery({ catalog, store, schema: flightsDatabase.lake, engine })
		const native = async () => {
			const start = performance.now()
			const { rows } = await lake.query({
				statement: { sql: GROUP_BY, params: [] },
				moment: { kind: 'current' },
				timeoutMs: 120_000,
			})
			return { elapsed: performance.now() - start, rows }
		}
		const wasm = { ours: [] as number[], baseline: [] as number[], unit: 'ms' }
		const inNode = { ours: [] as number[], baseline: [] as number[], unit: 'ms' }
		const warm: number[] = []
		let answer = await ask('/cold')
		await ask('/warm')
		await native()
		for (let round = 0; round < ROUNDS; round++) {
			const expected = await baseline(duckdb, single)
			answer = await ask('/cold')
			same(answer.rows, expected.rows)
			wasm.ours.push(answer.elapsed)
			wasm.baseline.push(expected.elapsed)
			warm.push((await ask('/warm')).elapsed)
			const again = await baseline(duckdb, single)
			const ours = await native()
			same(ours.rows, again.rows)
			inNode.ours.push(ours.elapsed)
			inNode.baseline.push(again.elapsed)
		}
		const details = { files, filesKept: answer.stats.filesKept, bytesRead: answer.stats.bytesRead }
		return {
			'groupby-wasm': { ...wasm, details: { ...details, repeatedMs: Math.min(...warm) } },
			'groupby-native': { ...inNode, details },
		}
	} finally {
		await server.close()
		await engine.close()
		duckdb.closeSync()
		instance.closeSync()
		await rm(directory, { recursive: true, force: true })
	}
}

async function baseline(duckdb: DuckDBConnection, path: string): Promise<{ elapsed: number; rows: unknown[][] }> {
	const start = performance.now()
	const result = await duckdb.runAndReadAll(GROUP_BY.replace('FROM flights', `FROM read_parquet('${path}')`))
	const rows = result.getRows()
	return { elapsed: performance.now() - start, rows }
}

/** A benchmark of a wrong answer is worth nothing. */
function same(ours: readonly (readonly unknown[])[], theirs: readonly (readonly unknown[])[]): void {
	const text = (rows: readonly (readonly unknown[])[]) =>
		rows.map((row) => `${row[0]} ${row[1]} ${Number(row[2]).toFixed(9)}`).join('\n')
	if (text(ours) !== text(theirs)) throw new Error('the lake and the single file do not give the same answer')
}

async function copy(store: ObjectStore, put: (key: string, bytes: Uint8Array) => Promise<unknown>): Promise<void> {
	let cursor: string | undefined
	do {
		const page = await store.list({ prefix: '', ...(cursor === undefined ? {} : { cursor }) })
		for (const { key } of page.objects) {
			const object = await store.get(key)
			if (object !== null) await put(key, object.bytes)
		}
		cursor = page.cursor
	} while (cursor !== undefined)
}
