/**
 * Native DuckDB as a query engine, in Node.
 *
 * @module
 */
import type { DuckDBConnection, DuckDBInstance, DuckDBResult, DuckDBType, DuckDBValue } from '@duckdb/node-api'
import { messageOf, SQLakeError } from '../../../errors.ts'
import type { IcebergField } from '../../../lake/iceberg/types.ts'
import { corrupt, openParquet } from '../../../lake/parquet/open-parquet.ts'
import { readColumns } from '../../../lake/parquet/read-columns.ts'
import type { ObjectStore } from '../../../lake/storage/object-store.ts'
import { quoteIdentifier } from '../../../schema/quote-identifier.ts'
import type {
	EngineBatch,
	EngineFile,
	EngineFunction,
	EngineLimits,
	EngineOptions,
	EngineQuery,
	EngineResult,
	EngineValue,
	QueryEngine,
} from '../../query-engine.ts'
import { collectBatches } from '../collect-batches.ts'
import { settingStatements } from '../duckdb-settings.ts'
import { literal } from '../duckdb-sql.ts'
import { engineError } from '../engine-error.ts'
import { QueryDeadline } from '../query-deadline.ts'
import { decimalValue, integerValue, realValue, unsupportedColumn } from '../result-value.ts'
import { parquetRelation } from './parquet-relation.ts'
import { DEFAULT_COPY_LIMIT_BYTES, type HeldFiles, QueryFiles } from './query-files.node.ts'
import { scalarFunction } from './text-function.ts'

type NodeApi = typeof import('@duckdb/node-api')

/** Memory of a machine that runs Node is not a Worker's. */
const DEFAULT_MEMORY_LIMIT_BYTES = 1024 * 1024 * 1024

/** Starts a statement: with its whole result, or with one that comes as it is fetched. */
type StartQuery = (connection: DuckDBConnection, sql: string) => Promise<DuckDBResult>

/** What DuckDB says of a file it cannot read. */
const FILE_ERROR = /^(IO Error|Invalid Input Error|Serialization Error|Invalid Error)|parquet|TProtocolException|snappy/i

/** What it says of no other fault. */
const PARQUET_ERROR = /^IO Error|TProtocolException|snappy/i

/** Loads `@duckdb/node-api`. @throws `ANALYTICS_UNAVAILABLE` if it is not installed. */
export async function loadNodeApi(): Promise<NodeApi> {
	try {
		return await import('@duckdb/node-api')
	} catch (error) {
		throw new SQLakeError('ANALYTICS_UNAVAILABLE', `native DuckDB cannot be loaded: ${messageOf(error)}`, {
			hint: 'npm install @duckdb/node-api, or leave the choice of the engine to sqlake: DuckDB-WASM needs nothing.',
			cause: error,
		})
	}
}

/**
 * Runs queries on native DuckDB, several at a time. Parquet files are read by DuckDB itself: where they lie, if the store is a
 * directory, else from copies in a temporary directory that live as long as the engine. DuckDB looks at no sum; a file is compared
 * with its own before DuckDB sees it.
 */
export class NativeEngine implements QueryEngine {
	readonly name = 'native'
	readonly #options: EngineOptions
	#instance: Promise<DuckDBInstance> | undefined
	readonly #files: QueryFiles
	readonly #functionNames = new Set<string>()
	/** Connections on which DuckDB is still at a query that was given up. */
	readonly #closing = new Set<Promise<void>>()

	constructor(options: Partial<EngineOptions> = {}) {
		this.#options = { memoryLimitBytes: options.memoryLimitBytes ?? DEFAULT_MEMORY_LIMIT_BYTES, threads: options.threads ?? 2 }
		this.#files = new QueryFiles(options.copyLimitBytes ?? DEFAULT_COPY_LIMIT_BYTES)
	}

	async run(query: EngineQuery, limits: EngineLimits): Promise<EngineResult> {
		return collectBatches(this.#batches(query, limits, (connection, sql) => connection.run(sql)))
	}

	stream(query: EngineQuery, limits: EngineLimits): AsyncGenerator<EngineBatch, void, undefined> {
		return this.#batches(query, limits, (connection, sql) => connection.stream(sql))
	}

	async close(): Promise<void> {
		const instance = await this.#instance
		this.#instance = undefined
		this.#functionNames.clear()
		await Promise.all(this.#closing)
		instance?.closeSync()
		await this.#files.close()
	}

	async *#batches(query: EngineQuery, limits: EngineLimits, start: StartQuery): AsyncGenerator<EngineBatch, void, undefined> {
		const deadline = new QueryDeadline(limits)
		deadline.check()
		this.#instance ??= this.#open()
		const instance = await deadline.race(this.#instance)
		const running = new RunningQuery(await instance.connect(), deadline)
		let held: HeldFiles | undefined
		try {
			held = await this.#files.hold(query, deadline)
			yield* this.#runOn(running, query, held.paths, start)
		} catch (error) {
			throw await this.#explain(error, query, held)
		} finally {
			const closed = running.close().finally(() => held?.release())
			this.#closing.add(closed)
			void closed.finally(() => this.#closing.delete(closed))
		}
	}

	async #open(): Promise<DuckDBInstance> {
		const { DuckDBInstance } = await loadNodeApi()
		// Without a temporary directory a query that needs more memory fails, instead of filling the disk.
		return DuckDBInstance.create(':memory:', {
			autoinstall_known_extensions: 'false',
			autoload_known_extensions: 'false',
			temp_directory: '',
		})
	}

	/** @param paths Where each file is on disk. */
	async *#runOn(
		running: RunningQuery,
		query: EngineQuery,
		paths: ReadonlyMap<EngineFile, string>,
		start: StartQuery,
	): AsyncGenerator<EngineBatch, void, undefined> {
		const { connection, deadline } = running
		const run = (statement: string) => running.wait(connection.run(statement))
		for (const statement of settingStatements(this.#options)) await run(statement)
		let bytesRead = 0
		for (const table of query.tables) {
			const found = table.files.flatMap((file) => paths.get(file) ?? [])
			await run(`CREATE TEMP VIEW ${quoteIdentifier(table.name)} AS ${parquetRelation(table.columns, found)}`)
			bytesRead += table.files.reduce((sum, file) => sum + file.sizeInBytes, 0)
		}
		await this.#addFunctions(connection, query.functions ?? [])
		for (const statement of query.macros ?? []) await run(statement)
		for (const view of query.views) {
			await run(`CREATE TEMP VIEW ${quoteIdentifier(view.name)} AS ${view.sql}`)
		}
		await run(`PREPARE query AS ${query.sql}`)
		const args = query.params.length === 0 ? '' : `(${query.params.map(literal).join(', ')})`
		const execution = `EXECUTE query${args}`
		const result = await running.wait(start(connection, execution))
		const { isStreaming } = result
		const columns = result.columnNames()
		const readers = result.columnTypes().map((type, i) => valueReader(type, columns[i] ?? ''))
		yield { columns, rows: [], bytesRead }
		for (;;) {
			deadline.check()
			const chunk = await running.wait(result.fetchChunk())
			if (chunk === null || chunk.rowCount === 0) break
			const rows = chunk.getRows().map((row) => row.map((value, i) => (value === null ? null : (readers[i]?.(value) ?? null))))
			yield { columns, rows, bytesRead: 0 }
		}
		// A stream that fails looks as if it were at its end, except that it is no stream any more (duckdb_result_is_streaming).
		if (isStreaming && !result.isStreaming) {
			await run(`EXPLAIN ANALYZE ${execution}`) // Throws it again, with its message.
			throw new SQLakeError('ANALYTICS_FAILED', 'DuckDB gave the query up in the middle and does not say why')
		}
	}

	/** Functions belong to the instance: each is made known once. */
	async #addFunctions(connection: DuckDBConnection, functions: readonly EngineFunction[]): Promise<void> {
		const missing = functions.filter(({ name }) => !this.#functionNames.has(name))
		if (missing.length === 0) return
		const api = await loadNodeApi()
		for (const definition of missing) {
			if (this.#functionNames.has(definition.name)) continue
			this.#functionNames.add(definition.name)
			connection.registerScalarFunction(scalarFunction(api, definition))
		}
	}

	/** DuckDB reports a damaged file like any other fault, and seldom says which; a file without sums may be one. */
	async #explain(error: unknown, query: EngineQuery, held: HeldFiles | undefined): Promise<SQLakeError> {
		const message = messageOf(error)
		if (!SQLakeError.is(error) && FILE_ERROR.test(message)) {
			for (const { columns, files } of query.tables) {
				for (const file of files) {
					if (message.includes(held?.paths.get(file) ?? file.key)) return corrupt(file.key, message, error)
					if (file.crc32 === undefined && !(await isReadable(query.store, file, columns)))
						return corrupt(file.key, message, error)
				}
			}
			// Our own reader need not stumble over the same.
			const suspects = query.tables.flatMap(({ files }) => files.filter((file) => file.crc32 === undefined).map(({ key }) => key))
			if (suspects.length > 0 && PARQUET_ERROR.test(message)) return corrupt(suspects.join('" or "'), message, error)
		}
		return engineError(error, this.#options.memoryLimitBytes)
	}
}

/** A query and the connection that it has for itself. */
class RunningQuery {
	readonly connection: DuckDBConnection
	readonly deadline: QueryDeadline
	/** What DuckDB is at, or was at last. */
	#work: Promise<unknown> = Promise.resolve()

	constructor(connection: DuckDBConnection, deadline: QueryDeadline) {
		this.connection = connection
		this.deadline = deadline
	}

	/** Waits for DuckDB, and stops it when the query may not go on. @throws as {@link QueryDeadline.race} does. */
	async wait<T>(work: Promise<T>): Promise<T> {
		this.#work = work.catch(() => {}) // Who waits hears of it.
		try {
			return await this.deadline.race(work)
		} catch (error) {
			this.connection.interrupt()
			throw error
		}
	}

	/** Closes the connection, once DuckDB is at its end: while it plans a query it looks at no interruption. */
	close(): Promise<void> {
		return this.#work.then(() => this.connection.closeSync())
	}
}

/** Whether our own reader, which says what it stumbles over, can read a file. */
async function isReadable(
	store: ObjectStore,
	{ key, sizeInBytes }: EngineFile,
	columns: readonly IcebergField[],
): Promise<boolean> {
	try {
		const file = await openParquet(store, key, sizeInBytes)
		for await (const _ of readColumns({ file, columns })) {
			// To read it is all.
		}
		return true
	} catch (error) {
		if (SQLakeError.is(error, 'LAKE_CORRUPT')) return false
		throw error
	}
}

/** Reads the non-NULL values of a column. @throws `ANALYTICS_FAILED` for a type that SQLite lacks. */
function valueReader(type: DuckDBType, column: string): (value: DuckDBValue) => EngineValue {
	const name = String(type)
	if (/^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/.test(name)) return (value) => integerValue(BigInt(value as number | bigint))
	if (/^(DOUBLE|FLOAT)$/.test(name)) return (value) => realValue(value as number)
	if (name === 'VARCHAR') return (value) => value as string
	if (name === 'BOOLEAN') return (value) => (value ? 1 : 0)
	if (name === 'BLOB') return (value) => Uint8Array.from((value as { bytes: Uint8Array }).bytes)
	if (name.startsWith('DECIMAL')) {
		return (value) => {
			const decimal = value as { value: bigint; scale: number }
			return decimalValue(decimal.value, decimal.scale)
		}
	}
	if (name === 'SQLNULL' || name === '"NULL"') return () => null
	throw unsupportedColumn(column, name)
}
