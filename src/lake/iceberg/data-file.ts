import type { IcebergDataFile, IcebergSchema, IcebergValue } from './types.ts'

/** What the writer of a file knows of one of its columns. */
export interface ColumnStats {
	readonly fieldId: number
	/** Values, NULL included: the number of rows in a flat table. */
	readonly valueCount: number
	readonly nullCount: number
	/** Bytes of the column in the file, compressed. */
	readonly sizeInBytes?: number
	/** Not above any value of the column that is not NULL; null or absent where it is not known. */
	readonly lowerBound?: IcebergValue
	/** Not below any value of the column that is not NULL; null or absent where it is not known. */
	readonly upperBound?: IcebergValue
}

/** The part of a data file that describes its columns. */
export type DataFileStats = Pick<
	IcebergDataFile,
	'columnSizes' | 'valueCounts' | 'nullValueCounts' | 'lowerBounds' | 'upperBounds' | 'schema'
>

/**
 * Gathers column statistics into the maps of a data file.
 *
 * A column of the schema that the file leaves out is NULL in every row. That is recorded, since a reader cannot tell it from a
 * column that was not counted: `_before_*` columns then prune as they should.
 *
 * @param options.schema The schema the file was written for.
 * @param options.recordCount Rows in the file.
 * @param options.columns One entry a column in the file.
 */
export function buildDataFileStats(options: {
	readonly schema: IcebergSchema
	readonly recordCount: number
	readonly columns: Iterable<ColumnStats>
}): DataFileStats {
	const columnSizes = new Map<number, number>()
	const valueCounts = new Map<number, number>()
	const nullValueCounts = new Map<number, number>()
	const lowerBounds = new Map<number, IcebergValue>()
	const upperBounds = new Map<number, IcebergValue>()
	for (const column of options.columns) {
		const { fieldId, lowerBound, upperBound } = column
		if (column.sizeInBytes !== undefined) columnSizes.set(fieldId, column.sizeInBytes)
		valueCounts.set(fieldId, column.valueCount)
		nullValueCounts.set(fieldId, column.nullCount)
		if (isBound(lowerBound)) lowerBounds.set(fieldId, lowerBound)
		if (isBound(upperBound)) upperBounds.set(fieldId, upperBound)
	}
	for (const field of options.schema.fields) {
		if (valueCounts.has(field.id)) continue
		valueCounts.set(field.id, options.recordCount)
		nullValueCounts.set(field.id, options.recordCount)
	}
	return { columnSizes, valueCounts, nullValueCounts, lowerBounds, upperBounds, schema: options.schema }
}

/** What {@link createDataFile} is given. */
export interface CreateDataFileOptions {
	/** Full path: the lake's location, then the object key. */
	readonly filePath: string
	/** By partition field name; see `partitionOf`. */
	readonly partition: Readonly<Record<string, IcebergValue>>
	readonly recordCount: number
	/** Bytes. */
	readonly fileSizeInBytes: number
	readonly stats: DataFileStats
	/** Offsets of the row groups in the file, ascending. */
	readonly splitOffsets?: readonly number[]
}

/** Describes a Parquet file for a manifest. */
export function createDataFile(options: CreateDataFileOptions): IcebergDataFile {
	const { filePath, partition, recordCount, fileSizeInBytes, stats, splitOffsets = [] } = options
	return { filePath, fileFormat: 'PARQUET', partition, recordCount, fileSizeInBytes, ...stats, splitOffsets }
}

/** NaN bounds nothing (specification, `lower_bounds`: NaN is left out). */
function isBound(value: IcebergValue | undefined): value is Exclude<IcebergValue, null> {
	return value !== null && value !== undefined && !Number.isNaN(value)
}
