import { SQLakeError } from '../../src/errors.ts'
import type {
	ByteRange,
	ObjectInfo,
	ObjectPage,
	ObjectStore,
	PutOptions,
	StoredObject,
} from '../../src/lake/storage/object-store.ts'

/** What goes wrong with one call. */
export type Fault =
	/** The request never arrives. */
	| 'before'
	/** The request takes effect, and its answer is lost. */
	| 'after'
	/** The request takes effect only once others have gone on; the caller is told it failed. */
	| 'late'
	/** The request never ends, and takes no effect. */
	| 'hang'

/** One call that a store was asked for. */
export interface StoreCall {
	readonly operation: 'get' | 'head' | 'put' | 'delete' | 'list'
	readonly key: string
}

/**
 * A store in front of a real one, that fails as it is told: by the index of the call, counted from 0, or by what is called.
 */
export class FaultyStore implements ObjectStore {
	readonly #store: ObjectStore
	readonly #faultOf: (call: StoreCall, index: number) => Fault | undefined
	/** What was asked for so far. */
	readonly calls: StoreCall[] = []
	readonly #late: Promise<unknown>[] = []

	/** @param faultOf Decides over each call; undefined lets it through. */
	constructor(store: ObjectStore, faultOf: (call: StoreCall, index: number) => Fault | undefined) {
		this.#store = store
		this.#faultOf = faultOf
	}

	/** Waits for the requests that take effect late. */
	async settle(): Promise<void> {
		await Promise.all(this.#late)
	}

	get(key: string, range?: ByteRange): Promise<StoredObject | null> {
		return this.#call({ operation: 'get', key }, () => this.#store.get(key, range))
	}

	head(key: string): Promise<ObjectInfo | null> {
		return this.#call({ operation: 'head', key }, () => this.#store.head(key))
	}

	put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<ObjectInfo | null> {
		return this.#call({ operation: 'put', key }, () => this.#store.put(key, bytes, options))
	}

	delete(keys: readonly string[]): Promise<void> {
		return this.#call({ operation: 'delete', key: keys.join(' ') }, () => this.#store.delete(keys))
	}

	list(options: { readonly prefix: string; readonly cursor?: string; readonly limit?: number }): Promise<ObjectPage> {
		return this.#call({ operation: 'list', key: options.prefix }, () => this.#store.list(options))
	}

	async #call<T>(call: StoreCall, run: () => Promise<T>): Promise<T> {
		const fault = this.#faultOf(call, this.calls.length)
		this.calls.push(call)
		if (fault === undefined) return run()
		if (fault === 'hang') return new Promise(() => {})
		if (fault === 'after') await run()
		if (fault === 'late') this.#late.push(new Promise((resolve) => setTimeout(resolve, 15)).then(run))
		throw new SQLakeError('STORE_UNAVAILABLE', `${call.operation} of "${call.key}" failed as the test wishes (${fault})`)
	}
}
