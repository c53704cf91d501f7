import { SQLakeError } from '../../errors.ts'
import { buildDataFileStats, type ColumnStats, type DataFileStats } from './data-file.ts'
import { type PlainValue, typedValue } from './typed-value.ts'
import type { IcebergSchema } from './types.ts'

/** What is known of a column of a file, in values of JavaScript. */
export interface NamedColumnStats {
	/** Not above any value. */
	readonly min?: PlainValue | null
	/** Not below any value. */
	readonly max?: PlainValue | null
	readonly nullCount: number
	/** Bytes of the column in the file, compressed. */
	readonly sizeInBytes?: number
}

/** What is known of a file of changes, by column name. */
export interface CDCFileStats {
	/** Rows in the file. */
	readonly recordCount: number
	/** The file's columns. One of the schema that is left out is NULL in every row. */
	readonly columns: Readonly<Record<string, NamedColumnStats>>
}

/**
 * Makes the statistics of a manifest entry, which go by field id and by the column's type, of statistics by name.
 *
 * @example
 * ```ts
 * const converter = new CDCStatsToIcebergConverter(schema)
 * const stats = converter.convert({ recordCount: 2, columns: { id: { min: 'a', max: 'b', nullCount: 0 } } })
 * const file = createDataFile({ filePath, partition: {}, recordCount: 2, fileSizeInBytes: 1_024, stats })
 * ```
 */
export class CDCStatsToIcebergConverter {
	readonly #schema: IcebergSchema

	/** @param schema - the schema that the file was written with */
	constructor(schema: IcebergSchema) {
		this.#schema = schema
	}

	/**
	 * A bound that is no value of its column's type is left out: a reader takes such a column for one of which nothing is known.
	 *
	 * @throws `SCHEMA_EVOLUTION` for a column that the schema does not have
	 */
	convert({ recordCount, columns }: CDCFileStats): DataFileStats {
		const schema = this.#schema
		const stats = Object.entries(columns).map(([name, { min, max, nullCount, sizeInBytes }]): ColumnStats => {
			const field = schema.fields.find((candidate) => candidate.name === name)
			if (field === undefined) {
				throw new SQLakeError('SCHEMA_EVOLUTION', `statistics of column "${name}": expected one of the schema`, {
					hint: `the schema has ${schema.fields.map((each) => each.name).join(', ')}`,
					details: { column: name },
				})
			}
			const [lowerBound, upperBound] = [min, max].map((bound) => (bound == null ? null : (typedValue(bound, field) ?? null)))
			const size = sizeInBytes === undefined ? {} : { sizeInBytes }
			return {
				fieldId: field.id,
				valueCount: recordCount,
				nullCount,
				lowerBound: lowerBound ?? null,
				upperBound: upperBound ?? null,
				...size,
			}
		})
		return buildDataFileStats({ schema, recordCount, columns: stats })
	}
}
