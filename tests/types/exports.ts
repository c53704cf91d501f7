/**
 * Every type that the contract names is exported by its door. Nothing here runs: the compiler checks it.
 *
 * @module
 */
export type {
	ColumnPredicate,
	DuckDBLoaderConfig,
	DuckDBProvider,
	DuckDBQueryRequest,
	DuckDBQueryResponse,
	DuckDBService,
	Predicate,
	PruningResult,
	TimeTravelOptions,
	TimeTravelResolution,
	ZoneMapStats,
} from '../../src/analytics.ts'
export type {
	AddColumnOperation,
	IcebergDataFile,
	IcebergManifest,
	IcebergManifestEntry,
	IcebergSchema,
	IcebergSnapshot,
	IcebergTableMetadata,
	RegisterDataFileOptions,
	RegisterDataFileResult,
	SchemaEvolutionOperation,
	SnapshotCommitOptions,
	SnapshotCommitResult,
} from '../../src/iceberg.ts'
export type {
	Bookmark,
	CDCEvent,
	InferInsert,
	InferSelect,
	Logger,
	Metrics,
	QueryOptions,
	QueryResult,
	QueryRouter,
	RunResult,
	ShardConfig,
	Span,
	SQLakeConfig,
	SQLakeDatabase,
	StorageMode,
	TableRef,
} from '../../src/index.ts'
