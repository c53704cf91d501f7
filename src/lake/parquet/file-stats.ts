/**
 * What a manifest says of a data file, taken from the writer while it still knows it: no second pass over the file.
 *
 * @module
 */
import type { RowGroup } from 'hyparquet'
import type { IcebergDataFile, IcebergField, IcebergValue } from '../iceberg/types.ts'
import { compareUtf8 } from '../utf8-order.ts'
import { BOUND_BYTES, KEY_BOUND_BYTES, lowerBound, upperBound } from './bounds.ts'
import { compareBytes } from './encode-chunk.ts'

/** The part of an {@link IcebergDataFile} that follows from the file's bytes; path and partition are the caller's. */
export type DataFileStats = Pick<
	IcebergDataFile,
	| 'recordCount'
	| 'fileSizeInBytes'
	| 'columnSizes'
	| 'valueCounts'
	| 'nullValueCounts'
	| 'lowerBounds'
	| 'upperBounds'
	| 'splitOffsets'
	| 'crc32'
>

/**
 * Sums the row groups of a file.
 *
 * @param fields The file's columns, in the order they were written.
 * @param rowGroups As the writer keeps them, with whole minima and maxima.
 * @param keyFieldIds Columns whose bounds are kept whole.
 * @param fileSizeInBytes Bytes.
 */
export function dataFileStats(
	fields: readonly IcebergField[],
	rowGroups: readonly RowGroup[],
	keyFieldIds: ReadonlySet<number>,
	fileSizeInBytes: number,
): DataFileStats {
	const columnSizes = new Map<number, number>()
	const valueCounts = new Map<number, number>()
	const nullValueCounts = new Map<number, number>()
	const lowerBounds = new Map<number, IcebergValue>()
	const upperBounds = new Map<number, IcebergValue>()
	for (const [position, { id }] of fields.entries()) {
		let size = 0
		let values = 0
		let nulls = 0
		let min: IcebergValue | undefined
		let max: IcebergValue | undefined
		for (const { columns } of rowGroups) {
			const meta = columns[position]?.meta_data
			size += Number(meta?.total_compressed_size ?? 0)
			values += Number(meta?.num_values ?? 0)
			nulls += Number(meta?.statistics?.null_count ?? 0)
			min = least(min, meta?.statistics?.min_value as IcebergValue | undefined)
			max = greatest(max, meta?.statistics?.max_value as IcebergValue | undefined)
		}
		columnSizes.set(id, size)
		valueCounts.set(id, values)
		nullValueCounts.set(id, nulls)
		const limit = keyFieldIds.has(id) ? KEY_BOUND_BYTES : BOUND_BYTES
		const lower = lowerBound(min, limit)
		const upper = upperBound(max, limit)
		if (lower !== undefined) lowerBounds.set(id, lower)
		if (upper !== undefined) upperBounds.set(id, upper)
	}
	return {
		recordCount: rowGroups.reduce((sum, group) => sum + Number(group.num_rows), 0),
		fileSizeInBytes,
		columnSizes,
		valueCounts,
		nullValueCounts,
		lowerBounds,
		upperBounds,
		splitOffsets: rowGroups.map((group) => Number(group.columns[0]?.file_offset ?? 0)),
	}
}

function least(a: IcebergValue | undefined, b: IcebergValue | undefined): IcebergValue | undefined {
	if (a === undefined || b === undefined) return a ?? b
	return compareValues(a, b) <= 0 ? a : b
}

function greatest(a: IcebergValue | undefined, b: IcebergValue | undefined): IcebergValue | undefined {
	if (a === undefined || b === undefined) return a ?? b
	return compareValues(a, b) >= 0 ? a : b
}

/** Order of values of one type: text by code point, which is the order of its UTF-8 bytes, and not by UTF-16 unit. */
function compareValues(a: IcebergValue, b: IcebergValue): number {
	if (typeof a === 'string' && typeof b === 'string') return compareUtf8(a, b)
	if (a instanceof Uint8Array && b instanceof Uint8Array) return compareBytes(a, b)
	if (a === null || b === null) return 0
	return a < b ? -1 : a > b ? 1 : 0
}
