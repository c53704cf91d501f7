/**
 * Queries that run when they are awaited, and queries made from the rows of others.
 *
 * @module
 */
import { entityKind, QueryPromise } from 'drizzle-orm'
import { SQLakeError } from '../errors.ts'
import { mapConcurrently } from './map-concurrently.ts'

/** Dependent queries that run at once, unless told otherwise. */
const DEFAULT_CONCURRENCY = 16

/** How dependent queries run. */
export interface MapOptions {
	/** How many run at once; 16 by default. */
	readonly concurrency?: number
}

/** What the function given to `map` may answer: a query, a promise or a value. */
export type Mapped<U> = U | PromiseLike<U>

/** An element of a list, or the one row of a query; null where there is none. */
type ElementOf<T> = T extends readonly (infer TElement)[] ? TElement : NonNullable<T>

/**
 * A query that runs when it is first awaited, and at most once, as Drizzle's builders do.
 *
 * @example
 * ```ts
 * const names = await sql<{ id: string }>`SELECT id FROM orders WHERE user_id = ${id}`
 *   .all()
 *   .map((order) => sql`SELECT * FROM users WHERE id = ${order.id}`.first())
 * ```
 */
export class PipelinedQuery<T> extends QueryPromise<T> {
	static override readonly [entityKind]: string = 'PipelinedQuery'
	readonly #execute: () => Promise<T>
	readonly #key: () => string | null
	#result: Promise<T> | undefined

	constructor(execute: () => Promise<T>, key: () => string | null = () => null) {
		super()
		this.#execute = execute
		this.#key = key
	}

	/** Equal keys ask for the same thing; null for what must run each time, such as a write. */
	get key(): string | null {
		return this.#key()
	}

	/** Starts the query, unless it has started. */
	override execute(): Promise<T> {
		this.#result ??= this.#execute()
		return this.#result
	}

	/**
	 * Runs a query for each row: concurrently, with a bound; equal queries run once. The answers keep the order of the rows.
	 *
	 * @param fn - gets a row and its position; answers a query, a promise or a value
	 * @throws SQLakeError CONFIG_INVALID for a concurrency below 1
	 */
	map<U>(fn: (element: ElementOf<T>, index: number) => Mapped<U>, options?: MapOptions): MappedQuery<U> {
		return new MappedQuery(async () => elementsOf(await this), fn, options)
	}
}

/** The answers of the queries made from the rows of another query. */
export class MappedQuery<U> extends PipelinedQuery<U[]> {
	static override readonly [entityKind]: string = 'MappedQuery'

	constructor(
		source: () => Promise<readonly never[]>,
		fn: (element: never, index: number) => Mapped<U>,
		{ concurrency = DEFAULT_CONCURRENCY }: MapOptions = {},
	) {
		if (!Number.isInteger(concurrency) || concurrency < 1) {
			throw new SQLakeError('CONFIG_INVALID', `map(): expected a concurrency of at least 1, found ${concurrency}`)
		}
		super(async () => {
			const running = new Map<string, PromiseLike<U>>()
			return mapConcurrently(await source(), (element, index) => collapsed(fn(element, index), running), concurrency)
		})
	}
}

function elementsOf(result: unknown): readonly never[] {
	if (Array.isArray(result)) return result as never[]
	return (result === null || result === undefined ? [] : [result]) as never[]
}

/** The answer to a query; one that equals an earlier one shares its answer. */
function collapsed<U>(answer: Mapped<U>, running: Map<string, PromiseLike<U>>): Mapped<U> {
	const key = answer instanceof PipelinedQuery ? answer.key : null
	if (key === null) return answer
	const known = running.get(key)
	if (known !== undefined) return known
	running.set(key, answer as PipelinedQuery<U>)
	return answer
}
