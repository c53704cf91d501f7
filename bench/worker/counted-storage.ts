/** A Durable Object's storage that counts the rows its statements write. */
export class CountedStorage {
	readonly storage: DurableObjectStorage
	readonly #cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = []

	constructor(storage: DurableObjectStorage) {
		const { sql } = storage
		const cursors = this.#cursors
		const counted = new Proxy(sql, {
			get(target, property) {
				if (property !== 'exec') return Reflect.get(target, property, target)
				return (query: string, ...values: unknown[]) => {
					const cursor = sql.exec(query, ...values)
					cursors.push(cursor)
					return cursor
				}
			},
		})
		this.storage = new Proxy(storage, {
			get(target, property) {
				if (property === 'sql') return counted
				const value: unknown = Reflect.get(target, property, target)
				return typeof value === 'function' ? value.bind(target) : value
			},
		})
	}

	/** Rows written so far; a cursor knows once it was read to its end. */
	get rowsWritten(): number {
		return this.#cursors.reduce((sum, cursor) => sum + cursor.rowsWritten, 0)
	}
}
