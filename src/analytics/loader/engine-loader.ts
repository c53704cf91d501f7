/**
 * Opens an engine when it is first needed.
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'
import type { EngineOptions, QueryEngine } from '../query-engine.ts'
import { type DuckDBEnvironment, detectEnvironment } from './detect-environment.ts'

/** What a loader is made with. */
export interface DuckDBLoaderConfig extends Partial<EngineOptions> {
	/** `'auto'`, the default: native DuckDB where it is installed, else DuckDB-WASM. A Worker has DuckDB-WASM only. */
	readonly engine?: 'auto' | 'wasm' | 'native'
}

/** Opens the engine of one runtime; imports it first, so that code which never asks the lake does not pay for it. */
export type OpenEngine = (config: DuckDBLoaderConfig) => Promise<QueryEngine>

/** Opens one engine, once, at the first {@link load}. Who shares the loader shares the engine and what it keeps in memory. */
export class EngineLoader {
	readonly #config: DuckDBLoaderConfig
	readonly #runtime: DuckDBEnvironment
	readonly #open: OpenEngine
	#engine: QueryEngine | undefined

	/** @param runtime The one that `open` is made for. */
	constructor(config: DuckDBLoaderConfig, runtime: DuckDBEnvironment, open: OpenEngine) {
		this.#config = config
		this.#runtime = runtime
		this.#open = open
	}

	/** The runtime that was found. */
	get environment(): DuckDBEnvironment {
		return detectEnvironment()
	}

	/**
	 * The engine; opened by the first call. One that did not open is tried again by the next call.
	 *
	 * @throws `ANALYTICS_UNAVAILABLE` in another runtime, or where the engine asked for is not installed.
	 */
	async load(): Promise<QueryEngine> {
		if (this.#engine !== undefined) return this.#engine
		if (this.environment !== this.#runtime) throw wrongRuntime(this.#runtime, this.environment)
		const opened = await this.#open(this.#config)
		// The engine is kept, not a promise of it: in a Worker a promise belongs to the request that made it.
		this.#engine ??= opened
		return this.#engine
	}

	/** Frees what the engine holds; a later query starts it again. */
	async close(): Promise<void> {
		await this.#engine?.close()
	}
}

function wrongRuntime(expected: DuckDBEnvironment, found: DuckDBEnvironment): SQLakeError {
	return new SQLakeError('ANALYTICS_UNAVAILABLE', `DuckDB: this build is for ${expected}, the runtime is ${found}`, {
		hint:
			found === 'workerd'
				? 'Let the bundler resolve packages under the condition "workerd", as wrangler does.'
				: 'Ask the lake in Node or in a Worker, or reach a service of one through createDuckDBServiceClient().',
		details: { expected, found },
	})
}
