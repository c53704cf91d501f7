/**
 * DuckDB-WASM's C interface, as far as sqlake needs it: connections, pending queries and Arrow in and out.
 *
 * Everything is synchronous; nothing may be called while a call is running. A JavaScript error that unwinds through the module
 * leaves it in an unknown state, so an instance that threw anything but {@link DuckDBError} must not be used again.
 *
 * @module
 */
import { SQLakeError } from '../../../errors.ts'
import type { EngineFunction } from '../../query-engine.ts'
import { notOneSelect } from '../inspect-statement.ts'
import type { QueryDeadline } from '../query-deadline.ts'
import { stubRuntime } from './stub-runtime.ts'
import { TaskWatch } from './task-watch.ts'
import { TextFunctions } from './text-functions.ts'
import { wasmFunctionMaker } from './trampolines.ts'
import type { DuckDBModule } from './vendor/duckdb-loader.js'

/** The compiled modules an instance is made of. A Worker imports them; Node compiles them. */
export interface DuckDBWasmModules {
	readonly duckdb: WebAssembly.Module
	readonly trampolines: WebAssembly.Module
}

/** DuckDB refused a statement. The message is DuckDB's. */
export class DuckDBError extends Error {
	override readonly name = 'DuckDBError'
}

/** Tells whether an instance whose call ended with this error is still in a known state. */
export function isWhole(error: unknown): boolean {
	return error instanceof DuckDBError || SQLakeError.is(error)
}

/** A connection of an instance. */
export type ConnectionHandle = number & { readonly connection: unique symbol }

/** How rows that come in are stored. */
export interface ArrowInsertTarget {
	readonly schema?: string
	readonly name: string
	/** Whether the table is created by this insert. */
	readonly create: boolean
}

/** Functions of DuckDB's C API (duckdb.h). A 64-bit parameter is two numbers, the low half first. */
type CApi = Readonly<Record<string, (...args: readonly number[]) => number>>

/** Where DuckDB-WASM's connection has its `duckdb::Connection`, which the C API knows as `duckdb_connection`. */
const CONNECTION_OFFSET = 8

/** `DUCKDB_STATEMENT_TYPE_SELECT`. */
const SELECT = 1

/** What a call answers: DuckDB's message where the status is neither 0 nor {@link STATUS_RETRY}. */
interface Response {
	readonly status: number
	readonly bytes: Uint8Array
}

/** DuckDB-WASM: nothing failed, but there is no answer yet. */
const STATUS_RETRY = 256

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** What an instance is made of. */
interface Parts {
	readonly module: DuckDBModule
	readonly api: CApi
	readonly functions: TextFunctions
	readonly watch: TaskWatch
	readonly refused: { memory: boolean }
}

/** One running DuckDB. */
export class DuckDBWasm {
	readonly #module: DuckDBModule
	readonly #api: CApi
	readonly #functions: TextFunctions
	readonly #functionNames = new Set<string>()
	readonly #refused: { memory: boolean }

	readonly #watch: TaskWatch

	private constructor({ module, api, functions, watch, refused }: Parts) {
		this.#module = module
		this.#refused = refused
		this.#api = api
		this.#watch = watch
		this.#functions = functions
	}

	/**
	 * Instantiates the module and opens an empty database in memory.
	 *
	 * @param maxHeapBytes To which the module's memory may grow, give or take a fifth: DuckDB's own limit knows of its blocks, and not
	 *   of what a single function makes.
	 * @throws DuckDBError if the database does not open.
	 */
	static async open(modules: DuckDBWasmModules, maxHeapBytes = Number.POSITIVE_INFINITY): Promise<DuckDBWasm> {
		// Loaded on first use: the loader is half a megabyte that a Worker without lake queries should not pay for.
		const { default: createModule } = await import('./vendor/duckdb-loader.js')
		const functions = new TextFunctions()
		const watch = new TaskWatch()
		let api: CApi = {}
		const refused = { memory: false }
		const module = await createModule({
			duckdbRuntime: { ...stubRuntime, callScalarUDF: functions.call },
			wasmFunction: wasmFunctionMaker(modules.trampolines),
			instantiateWasm: (imports, done) => {
				const env = imports.env as Record<string, (bytes: number) => number>
				const grow = env.emscripten_resize_heap
				if (grow === undefined) throw new SQLakeError('INTERNAL', 'duckdb.wasm: expected it to ask for memory, it does not')
				env.emscripten_resize_heap = (bytes) => {
					if (bytes >>> 0 <= maxHeapBytes) return grow(bytes)
					refused.memory = true
					return 0
				}
				const instance = new WebAssembly.Instance(modules.duckdb, watch.watch(imports))
				api = instance.exports as CApi
				return done(instance, modules.duckdb)
			},
			print: () => {},
			printErr: () => {},
		})
		const database = new DuckDBWasm({ module, api, functions, watch, refused })
		// One task a poll: inside a call the clock of a Worker stands still, so a poll bounded by time would never return.
		database.#call('duckdb_web_open', ['string'], [JSON.stringify({ path: ':memory:', query: { queryPollingInterval: 0 } })])
		return database
	}

	/** Size of the module's memory, which only ever grows. */
	get heapBytes(): number {
		return this.#module.HEAPU8.byteLength
	}

	/** Whether it wanted more memory than it may have, since a connection was last made. */
	get wasRefusedMemory(): boolean {
		return this.#refused.memory
	}

	connect(): ConnectionHandle {
		this.#refused.memory = false
		return this.#module.ccall('duckdb_web_connect', 'number', [], []) as ConnectionHandle
	}

	disconnect(connection: ConnectionHandle): void {
		this.#module.ccall('duckdb_web_disconnect', null, ['number'], [connection])
	}

	/** Gives a connection to a call. */
	withConnection<T>(use: (connection: ConnectionHandle) => T): T {
		const connection = this.connect()
		try {
			const result = use(connection)
			this.disconnect(connection)
			return result
		} catch (error) {
			if (isWhole(error)) this.disconnect(connection)
			throw error
		}
	}

	/** Makes a function known to all connections, for as long as the instance lives. One of the same name is left as it is. */
	addFunction(connection: ConnectionHandle, definition: EngineFunction): void {
		const { name } = definition
		if (this.#functionNames.has(name)) return
		this.#functionNames.add(name)
		const declaration = { functionId: this.#functions.add(definition), name, returnType: { sqlType: 'utf8' } }
		this.#call('duckdb_web_udf_scalar_create', ['number', 'string'], [connection, JSON.stringify(declaration)])
	}

	/** @throws `READ_ONLY` for what is not one SELECT, as DuckDB reads it; DuckDBError for what it cannot read. */
	expectSelect(connection: ConnectionHandle, sql: string): void {
		const api = this.#api
		const handle = connection + CONNECTION_OFFSET
		const call = (name: string, ...args: readonly number[]) => api[name]?.(...args) ?? 0
		this.#withBytes(encoder.encode(`${sql}\0`), (text) =>
			this.#withBytes(new Uint8Array(8), (pointers) => {
				const at = (pointer: number) =>
					this.#module.HEAPU8.subarray(pointer, pointer + 4).reduceRight((value, byte) => value * 256 + byte, 0)
				const count = call('duckdb_extract_statements', handle, text, pointers)
				try {
					const error = call('duckdb_extract_statements_error', at(pointers))
					if (error !== 0) throw new DuckDBError(this.#text(error))
					if (count !== 1) throw notOneSelect(`${count} statements`)
					call('duckdb_prepare_extracted_statement', handle, at(pointers), 0, 0, pointers + 4)
					const failure = call('duckdb_prepare_error', at(pointers + 4))
					if (failure !== 0) throw new DuckDBError(this.#text(failure))
					if (call('duckdb_prepared_statement_type', at(pointers + 4)) !== SELECT) throw notOneSelect('another statement')
				} finally {
					call('duckdb_destroy_prepare', pointers + 4)
					call('duckdb_destroy_extracted', pointers)
				}
			}),
		)
	}

	/** Text that ends with NUL. */
	#text(pointer: number): string {
		const { HEAPU8 } = this.#module
		return decoder.decode(HEAPU8.subarray(pointer, HEAPU8.indexOf(0, pointer)))
	}

	/** Makes a call during which functions may be called back. @throws what the call throws, or what such a function threw. */
	calling<T>(deadline: QueryDeadline, call: () => T): T {
		const functions = this.#functions
		functions.deadline = deadline
		functions.failure = undefined
		try {
			return call()
		} catch (error) {
			throw error instanceof DuckDBError ? (functions.failure ?? error) : error
		}
	}

	/** Runs a statement to its end. @returns its rows as an Arrow IPC file. */
	run(connection: ConnectionHandle, sql: string): Uint8Array {
		return this.#withBytes(encoder.encode(sql), (pointer, length) =>
			this.#call('duckdb_web_query_run_buffer', ['number', 'number', 'number'], [connection, pointer, length]),
		)
	}

	/**
	 * Starts a statement whose rows come as they are fetched, so that its result is never held as a whole.
	 *
	 * @returns the head of an Arrow IPC stream once there are rows to fetch, null while there are not: {@link poll}.
	 */
	start(connection: ConnectionHandle, sql: string): Uint8Array | null {
		const header = this.#withBytes(encoder.encode(sql), (pointer, length) =>
			this.#call(
				'duckdb_web_pending_query_start_buffer',
				['number', 'number', 'number', 'boolean'],
				[connection, pointer, length, true],
			),
		)
		return header.length === 0 ? null : header
	}

	/** Runs one more task of the started statement. @returns as {@link start} does. */
	poll(connection: ConnectionHandle): Uint8Array | null {
		const header = this.#call('duckdb_web_pending_query_poll', ['number'], [connection])
		return header.length === 0 ? null : header
	}

	/** Has DuckDB look at the time as it works, on this connection from now on. @see TaskWatch */
	profile(connection: ConnectionHandle): void {
		this.run(connection, 'PRAGMA enable_profiling')
	}

	/**
	 * Runs one task of a statement on a connection that {@link profile} was called with, no longer than the query may take.
	 *
	 * @throws `ANALYTICS_TIMEOUT` besides what the task throws; the statement must be cancelled then
	 */
	within<T>(connection: ConnectionHandle, deadline: QueryDeadline, task: () => T): T {
		return this.#watch.during(deadline, () => void this.#api.duckdb_interrupt?.(connection + CONNECTION_OFFSET), task)
	}

	/** Gives the started statement up. */
	cancel(connection: ConnectionHandle): void {
		this.#module.ccall('duckdb_web_pending_query_cancel', 'boolean', ['number'], [connection])
	}

	/** The next part of the Arrow IPC stream, empty at its end; null while it is not ready, after one more task. */
	fetch(connection: ConnectionHandle): Uint8Array | null {
		const { status, bytes } = this.#respond('duckdb_web_query_fetch_results', ['number'], [connection])
		if (status === STATUS_RETRY) return null
		if (status !== 0) throw new DuckDBError(decoder.decode(bytes))
		return bytes
	}

	/** Appends the rows of an Arrow IPC stream to a table. */
	insertArrow(connection: ConnectionHandle, stream: Uint8Array, target: ArrowInsertTarget): void {
		this.#withBytes(stream, (pointer, length) =>
			this.#call(
				'duckdb_web_insert_arrow_from_ipc_stream',
				['number', 'number', 'number', 'string'],
				[connection, pointer, length, JSON.stringify(target)],
			),
		)
	}

	#withBytes<T>(bytes: Uint8Array, use: (pointer: number, length: number) => T): T {
		const pointer = this.#module._malloc(bytes.length)
		if (pointer === 0) throw new DuckDBError(`Out of Memory Error: cannot allocate ${bytes.length} bytes`)
		this.#module.HEAPU8.set(bytes, pointer)
		try {
			return use(pointer, bytes.length)
		} finally {
			this.#module._free(pointer)
		}
	}

	#call(name: string, types: readonly string[], args: readonly (string | number | boolean)[]): Uint8Array {
		const { status, bytes } = this.#respond(name, types, args)
		if (status !== 0) throw new DuckDBError(decoder.decode(bytes))
		return bytes
	}

	/** Calls a function that answers through a response of three doubles: status, pointer, length. */
	#respond(name: string, types: readonly string[], args: readonly (string | number | boolean)[]): Response {
		const module = this.#module
		const stack = module.stackSave()
		const response = module.stackAlloc(24)
		module.ccall(name, null, ['number', ...types], [response, ...args])
		const [status = 0, pointer = 0, length = 0] = module.HEAPF64.subarray(response >> 3, (response >> 3) + 3)
		module.stackRestore(stack)
		const bytes = pointer === 0 ? new Uint8Array() : module.HEAPU8.slice(pointer, pointer + length)
		module.ccall('duckdb_web_clear_response', null, [], [])
		return { status, bytes }
	}
}
