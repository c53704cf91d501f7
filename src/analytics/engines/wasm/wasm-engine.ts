/**
 * DuckDB-WASM as a query engine: in a Worker, and in Node where no native DuckDB is installed.
 *
 * @module
 */
import { SQLakeError } from '../../../errors.ts'
import { openParquet } from '../../../lake/parquet/open-parquet.ts'
import { type RowGroupChunk, readColumns } from '../../../lake/parquet/read-columns.ts'
import { quoteIdentifier } from '../../../schema/quote-identifier.ts'
import type {
	EngineBatch,
	EngineFile,
	EngineLimits,
	EngineOptions,
	EnginePlan,
	EngineQuery,
	EngineResult,
	EngineTable,
	InspectedStatement,
	QueryEngine,
} from '../../query-engine.ts'
import { collectBatches } from '../collect-batches.ts'
import { DEFAULT_MEMORY_LIMIT_BYTES, settingStatements } from '../duckdb-settings.ts'
import { columnType, createView } from '../duckdb-sql.ts'
import { engineError, memoryError } from '../engine-error.ts'
import { executeStatement, planStatement, prepareStatement, readPlan, standInStatements } from '../inspect-statement.ts'
import { QueryDeadline } from '../query-deadline.ts'
import { type ArrowRows, arrowRows } from './arrow-result.ts'
import { type ConnectionHandle, DuckDBWasm, type DuckDBWasmModules, isWhole } from './duckdb-bindings.ts'
import { Exclusive } from './exclusive.ts'
import { RowBatch } from './row-batch.ts'
import { type LoadedTable, TableCache } from './table-cache.ts'

/** Files that are open at a time, the one being decoded included; a Worker may have six requests open. */
const FILES_AHEAD = 6

/** Bytes of rows that are taken in before the event loop turns, if waiting for the store does not turn it anyway. */
const BYTES_A_TURN = 1024 * 1024

/** Bytes of the module's memory beside what DuckDB counts: the module's own, rows on their way in and out, and what functions make. */
const HEAP_BESIDE_BYTES = 48 * 1024 * 1024

/** Tasks before the event loop first turns: enough for a small query. */
const FIRST_TASKS = 16

/** Milliseconds of tasks after which the event loop turns. */
const MS_A_TURN = 25

/** Most tasks of a query that run before the event loop turns; a task takes from microseconds to some milliseconds. */
const MAX_TASKS_A_TURN = 256

/** What a {@link WasmEngine} is made with. */
export interface WasmEngineOptions extends Partial<EngineOptions> {
	/** Gives the compiled modules; called for each new instance. */
	readonly modules: () => Promise<DuckDBWasmModules>
	/** Bytes of decoded files kept between queries, within the memory limit; a third of it unless given. */
	readonly cacheBytes?: number
}

/** A query from its first table to its last row. */
interface RunningQuery {
	readonly database: Database
	readonly connection: ConnectionHandle
	readonly query: EngineQuery
	readonly load: QueryLoad
	readonly deadline: QueryDeadline
}

/** A running database with what it keeps. */
interface Database {
	readonly duckdb: DuckDBWasm
	/** Tables that all its connections see. */
	readonly cache: TableCache
	readonly running: Set<RunningQuery>
}

/**
 * Runs queries one after the other on one instance, made by the first query. An instance that failed in any way but by an error
 * that DuckDB itself reported is thrown away, and the next query makes a new one.
 *
 * A query is interrupted between DuckDB's tasks. A single task cannot be: a LIKE pattern that backtracks without end over one
 * block of rows holds the Worker until the platform's own limit.
 */
export class WasmEngine implements QueryEngine {
	readonly name = 'wasm'
	readonly #modules: () => Promise<DuckDBWasmModules>
	readonly #options: EngineOptions
	readonly #cacheBytes: number
	readonly #exclusive = new Exclusive(() => this.#discard())
	#database: Database | undefined
	#tableCount = 0

	constructor(options: WasmEngineOptions) {
		this.#modules = options.modules
		this.#options = { memoryLimitBytes: options.memoryLimitBytes ?? DEFAULT_MEMORY_LIMIT_BYTES, threads: 1 }
		this.#cacheBytes = options.cacheBytes ?? Math.floor(this.#options.memoryLimitBytes / 3)
	}

	/** Size of the module's memory in bytes; 0 while there is no instance. */
	get heapBytes(): number {
		return this.#database?.duckdb.heapBytes ?? 0
	}

	async run(query: EngineQuery, limits: EngineLimits): Promise<EngineResult> {
		const deadline = new QueryDeadline(limits)
		deadline.check()
		return this.#exclusive.run(deadline, () => this.#withRoom(() => collectBatches(this.#batches(query, deadline))))
	}

	async *stream(query: EngineQuery, limits: EngineLimits): AsyncGenerator<EngineBatch, void, undefined> {
		const deadline = new QueryDeadline(limits)
		let batches = this.#batches(query, deadline)
		const next = () => batches.next()
		const again = () => {
			batches = this.#batches(query, deadline)
			return next()
		}
		try {
			// The turn is held while a batch is made and not while the caller works on it: it may well ask something else meanwhile.
			for (let pull = () => this.#withRoom(next, again); ; pull = next) {
				deadline.check()
				const { done, value } = await this.#exclusive.run(deadline, pull)
				if (done) return
				yield value
			}
		} finally {
			await batches.return()
		}
	}

	async inspect(statement: InspectedStatement, limits: EngineLimits): Promise<EnginePlan> {
		const deadline = new QueryDeadline(limits)
		deadline.check()
		const inspect = async () => {
			const database = await this.#open(deadline)
			const { duckdb } = database
			try {
				return duckdb.withConnection((connection) => {
					for (const each of standInStatements(statement)) duckdb.run(connection, each)
					duckdb.expectSelect(connection, statement.sql)
					duckdb.run(connection, prepareStatement(statement.sql))
					const { rows } = arrowRows([duckdb.run(connection, planStatement(statement))])
					return readPlan(String(rows.at(-1)?.at(-1)))
				})
			} catch (error) {
				throw this.#failed(error, database)
			}
		}
		return this.#exclusive.run(deadline, () => this.#withRoom(inspect))
	}

	async close(): Promise<void> {
		this.#discard()
	}

	#discard(): void {
		this.#database?.running.clear()
		this.#database = undefined
	}

	/** Tries once more on a new instance: what earlier queries left behind must not be why this one fails. */
	async #withRoom<T>(work: () => Promise<T>, again: () => Promise<T> = work): Promise<T> {
		const before = this.#database
		try {
			return await work()
		} catch (error) {
			if (before === undefined || before === this.#database) throw error
			return await again()
		}
	}

	/**
	 * The error that a query ends with. An instance that ran out of memory keeps all that it ever took, and one that failed in any way
	 * but by an error of DuckDB's own is in an unknown state: neither is used again.
	 */
	#failed(error: unknown, database: Database): SQLakeError {
		const { memoryLimitBytes } = this.#options
		// C++ that cannot go on without memory ends the module, in whatever way.
		const isMemory = !isWhole(error) && database.duckdb.wasRefusedMemory
		const failure = isMemory ? memoryError(error, memoryLimitBytes) : engineError(error, memoryLimitBytes)
		if (!isWhole(error)) database.running.clear()
		// Results that are still being read go on, where they can.
		const isSpent = !isWhole(error) || (failure.code === 'ANALYTICS_MEMORY' && database.running.size === 0)
		if (isSpent && database === this.#database) this.#database = undefined
		return failure
	}

	async #open(deadline: QueryDeadline): Promise<Database> {
		this.#database ??= await this.#create(deadline)
		endAbandoned(this.#database)
		return this.#database
	}

	async #create(deadline: QueryDeadline): Promise<Database> {
		const maxHeapBytes = this.#options.memoryLimitBytes + HEAP_BESIDE_BYTES
		const duckdb = await deadline.race(this.#modules().then((modules) => DuckDBWasm.open(modules, maxHeapBytes)))
		duckdb.withConnection((connection) => {
			for (const statement of settingStatements(this.#options)) duckdb.run(connection, statement)
		})
		return { duckdb, cache: new TableCache(this.#cacheBytes), running: new Set() }
	}

	/**
	 * Where a query runs. One that sqlake did not print must find nothing there of others: its own tables are its connection's, and
	 * those that all see are dropped before it, or stay behind in an instance that only the results still being read know.
	 */
	async #databaseFor({ printed = false }: EngineQuery, deadline: QueryDeadline): Promise<Database> {
		const database = await this.#open(deadline)
		if (printed) return database
		dropTables(database, database.cache.clear())
		if (![...database.running].some((running) => running.query.printed)) return database
		this.#database = await this.#create(deadline)
		return this.#database
	}

	/** Runs a query; its tables and its connection live until the last batch was taken or the generator is returned. */
	async *#batches(query: EngineQuery, deadline: QueryDeadline): AsyncGenerator<EngineBatch, void, undefined> {
		const database = await this.#databaseFor(query, deadline)
		const { duckdb } = database
		let running: RunningQuery | undefined
		try {
			const connection = duckdb.connect()
			const load = new QueryLoad(database, connection, query, deadline, () => `_sqlake_loaded_${++this.#tableCount}`)
			running = { database, connection, query, load, deadline }
			database.running.add(running)
			for (const table of query.tables) await load.table(table)
			duckdb.calling(deadline, () => prepare(duckdb, connection, query))
			let { bytesRead } = load
			for await (const { columns, rows } of execute(duckdb, connection, executeStatement(query.params), deadline)) {
				if (!query.printed) this.#expectUnwatched(database)
				yield { columns, rows, bytesRead }
				bytesRead = 0
				if (!database.running.has(running)) throw new SQLakeError('ANALYTICS_FAILED', 'the engine was closed before the last row')
			}
		} catch (error) {
			if (isWhole(error)) end(running)
			throw this.#failed(error, database)
		} finally {
			end(running)
		}
	}

	/** A log is all that a SELECT can leave behind: of what other queries do, for later ones to read. */
	#expectUnwatched(database: Database): void {
		const { duckdb } = database
		const isOn = "SELECT current_setting('enable_logging')"
		const { rows } = duckdb.withConnection((connection) => arrowRows([duckdb.run(connection, isOn)]))
		if (rows[0]?.[0] === 0) return
		if (database === this.#database) this.#database = undefined
		throw new SQLakeError('DIALECT_UNSUPPORTED', 'a log cannot be kept in a lake query')
	}
}

/** Frees what a query held, unless it was freed before or its instance was thrown away. */
function end(running: RunningQuery | undefined): void {
	if (!running?.database.running.delete(running)) return
	const { database, connection, load } = running
	const dropped = load.finish()
	database.duckdb.disconnect(connection)
	dropTables(database, dropped)
}

/** Of a request that the platform cancels nothing runs again, not even a `finally`: what its stream held is freed here. */
function endAbandoned({ running }: Database): void {
	for (const query of running) if (query.deadline.remainingMs === 0) end(query)
}

/** Makes a query's functions and views, and DuckDB read it. */
function prepare(duckdb: DuckDBWasm, connection: ConnectionHandle, query: EngineQuery): void {
	for (const definition of query.functions ?? []) duckdb.addFunction(connection, definition)
	for (const statement of query.macros ?? []) duckdb.run(connection, statement)
	for (const view of query.views) duckdb.run(connection, createView(view.name, view.sql))
	if (!query.printed) duckdb.expectSelect(connection, query.sql)
	duckdb.run(connection, prepareStatement(query.sql))
}

function dropTables({ duckdb }: Database, tables: readonly LoadedTable[]): void {
	if (tables.length === 0) return
	duckdb.withConnection((connection) => {
		for (const { name } of tables) duckdb.run(connection, `DROP TABLE IF EXISTS ${name}`)
	})
}

/** Brings the tables of one query into the database. */
class QueryLoad {
	readonly #database: Database
	readonly #connection: ConnectionHandle
	readonly #query: EngineQuery
	readonly #deadline: QueryDeadline
	readonly #nextName: () => string
	/** Tables that may be kept once the query is over, and those that may not. */
	readonly #loaded: { table: EngineTable; loaded: LoadedTable }[] = []
	#unfinished: LoadedTable | undefined
	bytesRead = 0

	constructor(
		database: Database,
		connection: ConnectionHandle,
		query: EngineQuery,
		deadline: QueryDeadline,
		nextName: () => string,
	) {
		this.#database = database
		this.#connection = connection
		this.#query = query
		this.#deadline = deadline
		this.#nextName = nextName
	}

	/** Makes one table visible under its name. */
	async table(table: EngineTable): Promise<void> {
		const { duckdb, cache } = this.#database
		const { name } = (this.#query.printed ? cache.find(table) : undefined) ?? (await this.#fill(table))
		const columns = table.columns.map((column) => `f${column.id} AS ${quoteIdentifier(column.name)}`)
		duckdb.run(this.#connection, createView(table.name, `SELECT ${columns.join(', ')} FROM ${name}`))
	}

	/** Hands what was loaded to the cache. @returns the tables to drop. Those of a connection end with it. */
	finish(): LoadedTable[] {
		if (!this.#query.printed) return []
		const dropped = this.#loaded.flatMap(({ table, loaded }) => this.#database.cache.add(table, loaded))
		return this.#unfinished === undefined ? dropped : [...dropped, this.#unfinished]
	}

	async #fill(table: EngineTable): Promise<LoadedTable> {
		const { duckdb } = this.#database
		const { printed = false } = this.#query
		const name = this.#nextName()
		this.#unfinished = { name, bytes: 0, columns: new Set() }
		const columns = table.columns.map(({ id, type }) => `f${id} ${columnType(type)}`)
		duckdb.run(this.#connection, `CREATE ${printed ? '' : 'TEMP '}TABLE ${name} (${columns.join(', ')})`)
		let bytes = 0
		let bytesSinceTurn = 0
		for await (const stream of this.#streams(table)) {
			duckdb.insertArrow(this.#connection, stream, { schema: printed ? 'main' : 'temp', name, create: false })
			bytes += stream.length
			bytesSinceTurn += stream.length
			if (bytesSinceTurn < BYTES_A_TURN) {
				this.#deadline.check()
			} else {
				await this.#deadline.yield()
				bytesSinceTurn = 0
			}
		}
		const loaded = { name, bytes, columns: new Set(table.columns.map(({ id }) => String(id))) }
		this.#loaded.push({ table, loaded })
		this.#unfinished = undefined
		return loaded
	}

	/** The rows of all files, in order, as Arrow streams: small row groups are taken together. */
	async *#streams(table: EngineTable): AsyncGenerator<Uint8Array, void, undefined> {
		const batch = new RowBatch(table.columns.length)
		for await (const { columns, rowCount } of this.#rowGroups(table)) {
			batch.add(columns, rowCount)
			if (batch.isFull) yield batch.take()
		}
		if (batch.rowCount > 0) yield batch.take()
	}

	/** The row groups of all files, in order; some files are opened ahead. */
	async *#rowGroups(table: EngineTable): AsyncGenerator<RowGroupChunk, void, undefined> {
		const opened: ReturnType<QueryLoad['open']>[] = []
		for (const [index, file] of table.files.entries()) {
			while (opened.length < Math.min(table.files.length, index + FILES_AHEAD)) {
				const next = table.files[opened.length] ?? file
				const opening = this.open(next)
				opening.catch(() => {}) // Reported when its turn comes; an earlier failure must not leave it unhandled.
				opened.push(opening)
			}
			const parquet = await this.#deadline.race(opened[index] ?? this.open(file))
			yield* readColumns({ file: parquet, columns: table.columns })
			this.bytesRead += parquet.traffic.bytes
			delete opened[index] // What was read ahead of a file must not outlive it.
		}
	}

	open(file: EngineFile) {
		return openParquet(this.#query.store, file.key, file.sizeInBytes, file.crc32)
	}
}

/** Runs a statement task by task, letting the event loop turn now and then; the first batch has no rows. */
async function* execute(
	duckdb: DuckDBWasm,
	connection: ConnectionHandle,
	sql: string,
	deadline: QueryDeadline,
): AsyncGenerator<ArrowRows, void, undefined> {
	const pace = new Pace(deadline)
	try {
		duckdb.profile(connection)
		const within = <T>(task: () => T) => duckdb.within(connection, deadline, () => duckdb.calling(deadline, task))
		let header = within(() => duckdb.start(connection, sql))
		for (; header === null; header = within(() => duckdb.poll(connection))) await pace.afterTask()
		yield arrowRows([header])
		for (;;) {
			const part = within(() => duckdb.fetch(connection))
			if (part?.length === 0) return
			if (part !== null) yield arrowRows([header, part])
			await pace.afterTask()
		}
	} catch (error) {
		if (SQLakeError.is(error)) duckdb.cancel(connection)
		throw error
	}
}

/** Lets the event loop turn now and then. The clock of a Worker only moves then, so the pace is found from one turn to the next. */
class Pace {
	readonly #deadline: QueryDeadline
	#tasks = 0
	#tasksATurn = FIRST_TASKS
	#turnedAt = Date.now()

	constructor(deadline: QueryDeadline) {
		this.#deadline = deadline
	}

	/** @throws as {@link QueryDeadline.check} does. */
	async afterTask(): Promise<void> {
		// Where the clock moves during tasks it says itself when others shall have their turn.
		if (++this.#tasks < this.#tasksATurn && Date.now() - this.#turnedAt < MS_A_TURN) return
		this.#tasks = 0
		await this.#deadline.yield()
		const elapsed = Date.now() - this.#turnedAt
		this.#turnedAt += elapsed
		this.#tasksATurn = elapsed > 50 ? Math.max(1, this.#tasksATurn >> 1) : Math.min(MAX_TASKS_A_TURN, this.#tasksATurn << 1)
	}
}
