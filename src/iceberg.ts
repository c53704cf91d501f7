/**
 * The door `sqlake/iceberg`: tables, snapshots and manifests of the lake, and the catalogs that commit to them.
 *
 * @module
 */
export type {
	Catalog,
	CatalogSnapshot,
	CatalogTable,
	CommitRequest,
	CommitResult,
	EvolutionResult,
	EvolvedTable,
	EvolveOptions,
	ShardPosition,
	TableAppend,
	TableEvolution,
} from './lake/catalog/catalog.ts'
export { CommitConflictError } from './lake/catalog/commit-conflict-error.ts'
export {
	createIcebergCommitter,
	IcebergCommitter,
	type SnapshotCommitOptions,
	type SnapshotCommitResult,
} from './lake/catalog/iceberg-committer.ts'
export {
	createIcebergRegistry,
	IcebergRegistry,
	type IcebergRegistryOptions,
	type RegisterDataFileOptions,
	type RegisterDataFileResult,
} from './lake/catalog/iceberg-registry.ts'
export { planEvolution } from './lake/catalog/plan-evolution.ts'
export { R2PointerCatalog, type R2PointerCatalogOptions } from './lake/catalog/r2-pointer-catalog.ts'
export { planTableScan, type TableScan, type TableScanOptions } from './lake/catalog/table-scan.ts'
export { tableEvolutions } from './lake/change-table.ts'
export {
	type CDCFileStats,
	CDCStatsToIcebergConverter,
	type NamedColumnStats,
} from './lake/iceberg/cdc-stats-converter.ts'
export {
	buildDataFileStats,
	type ColumnStats,
	type CreateDataFileOptions,
	createDataFile,
	type DataFileStats,
} from './lake/iceberg/data-file.ts'
export { type CreateManifestOptions, createManifest, createManifestEntry } from './lake/iceberg/manifest.ts'
export type { ScanPredicate } from './lake/iceberg/scan-predicate.ts'
export { isTypePromotionAllowed } from './lake/iceberg/schema-evolution.ts'
export {
	type AddColumnOperation,
	evolveSchema,
	SchemaEvolutionBuilder,
	type SchemaEvolutionOperation,
} from './lake/iceberg/schema-operations.ts'
export { getCurrentSnapshot, getSnapshotAsOf, getSnapshotById, getSnapshotsInRange } from './lake/iceberg/snapshot.ts'
export {
	type AddSnapshotOptions,
	addSnapshot,
	type CreateTableMetadataOptions,
	createTableMetadata,
} from './lake/iceberg/table-metadata.ts'
export type {
	IcebergDataFile,
	IcebergField,
	IcebergManifest,
	IcebergManifestEntry,
	IcebergPartitionSpec,
	IcebergSchema,
	IcebergSnapshot,
	IcebergTableMetadata,
	SnapshotId,
} from './lake/iceberg/types.ts'
export { MemoryObjectStore } from './lake/storage/memory.ts'
export type { ObjectStore } from './lake/storage/object-store.ts'
export { R2ObjectStore } from './lake/storage/r2.ts'
export { S3ObjectStore, type S3ObjectStoreOptions } from './lake/storage/s3.ts'
export type { S3Credentials } from './lake/storage/s3-request.ts'
