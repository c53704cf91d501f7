/**
 * What queries answer.
 *
 * @module
 */
import type { Bookmark } from '../cdc/change-batch.ts'
import type { ExecuteResponse, LakeQueryStats, StatementResult, WireValue } from '../driver/transport.ts'

/** What a write answers. */
export interface RunResult {
	/** Rows inserted, updated or deleted by the statement itself. */
	readonly rowsAffected: number
	/** Rowid of the last row inserted; null where none was. */
	readonly lastInsertRowid: number | null
	/** Where the write stands in its shard; null where it changed nothing, capture is off, or several shards were written. */
	readonly bookmark: Bookmark | null
	/** What happened in each shard, where the rows of a split INSERT went to several; in the order of their first rows. */
	readonly shards?: readonly ShardWrite[]
	/** True, as in a `D1Result`: a write that fails throws. */
	readonly success: true
	/** Empty, as in a `D1Result`: rows come from `returning()`. */
	readonly results: never[]
	/** As in a `D1Result`. */
	readonly meta: WriteMeta
}

/** What D1 tells of a write, so that a database fits where Drizzle's D1 database is asked for. What no object tells is 0. */
export type WriteMeta = {
	readonly changes: number
	readonly last_row_id: number
	readonly changed_db: boolean
	readonly rows_written: number
	/** 0: not told. */
	readonly rows_read: number
	/** 0: not told. */
	readonly duration: number
	/** 0: not told. */
	readonly size_after: number
}

/** What a split INSERT did in one shard. */
export interface ShardWrite extends Pick<RunResult, 'rowsAffected' | 'lastInsertRowid' | 'bookmark'> {
	readonly shard: string
}

/** What one query answered, rows as arrays. */
export interface QueryResult {
	readonly columns: readonly string[]
	readonly rows: readonly (readonly WireValue[])[]
	/** Rows inserted, updated or deleted by the statement itself. */
	readonly changes: number
	readonly lastInsertRowid: number | null
	readonly bookmark: Bookmark | null
	/** What the lake did for it; null for an answer of a shard. */
	readonly stats: LakeQueryStats | null
	/** Only of an INSERT that was split over several shards. */
	readonly shards?: readonly ShardWrite[]
}

/** One result from the results of the statements that a statement was split into. */
export function mergeResults({ results, bookmark: place }: ExecuteResponse): QueryResult {
	const bookmark = place === null ? null : withJSON(place)
	const [first] = results
	if (first === undefined) return { columns: [], rows: [], changes: 0, lastInsertRowid: null, bookmark, stats: null }
	if (results.length === 1) {
		const { columns, rows, changes, lastInsertRowid } = first
		return { columns, rows, changes, lastInsertRowid, bookmark, stats: null }
	}
	return {
		columns: first.columns,
		rows: results.flatMap(({ rows }) => rows),
		changes: results.reduce((sum, { changes }) => sum + changes, 0),
		lastInsertRowid: results.findLast((result) => result.lastInsertRowid !== null)?.lastInsertRowid ?? null,
		bookmark,
		stats: null,
	}
}

/** What a write answers, from its result. */
export function runResult({ changes, lastInsertRowid, bookmark, shards }: QueryResult): RunResult {
	const answer = new WriteAnswer(changes, lastInsertRowid, bookmark)
	return shards === undefined ? answer : Object.assign(answer, { shards })
}

/** D1's names are accessors: they are no part of its JSON, nor of a comparison. */
class WriteAnswer implements RunResult {
	readonly rowsAffected: number
	readonly lastInsertRowid: number | null
	readonly bookmark: Bookmark | null

	constructor(rowsAffected: number, lastInsertRowid: number | null, bookmark: Bookmark | null) {
		this.rowsAffected = rowsAffected
		this.lastInsertRowid = lastInsertRowid
		this.bookmark = bookmark
	}

	get success(): true {
		return true
	}

	get results(): never[] {
		return []
	}

	get meta(): WriteMeta {
		const changes = this.rowsAffected
		const told = { changes, last_row_id: this.lastInsertRowid ?? 0, changed_db: changes > 0, rows_written: changes }
		return { ...told, rows_read: 0, duration: 0, size_after: 0 }
	}
}

/** JSON has no bigint: there `seq` is a number, which it fits in, since positions are safe integers. */
function withJSON(bookmark: Bookmark): Bookmark {
	const json = { ...bookmark, seq: Number(bookmark.seq) }
	return Object.defineProperty({ ...bookmark }, 'toJSON', { value: () => json })
}

/** One row as an object; of two columns with one name the last wins, as in D1. */
export function rowObject(columns: StatementResult['columns'], row: readonly WireValue[]): Record<string, unknown> {
	const object: Record<string, unknown> = {}
	columns.forEach((column, index) => {
		object[column] = row[index]
	})
	return object
}

/** All rows as objects. */
export function rowObjects({ columns, rows }: Pick<QueryResult, 'columns' | 'rows'>): Record<string, unknown>[] {
	return rows.map((row) => rowObject(columns, row))
}
