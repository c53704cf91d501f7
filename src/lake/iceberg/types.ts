/**
 * The structures of the Iceberg table specification, version 2, in the form they take here. `IcebergTableMetadata` is the JSON
 * of a metadata file, key for key (Iceberg specification, appendix C); manifests are Avro and are given names of our own.
 *
 * @module
 */

/** A primitive type of the specification that sqlake writes, or reads in tables of others. */
export type IcebergPrimitiveType =
	| 'boolean'
	| 'int'
	| 'long'
	| 'float'
	| 'double'
	| 'string'
	| 'binary'
	| 'date'
	| 'timestamp'
	| 'timestamptz'
	| 'uuid'

/** A field of a schema. sqlake's tables are flat: no struct, list or map. */
export interface IcebergField {
	readonly id: number
	readonly name: string
	readonly required: boolean
	readonly type: IcebergPrimitiveType
	readonly doc?: string
}

export interface IcebergSchema {
	readonly type: 'struct'
	readonly 'schema-id': number
	readonly 'identifier-field-ids'?: readonly number[]
	readonly fields: readonly IcebergField[]
}

/** `bucket[N]`, `day`, `identity` ... (specification, "Partition Transforms"). */
export type IcebergTransform =
	| 'identity'
	| 'void'
	| 'year'
	| 'month'
	| 'day'
	| 'hour'
	| `bucket[${number}]`
	| `truncate[${number}]`

export interface IcebergPartitionField {
	readonly 'source-id': number
	readonly 'field-id': number
	readonly name: string
	readonly transform: IcebergTransform
}

export interface IcebergPartitionSpec {
	readonly 'spec-id': number
	readonly fields: readonly IcebergPartitionField[]
}

export interface IcebergSortOrder {
	readonly 'order-id': number
	readonly fields: readonly unknown[]
}

/**
 * Names a snapshot: positive, 64 bits. A number where that is exact, which all of sqlake's own are; a bigint for an id of
 * another writer beyond 2^53.
 */
export type SnapshotId = number | bigint

export interface IcebergSnapshot {
	readonly 'snapshot-id': SnapshotId
	readonly 'parent-snapshot-id'?: SnapshotId
	readonly 'sequence-number': number
	readonly 'timestamp-ms': number
	readonly 'manifest-list': string
	readonly summary: Readonly<Record<string, string>> & { readonly operation: 'append' | 'replace' | 'overwrite' | 'delete' }
	readonly 'schema-id'?: number
}

export interface IcebergSnapshotReference {
	readonly 'snapshot-id': SnapshotId
	readonly type: 'branch' | 'tag'
}

export interface IcebergTableMetadata {
	readonly 'format-version': 2
	readonly 'table-uuid': string
	readonly location: string
	readonly 'last-sequence-number': number
	readonly 'last-updated-ms': number
	readonly 'last-column-id': number
	readonly 'current-schema-id': number
	readonly schemas: readonly IcebergSchema[]
	readonly 'default-spec-id': number
	readonly 'partition-specs': readonly IcebergPartitionSpec[]
	readonly 'last-partition-id': number
	readonly 'default-sort-order-id': number
	readonly 'sort-orders': readonly IcebergSortOrder[]
	readonly properties: Readonly<Record<string, string>>
	/** -1 or absent while there is none. */
	readonly 'current-snapshot-id'?: SnapshotId
	readonly snapshots: readonly IcebergSnapshot[]
	readonly 'snapshot-log': readonly { readonly 'snapshot-id': SnapshotId; readonly 'timestamp-ms': number }[]
	readonly 'metadata-log': readonly { readonly 'metadata-file': string; readonly 'timestamp-ms': number }[]
	readonly refs: Readonly<Record<string, IcebergSnapshotReference>>
}

/** A value of a partition field or of a bound, before it is encoded: bigint for long and timestamps (microseconds), number for int, date (days) and double. */
export type IcebergValue = boolean | number | bigint | string | Uint8Array | null

/** A data file, with what a scan needs to skip it (specification, `data_file`). Maps are keyed by field id. */
export interface IcebergDataFile {
	/** Full path as it stands in the manifest: the table location's scheme and bucket, then the object key. */
	readonly filePath: string
	readonly fileFormat: 'PARQUET'
	/** By partition field name. */
	readonly partition: Readonly<Record<string, IcebergValue>>
	readonly recordCount: number
	readonly fileSizeInBytes: number
	readonly columnSizes: ReadonlyMap<number, number>
	readonly valueCounts: ReadonlyMap<number, number>
	readonly nullValueCounts: ReadonlyMap<number, number>
	/** Absent where the writer did not count: sqlake never does, SQLite has no NaN. */
	readonly nanValueCounts?: ReadonlyMap<number, number>
	/** Bounds as values of the field's type, not as bytes. A field without a bound is absent. */
	readonly lowerBounds: ReadonlyMap<number, IcebergValue>
	readonly upperBounds: ReadonlyMap<number, IcebergValue>
	readonly splitOffsets: readonly number[]
	readonly sortOrderId?: number
	/**
	 * CRC-32 of the file, where its writer stated it. The specification has no place for it in an entry: it stands in the header of
	 * the manifest.
	 */
	readonly crc32?: number
	/** The schema by which names find the file's columns, where it is known. No part of a manifest's entry. */
	readonly schema?: IcebergSchema
}

/** An entry of a manifest (specification, `manifest_entry`). */
export interface IcebergManifestEntry {
	readonly status: 'existing' | 'added' | 'deleted'
	/** Absent means inherited from the manifest. */
	readonly snapshotId?: SnapshotId
	readonly sequenceNumber?: number
	readonly fileSequenceNumber?: number
	readonly dataFile: IcebergDataFile
}

/** Summary of one partition field over a manifest (specification, `field_summary`). */
export interface IcebergFieldSummary {
	readonly containsNull: boolean
	readonly containsNan?: boolean
	readonly lowerBound?: IcebergValue
	readonly upperBound?: IcebergValue
}

/** A manifest as its manifest list describes it (specification, `manifest_file`). */
export interface IcebergManifest {
	readonly manifestPath: string
	readonly manifestLength: number
	readonly partitionSpecId: number
	readonly content: 'data' | 'deletes'
	readonly sequenceNumber: number
	readonly minSequenceNumber: number
	readonly addedSnapshotId: SnapshotId
	readonly addedFilesCount: number
	readonly existingFilesCount: number
	readonly deletedFilesCount: number
	readonly addedRowsCount: number
	readonly existingRowsCount: number
	readonly deletedRowsCount: number
	/** In the order of the partition spec's fields. */
	readonly partitions: readonly IcebergFieldSummary[]
}
