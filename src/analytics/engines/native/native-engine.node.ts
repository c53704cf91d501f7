/**
 * Native DuckDB as a query engine, in Node.
 *
 * @module
 */
import type { DuckDBConnection, DuckDBResult, DuckDBType, DuckDBValue } from '@duckdb/node-api'
import { messageOf, SQLakeError } from '../../../errors.ts'
import type { IcebergField } from '../../../lake/iceberg/types.ts'
import { corrupt, openParquet } from '../../../lake/parquet/open-parquet.ts'
import { readColumns } from '../../../lake/parquet/read-columns.ts'
import type { ObjectStore } from '../../../lake/storage/object-store.ts'
import type {
	EngineBatch,
	EngineFile,
	EngineLimits,
	EngineOptions,
	EnginePlan,
	EngineQuery,
	EngineResult,
	EngineValue,
	InspectedStatement,
	QueryEngine,
} from '../../query-engine.ts'
import { collectBatches } from '../collect-batches.ts'
import { createView } from '../duckdb-sql.ts'
import { engineError } from '../engine-error.ts'
import { executeStatement, planStatement, prepareStatement, readPlan, standInStatements } from '../inspect-statement.ts'
import { QueryDeadline } from '../query-deadline.ts'
import { decimalValue, integerValue, realValue, unsupportedColumn } from '../result-value.ts'
import { type NativeDatabase, NativeDatabases } from './native-database.ts'
import { parquetRelation } from './parquet-relation.ts'
import { DEFAULT_COPY_LIMIT_BYTES, type HeldFiles, QueryFiles } from './query-files.node.ts'

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
	readonly #databases: NativeDatabases
	readonly #files: QueryFiles
	/** Instances in which DuckDB is still at a query that was given up. */
	readonly #closing = new Set<Promise<void>>()

	constructor(options: Partial<EngineOptions> = {}) {
		this.#options = { memoryLimitBytes: options.memoryLimitBytes ?? DEFAULT_MEMORY_LIMIT_BYTES, threads: options.threads ?? 2 }
		this.#databases = new NativeDatabases(this.#options, loadNodeApi)
		this.#files = new QueryFiles(options.copyLimitBytes ?? DEFAULT_COPY_LIMIT_BYTES)
	}

	async run(query: EngineQuery, limits: EngineLimits): Promise<EngineResult> {
		return collectBatches(this.#batches(query, limits, (connection, sql) => connection.run(sql)))
	}

	stream(query: EngineQuery, limits: EngineLimits): AsyncGenerator<EngineBatch, void, undefined> {
		return this.#batches(query, limits, (connection, sql) => connection.stream(sql))
	}

	async inspect(statement: InspectedStatement, limits: EngineLimits): Promise<EnginePlan> {
		const deadline = new QueryDeadline(limits)
		const database = await this.#open([], deadline)
		const { connection } = database
		try {
			return await database.work(deadline, async () => {
				await connection.run(standInStatements(statement).join('; '))
				await database.expectSelect(statement.sql)
				await connection.run(prepareStatement(statement.sql))
				const plan = await connection.runAndReadAll(planStatement(statement))
				return readPlan(String(plan.getRows().at(-1)?.at(-1)))
			})
		} catch (error) {
			throw engineError(error, this.#options.memoryLimitBytes)
		} finally {
			void database.close()
		}
	}

	async close(): Promise<void> {
		await Promise.all(this.#closing)
		await this.#databases.close()
		await this.#files.close()
	}

	async *#batches(query: EngineQuery, limits: EngineLimits, start: StartQuery): AsyncGenerator<EngineBatch, void, undefined> {
		const deadline = new QueryDeadline(limits)
		deadline.check()
		let held: HeldFiles | undefined
		let database: NativeDatabase | undefined
		try {
			held = await this.#files.hold(query, deadline)
			database = await this.#open([...held.paths.values()], deadline)
			yield* this.#runOn(database, query, deadline, held.paths, start)
		} catch (error) {
			throw await this.#explain(database?.failure ?? error, query, held)
		} finally {
			const closed = (database?.close() ?? Promise.resolve()).finally(() => held?.release())
			this.#closing.add(closed)
			void closed.finally(() => this.#closing.delete(closed))
		}
	}

	async #open(paths: readonly string[], deadline: QueryDeadline): Promise<NativeDatabase> {
		const opening = this.#databases.open(paths)
		return deadline.race(opening).catch((error: unknown) => {
			void opening.then(
				(late) => late.close(),
				() => {},
			)
			throw error
		})
	}

	async *#runOn(
		database: NativeDatabase,
		query: EngineQuery,
		deadline: QueryDeadline,
		paths: ReadonlyMap<EngineFile, string>,
		start: StartQuery,
	): AsyncGenerator<EngineBatch, void, undefined> {
		await database.work(deadline, () => prepare(database, query, deadline, paths))
		const result = await database.work(deadline, () => start(database.connection, executeStatement(query.params)))
		const { isStreaming } = result
		const columns = result.columnNames()
		const readers = result.columnTypes().map((type, i) => valueReader(type, columns[i] ?? ''))
		yield { columns, rows: [], bytesRead: [...paths.keys()].reduce((sum, { sizeInBytes }) => sum + sizeInBytes, 0) }
		for (;;) {
			deadline.check()
			const chunk = await database.work(deadline, () => result.fetchChunk())
			if (chunk === null || chunk.rowCount === 0) break
			const rows = chunk.getRows().map((row) => row.map((value, i) => (value === null ? null : (readers[i]?.(value) ?? null))))
			yield { columns, rows, bytesRead: 0 }
		}
		// A stream that fails looks as if it were at its end, except that it is no stream any more (duckdb_result_is_streaming).
		if (isStreaming && !result.isStreaming) throw database.failure ?? (await this.#failureOf(query, deadline, paths))
	}

	/** Why a query's stream failed: DuckDB says so where the query runs once more, on its own, to its end. */
	async #failureOf(query: EngineQuery, deadline: QueryDeadline, paths: ReadonlyMap<EngineFile, string>): Promise<unknown> {
		const database = await this.#open([...paths.values()], deadline)
		try {
			await database.work(deadline, () => prepare(database, query, deadline, paths))
			await database.work(deadline, () => database.connection.run(`EXPLAIN ANALYZE ${executeStatement(query.params)}`))
			return new SQLakeError('ANALYTICS_FAILED', 'DuckDB gave the query up in the middle and does not say why')
		} catch (error) {
			return database.failure ?? error
		} finally {
			void database.close()
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

/** Makes a query's tables, functions and views, and DuckDB read it. */
async function prepare(
	database: NativeDatabase,
	{ tables, functions = [], macros = [], views, sql, printed = false }: EngineQuery,
	deadline: QueryDeadline,
	paths: ReadonlyMap<EngineFile, string>,
): Promise<void> {
	const { connection } = database
	for (const { name, columns, files } of tables) {
		const found = files.map((file) => paths.get(file) ?? '')
		await connection.run(createView(name, parquetRelation(columns, found)))
	}
	for (const definition of functions) database.addFunction(definition, deadline)
	for (const statement of macros) await connection.run(statement)
	for (const view of views) await connection.run(createView(view.name, view.sql))
	if (!printed) await database.expectSelect(sql)
	await connection.run(prepareStatement(sql))
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
