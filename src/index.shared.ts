/**
 * What the door `sqlake` opens on, whatever the runtime.
 *
 * @module
 */
export type { Bookmark, CDCEvent, ChangeOp } from './cdc/change-batch.ts'
export { type ChangeColumns, changeColumns } from './driver/change-columns.ts'
export type { SQLakeChangesDatabase, SQLakeDrizzle, SQLakeLakeDatabase } from './driver/database.ts'
export { SQLakeDrizzleDatabase } from './driver/database.ts'
export { drizzle, type SQLakeClient, type SQLakeDrizzleConfig } from './driver/drizzle.ts'
export { DurableObjectTransport, type ShardNamespace } from './driver/durable-object-transport.ts'
export type * from './driver/transport.ts'
export { errorCodes, SQLakeError, type SQLakeErrorCode } from './errors.ts'
export * from './observability/index.ts'
export {
	computeShardId,
	determineRoute,
	type ParsedStatement,
	parseSQL,
	type RouteOptions,
	type SqlValue,
} from './router/index.ts'
export * from './router/route.ts'
export * from './schema/index.ts'
export { bookmarkOf } from './session/bookmarks.ts'
export type { Connection, LakePosition, Target } from './session/connection.ts'
export type { QueryOptions, QueryPlan } from './session/executor.ts'
export type { MomentInput } from './session/moment.ts'
export { type MapOptions, MappedQuery, PipelinedQuery } from './session/pipelined-query.ts'
export { ConnectionRouter, getQueryRouter, type QueryRouter, type RouterQuery, setQueryRouter } from './session/query-router.ts'
export type { QueryResult, RunResult } from './session/result.ts'
export { type ChangeRow, createSQLTag, type LakeTag, type SQLTag, sql } from './session/sql.ts'
export { type LakeSQLQuery, type RowOf, type RunOptions, SQLQuery } from './session/sql-query.ts'
export type { SQLakeClientOptions, SQLakeWorkerClient } from './worker/sqlake.ts'
