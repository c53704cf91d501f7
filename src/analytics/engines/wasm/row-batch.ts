/**
 * Small row groups taken together: to insert twenty rows costs DuckDB nearly what thousands do.
 *
 * @module
 */
import { concatVectors } from '../../../lake/parquet/concat-vectors.ts'
import type { LakeVector } from '../../../lake/parquet/lake-vector.ts'
import { arrowStream } from './arrow-ipc.ts'

/** Rows from which on a batch is full. */
const BATCH_ROWS = 20_000

/** Bytes from which on a batch is full, whatever its rows. */
const BATCH_BYTES = 2 * 1024 * 1024

/** Row groups that are still to be inserted. */
export class RowBatch {
	readonly #columns: LakeVector[][]
	#bytes = 0
	#rowCount = 0

	/** @param columnCount Columns of each row group that is added. */
	constructor(columnCount: number) {
		this.#columns = Array.from({ length: columnCount }, () => [])
	}

	get rowCount(): number {
		return this.#rowCount
	}

	get isFull(): boolean {
		return this.#rowCount >= BATCH_ROWS || this.#bytes >= BATCH_BYTES
	}

	add(columns: readonly LakeVector[], rowCount: number): void {
		if (rowCount === 0) return
		for (const [index, column] of columns.entries()) {
			this.#columns[index]?.push(column)
			this.#bytes += byteLength(column)
		}
		this.#rowCount += rowCount
	}

	/** The rows as an Arrow IPC stream of one record batch; the batch is empty again. At least one row was added. */
	take(): Uint8Array {
		const columns = this.#columns.flatMap(([first, ...rest]) => (first === undefined ? [] : [concatVectors([first, ...rest])]))
		const stream = arrowStream(columns, this.#rowCount)
		for (const parts of this.#columns) parts.length = 0
		this.#bytes = 0
		this.#rowCount = 0
		return stream
	}
}

function byteLength(vector: LakeVector): number {
	switch (vector.kind) {
		case 'int64':
		case 'double':
			return vector.values.byteLength
		case 'boolean':
			return vector.bits.byteLength
		case 'bytes':
			return vector.data.byteLength
		case 'missing':
			return 0
	}
}
