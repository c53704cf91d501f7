/**
 * Which decoded tables a DuckDB-WASM database holds, and which to drop first.
 *
 * @module
 */
import type { EngineTable } from '../../query-engine.ts'

/** A table that was filled from files. */
export interface LoadedTable {
	/** Its name in the database. */
	readonly name: string
	/** Bytes that its rows took on their way in; about what it holds in memory. */
	readonly bytes: number
	/** Names of the columns it holds. */
	readonly columns: ReadonlySet<string>
}

/**
 * Loaded tables by the files they were made of, least recently used first. Files never change, so that an entry never goes
 * stale; it is only dropped for room.
 */
export class TableCache {
	readonly #entries = new Map<string, LoadedTable>()
	readonly #capacityBytes: number
	#bytes = 0

	/** @param capacityBytes 0 keeps nothing. */
	constructor(capacityBytes: number) {
		this.#capacityBytes = capacityBytes
	}

	/** The table with all rows and columns asked for, or undefined. */
	find(table: EngineTable): LoadedTable | undefined {
		const key = keyOf(table)
		const entry = key === undefined ? undefined : this.#entries.get(key)
		if (key === undefined || entry === undefined || !table.columns.every(({ id }) => entry.columns.has(String(id))))
			return undefined
		this.#entries.delete(key)
		this.#entries.set(key, entry)
		return entry
	}

	/**
	 * Takes a table in.
	 *
	 * @returns The tables to drop: those that had to make room, one that this replaces, or the table itself if it may not be kept.
	 */
	add(table: EngineTable, loaded: LoadedTable): LoadedTable[] {
		const key = keyOf(table)
		if (key === undefined || loaded.bytes > this.#capacityBytes) return [loaded]
		const dropped: LoadedTable[] = []
		const previous = this.#entries.get(key)
		if (previous !== undefined) dropped.push(this.#remove(key, previous))
		for (const [oldKey, old] of this.#entries) {
			if (this.#bytes + loaded.bytes <= this.#capacityBytes) break
			dropped.push(this.#remove(oldKey, old))
		}
		this.#entries.set(key, loaded)
		this.#bytes += loaded.bytes
		return dropped
	}

	/** Forgets all tables. @returns the tables to drop. */
	clear(): LoadedTable[] {
		return [...this.#entries].map(([key, entry]) => this.#remove(key, entry))
	}

	#remove(key: string, entry: LoadedTable): LoadedTable {
		this.#entries.delete(key)
		this.#bytes -= entry.bytes
		return entry
	}
}

function keyOf(table: EngineTable): string | undefined {
	if (table.cacheKey === undefined || table.files.length === 0) return undefined
	return [table.cacheKey, ...table.files.map((file) => file.key)].join('\n')
}
