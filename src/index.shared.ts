/**
 * What the door `sqlake` opens on, whatever the runtime.
 *
 * @module
 */
export { blob, integer, real, text } from 'drizzle-orm/sqlite-core'
export type { Bookmark, CDCEvent, ChangeOp } from './cdc/change-batch.ts'
export type { SQLakeKitConfig, SQLakeKitOptions } from './cli/kit-config.ts'
export { type ChangeColumns, changeColumns } from './driver/change-columns.ts'
export type { SQLakeChangesDatabase, SQLakeDrizzle, SQLakeLakeDatabase } from './driver/database.ts'
export { SQLakeDrizzleDatabase } from './driver/database.ts'
export { drizzle, type SQLakeClient, type SQLakeDrizzleConfig } from './driver/drizzle.ts'
export type * from './driver/transport.ts'
export { errorCodes, SQLakeError, type SQLakeErrorCode } from './errors.ts'
export type {
	Fleet,
	FleetSummary,
	RegisteredShard,
	ReleasedVersion,
	ResumeOptions,
	RollbackOptions,
	Rollout,
	RolloutOptions,
	RolloutState,
	ShardDetails,
	ShardFilter,
	ShardMigration,
	ShardPage,
} from './fleet/fleet.ts'
export { FleetHttpClient, type FleetHttpClientOptions } from './fleet/fleet-http-client.ts'
export type {
	AppliedMigrationInfo,
	MigrateRequest,
	MigrationResult,
	MigrationState,
	MigrationStatus,
} from './migrator/migration-status.ts'
export {
	type AttributeName,
	type Attributes,
	ConsoleLogger,
	type ConsoleLoggerOptions,
	createObservability,
	type HistogramSummary,
	InMemoryMetrics,
	InMemoryTracer,
	type Logger,
	type LogLevel,
	type MetricName,
	type Metrics,
	type Observability,
	type RecordedSpan,
	type Span,
	type SpanName,
	type Tracer,
} from './observability/index.ts'
export {
	computeShardId,
	determineRoute,
	type ParsedStatement,
	parseSQL,
	type RouteOptions,
	type SqlValue,
} from './router/index.ts'
export type {
	AnyRoute,
	NoneRoute,
	Route,
	ScatterRoute,
	ShardRoute,
	ShardsRoute,
} from './router/route.ts'
export {
	type ColumnMode,
	type ColumnRecord,
	type ColumnSchema,
	GLOBAL_SHARD,
	type InferInsert,
	type InferSelect,
	type LakeSchema,
	type LakeType,
	type ShardConfig,
	SQLake,
	type SQLakeConfig,
	type SQLakeDatabase,
	type SQLakeOptions,
	type StorageMode,
	type TableEntry,
	type TableRef,
	type TableSchema,
} from './schema/index.ts'
export { bookmarkOf } from './session/bookmarks.ts'
export type { CausalOptions, Connection, LakePosition, QueryOptions, Target } from './session/connection.ts'
export type { QueryPlan } from './session/executor.ts'
export type { MomentInput } from './session/moment.ts'
export { type MapOptions, MappedQuery, PipelinedQuery } from './session/pipelined-query.ts'
export { getQueryRouter, type QueryRouter, type RouterQuery, setQueryRouter } from './session/query-router.ts'
export type { QueryResult, RunResult, ShardWrite } from './session/result.ts'
export { type ChangeRow, type LakeTag, type SQLTag, sql } from './session/sql.ts'
export { type LakeSQLQuery, type RowOf, type RunOptions, SQLQuery } from './session/sql-query.ts'
export { type AdminHandler, type AdminHandlerOptions, createAdminHandler } from './worker/admin.ts'
export { createFleetClient, type FleetClientOptions } from './worker/create-fleet-client.ts'
export type { SQLakeClientOptions, SQLakeWorkerClient } from './worker/sqlake.ts'
