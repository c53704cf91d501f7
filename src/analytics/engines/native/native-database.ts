/**
 * Native DuckDB for one query at a time, locked before the query comes.
 *
 * @module
 */
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { SQLakeError } from '../../../errors.ts'
import type { EngineFunction, EngineOptions } from '../../query-engine.ts'
import { settingStatements } from '../duckdb-settings.ts'
import { notOneSelect } from '../inspect-statement.ts'
import type { QueryDeadline } from '../query-deadline.ts'
import { scalarFunction } from './text-function.ts'
import { Turns } from './turns.ts'

type NodeApi = typeof import('@duckdb/node-api')

/**
 * Statements that run at a time. Each holds one of the four threads that Node has for work of this kind (UV_THREADPOOL_SIZE), on
 * which the process reads files and looks up names as well.
 */
const STATEMENTS_AT_A_TIME = 3

/** Milliseconds between calls to stop: one that comes before DuckDB has begun goes unheard. */
const INTERRUPT_EVERY_MS = 50

/**
 * Makes instances. Every query has one of its own: what it makes, and what it breaks, ends with it, and the files that it may open
 * are the files of its own plan. The next one is made ahead, since that takes longer than a small query.
 */
export class NativeDatabases {
	readonly #load: () => Promise<NodeApi>
	readonly #options: EngineOptions
	readonly #turns = new Turns(STATEMENTS_AT_A_TIME)
	#spare: Promise<DuckDBInstance> | undefined

	constructor(options: EngineOptions, load: () => Promise<NodeApi>) {
		this.#load = load
		this.#options = options
	}

	/** @param paths Files that may be read. */
	async open(paths: readonly string[]): Promise<NativeDatabase> {
		const taken = this.#spare ?? this.#create()
		this.#spare = this.#create()
		this.#spare.catch(() => {}) // Reported to the query that takes it.
		const instance = await taken
		const connection = await instance.connect()
		const database = new NativeDatabase(instance, connection, await this.#load(), this.#turns)
		try {
			await connection.run(settingStatements(this.#options, paths).join('; '))
		} catch (error) {
			void database.close()
			throw error
		}
		return database
	}

	async close(): Promise<void> {
		const spare = await this.#spare
		this.#spare = undefined
		spare?.closeSync()
	}

	async #create(): Promise<DuckDBInstance> {
		const { DuckDBInstance } = await this.#load()
		return DuckDBInstance.create(':memory:', { threads: String(this.#options.threads) })
	}
}

/** An instance and its only connection. */
export class NativeDatabase {
	readonly connection: DuckDBConnection
	readonly #instance: DuckDBInstance
	readonly #api: NodeApi
	readonly #turns: Turns
	#busy: Promise<void> = Promise.resolve()
	/** What a function threw that was called back; of an error DuckDB keeps no more than the message. */
	failure: SQLakeError | undefined

	constructor(instance: DuckDBInstance, connection: DuckDBConnection, api: NodeApi, turns: Turns) {
		this.#instance = instance
		this.connection = connection
		this.#api = api
		this.#turns = turns
	}

	addFunction(definition: EngineFunction, deadline: QueryDeadline): void {
		const onFailure = (error: unknown) => {
			if (SQLakeError.is(error)) this.failure ??= error
		}
		this.connection.registerScalarFunction(scalarFunction(this.#api, definition, () => deadline.check(), onFailure))
	}

	/** @throws `READ_ONLY` for what is not one SELECT, as DuckDB reads it; DuckDB's own error for what it cannot read. */
	async expectSelect(sql: string): Promise<void> {
		const { StatementType } = this.#api
		const statements = await this.connection.extractStatements(sql)
		const { count } = statements
		if (count !== 1) throw notOneSelect(`${count} statements`)
		const statement = await statements.prepare(0)
		const { statementType } = statement
		statement.destroySync()
		if (statementType !== StatementType.SELECT) throw notOneSelect(StatementType[statementType] ?? 'another statement')
	}

	/** Waits for DuckDB, and stops it when the query may not go on. @throws as {@link QueryDeadline.check} does, or as DuckDB does. */
	async work<T>(deadline: QueryDeadline, start: () => Promise<T>): Promise<T> {
		const done = await this.#turns.take(deadline)
		const work = start()
		this.#busy = work.then(done, done)
		try {
			return await deadline.race(work)
		} catch (error) {
			const timer = setInterval(() => this.connection.interrupt(), INTERRUPT_EVERY_MS)
			this.connection.interrupt()
			void this.#busy.then(() => clearInterval(timer))
			throw error
		}
	}

	/** Frees it, as soon as DuckDB has stopped. */
	async close(): Promise<void> {
		await this.#busy
		this.connection.closeSync()
		this.#instance.closeSync()
	}
}
