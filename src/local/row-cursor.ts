/** What a statement answered, with the surface of a Durable Object's `SqlStorageCursor`. The rows are all there already. */
export class RowCursor implements Iterable<Record<string, SqlStorageValue>> {
	readonly columnNames: string[]
	/** Rows that came back: Node's SQLite does not tell how many were looked at. */
	readonly rowsRead: number
	/** Rows that the statement wrote, those of triggers and foreign keys included, those of indexes not. */
	readonly rowsWritten: number
	readonly #rows: Iterator<SqlStorageValue[]>

	constructor(columnNames: string[], rows: readonly SqlStorageValue[][], rowsWritten: number) {
		this.columnNames = columnNames
		this.rowsRead = rows.length
		this.rowsWritten = rowsWritten
		this.#rows = rows.values()
	}

	next(): IteratorResult<Record<string, SqlStorageValue>, undefined> {
		const { done, value } = this.#rows.next()
		if (done === true) return { done, value: undefined }
		return { done: false, value: this.#object(value) }
	}

	/** The rows that are left, as arrays in column order. */
	raw(): IteratorObject<SqlStorageValue[], undefined> {
		const rows = this.#rows
		return Iterator.from({ next: () => rows.next() })
	}

	/** The rows that are left. */
	toArray(): Record<string, SqlStorageValue>[] {
		return [...this]
	}

	/** The only row. */
	one(): Record<string, SqlStorageValue> {
		const [row, ...more] = this
		if (row === undefined || more.length > 0) {
			throw new Error(
				`Expected exactly one result from SQL query, but got ${row === undefined ? 'no results' : 'multiple results'}.`,
			)
		}
		return row
	}

	*[Symbol.iterator](): Iterator<Record<string, SqlStorageValue>> {
		for (let next = this.next(); next.done !== true; next = this.next()) yield next.value
	}

	#object(row: readonly SqlStorageValue[]): Record<string, SqlStorageValue> {
		return Object.fromEntries(this.columnNames.map((name, index) => [name, row[index] ?? null]))
	}
}
