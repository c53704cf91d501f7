/**
 * The storage that an object's Drizzle database works on.
 *
 * @module
 */
import { SQLakeError } from '../errors.ts'
import { bindValues } from '../session/bind-value.ts'
import { bindable } from '../shard/bind-values.ts'

/** What runs the statements and transactions of an {@link observedStorage}. */
export interface StorageObserver {
	/** Runs a statement, which may write. */
	write<T>(sql: string, run: () => T): T
	/** Runs a transaction. */
	transaction<T>(run: () => T): T
}

/**
 * The parts of a Durable Object's storage that Drizzle's driver uses, with writes observed and values bound as they are everywhere.
 */
export function observedStorage(storage: DurableObjectStorage, observer: StorageObserver): DurableObjectStorage {
	const exec = (query: string, ...values: unknown[]): SqlStorageCursor<Record<string, SqlStorageValue>> => {
		const { sql, params } = bindable({ sql: query, params: bindValues(values) })
		return observer.write(query, () => storage.sql.exec(sql, ...params))
	}
	const observed = { sql: { exec }, transactionSync: <T>(run: () => T): T => observer.transaction(() => synchronous(run())) }
	// Drizzle's durable-sqlite session calls nothing but these two.
	return observed as unknown as DurableObjectStorage
}

/** A transaction ends when its callback returns: what an asynchronous one did after its first await would not be part of it. */
function synchronous<T>(answer: T): T {
	if (!(answer instanceof Promise)) return answer
	// Its own failure has nobody left to tell.
	answer.catch(() => {})
	throw new SQLakeError(
		'TRANSACTION_UNSUPPORTED',
		'transaction(): expected a synchronous callback, found one that returns a promise',
		{
			hint: 'await before or after the transaction, and call .run(), .all() or .get() within it; it was rolled back',
		},
	)
}
