/**
 * Native DuckDB as a query engine, in Node.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DuckDBConnection, DuckDBInstance, DuckDBResult, DuckDBType, DuckDBValue } from '@duckdb/node-api'
import { messageOf, SQLakeError } from '../../../errors.ts'
import { corrupt } from '../../../lake/parquet/open-parquet.ts'
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
	EngineTable,
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
import { scalarFunction } from './text-function.ts'

type NodeApi = typeof import('@duckdb/node-api')

/** Memory of a machine that runs Node is not a Worker's. */
const DEFAULT_MEMORY_LIMIT_BYTES = 1024 * 1024 * 1024

/** Starts a statement: with its whole result, or with one that comes as it is fetched. */
type StartQuery = (connection: DuckDBConnection, sql: string) => Promise<DuckDBResult>

/** A store whose objects are files that DuckDB can open itself. */
interface LocalStore {
	pathOf(key: string): string
}

/** What DuckDB says of a file it cannot read. */
const FILE_ERROR = /^(IO Error|Invalid Input Error|Serialization Error|Invalid Error)|parquet|TProtocolException|snappy/i

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
 * directory, else from copies in a temporary directory that live as long as the engine.
 */
export class NativeEngine implements QueryEngine {
	readonly name = 'native'
	readonly #options: EngineOptions
	#instance: Promise<DuckDBInstance> | undefined
	#copies: Promise<string> | undefined
	readonly #copied = new Map<string, Promise<string>>()
	readonly #functionNames = new Set<string>()

	constructor(options: Partial<EngineOptions> = {}) {
		this.#options = { memoryLimitBytes: options.memoryLimitBytes ?? DEFAULT_MEMORY_LIMIT_BYTES, threads: options.threads ?? 2 }
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
		instance?.closeSync()
		const copies = await this.#copies
		this.#copies = undefined
		this.#copied.clear()
		if (copies !== undefined) await rm(copies, { recursive: true, force: true })
	}

	async *#batches(query: EngineQuery, limits: EngineLimits, start: StartQuery): AsyncGenerator<EngineBatch, void, undefined> {
		const deadline = new QueryDeadline(limits)
		deadline.check()
		this.#instance ??= this.#open()
		const instance = await deadline.race(this.#instance)
		const connection = await instance.connect()
		const paths = new Map<EngineFile, string>()
		try {
			yield* this.#runOn(connection, query, deadline, paths, start)
		} catch (error) {
			throw await this.#explain(error, paths)
		} finally {
			connection.closeSync()
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

	/** @param paths Filled with the place of each file on disk. */
	async *#runOn(
		connection: DuckDBConnection,
		query: EngineQuery,
		deadline: QueryDeadline,
		paths: Map<EngineFile, string>,
		start: StartQuery,
	): AsyncGenerator<EngineBatch, void, undefined> {
		for (const statement of settingStatements(this.#options)) await connection.run(statement)
		let bytesRead = 0
		for (const table of query.tables) {
			const locate = async (file: EngineFile) => {
				const path = await this.#pathOf(query.store, table, file)
				paths.set(file, path)
				return path
			}
			const found = await deadline.race(Promise.all(table.files.map(locate)))
			await connection.run(`CREATE TEMP VIEW ${quoteIdentifier(table.name)} AS ${parquetRelation(table.columns, found)}`)
			bytesRead += table.files.reduce((sum, file) => sum + file.sizeInBytes, 0)
		}
		await this.#addFunctions(connection, query.functions ?? [])
		for (const statement of query.macros ?? []) await connection.run(statement)
		for (const view of query.views) {
			await connection.run(`CREATE TEMP VIEW ${quoteIdentifier(view.name)} AS ${view.sql}`)
		}
		await connection.run(`PREPARE query AS ${query.sql}`)
		const args = query.params.length === 0 ? '' : `(${query.params.map(literal).join(', ')})`
		const execution = `EXECUTE query${args}`
		const result = await interruptible(connection, deadline, start(connection, execution))
		const { isStreaming } = result
		const columns = result.columnNames()
		const readers = result.columnTypes().map((type, i) => valueReader(type, columns[i] ?? ''))
		yield { columns, rows: [], bytesRead }
		for (;;) {
			deadline.check()
			const chunk = await interruptible(connection, deadline, result.fetchChunk())
			if (chunk === null || chunk.rowCount === 0) break
			const rows = chunk.getRows().map((row) => row.map((value, i) => (value === null ? null : (readers[i]?.(value) ?? null))))
			yield { columns, rows, bytesRead: 0 }
		}
		// A stream that fails looks as if it were at its end, except that it is no stream any more (duckdb_result_is_streaming).
		if (isStreaming && !result.isStreaming) {
			await interruptible(connection, deadline, connection.run(`EXPLAIN ANALYZE ${execution}`)) // Throws it again, with its message.
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

	async #pathOf(store: ObjectStore, table: EngineTable, file: EngineFile): Promise<string> {
		if (isLocal(store)) {
			const path = store.pathOf(file.key)
			if (!/[*?[]/.test(path)) return path
		}
		const identity = `${table.cacheKey ?? crypto.randomUUID()}\n${file.key}`
		let copy = this.#copied.get(identity)
		if (copy === undefined) {
			copy = this.#copy(store, file, identity)
			this.#copied.set(identity, copy)
			copy.catch(() => this.#copied.delete(identity))
		}
		return copy
	}

	async #copy(store: ObjectStore, file: EngineFile, identity: string): Promise<string> {
		const object = await store.get(file.key)
		if (object === null) throw corrupt(file.key, 'expected a Parquet file, found no object')
		this.#copies ??= mkdtemp(join(tmpdir(), 'sqlake-'))
		const path = join(await this.#copies, `${createHash('sha256').update(identity).digest('hex')}.parquet`)
		await writeFile(path, object.bytes)
		return path
	}

	/** DuckDB reports a damaged file like any other fault; the file is named here. */
	async #explain(error: unknown, paths: ReadonlyMap<EngineFile, string>): Promise<SQLakeError> {
		const message = messageOf(error)
		if (!SQLakeError.is(error) && FILE_ERROR.test(message)) {
			for (const [file, path] of paths) {
				if (message.includes(path) || !(await isIntact(path, file))) return corrupt(file.key, message, error)
			}
		}
		return engineError(error, this.#options.memoryLimitBytes)
	}
}

/** Waits for DuckDB, and stops it when the query may not go on. Its end is awaited so that the connection can be closed. */
async function interruptible<T>(connection: DuckDBConnection, deadline: QueryDeadline, work: Promise<T>): Promise<T> {
	return deadline.race(work).catch(async (error: unknown) => {
		connection.interrupt()
		await work.catch(() => {}) // The error is already known.
		throw error
	})
}

function isLocal(store: ObjectStore): store is ObjectStore & LocalStore {
	return 'pathOf' in store && typeof store.pathOf === 'function'
}

async function isIntact(path: string, file: EngineFile): Promise<boolean> {
	const size = await stat(path).then(
		(found) => found.size,
		() => -1,
	)
	return size === file.sizeInBytes
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
