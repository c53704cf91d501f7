/**
 * What the door `sqlake/analytics` opens on, whatever the runtime.
 *
 * @module
 */
export type { DuckDBWasmModules } from './engines/wasm/duckdb-bindings.ts'
export { WasmEngine, type WasmEngineOptions } from './engines/wasm/wasm-engine.ts'
export { createLakeQuery, type LakeQueryOptions } from './lake-query.ts'
export { type DuckDBEnvironment, detectEnvironment } from './loader/detect-environment.ts'
export type { DuckDBProvider, DuckDBProviderOptions } from './loader/duckdb-provider.ts'
export type { DuckDBLoaderConfig } from './loader/engine-loader.ts'
export {
	type ColumnPredicate,
	filterDataFiles,
	filterManifestEntries,
	P,
	type Predicate,
	PredicateBuilder,
	type PredicateValue,
	type PruningResult,
	type ZoneMappedFile,
	type ZoneMapStats,
} from './predicate.ts'
export type * from './query-engine.ts'
export { createDuckDBService, type DuckDBService, type DuckDBServiceOptions } from './service/duckdb-service.ts'
export {
	createDuckDBServiceClient,
	type DuckDBServiceBinding,
	type DuckDBServiceClientOptions,
} from './service/duckdb-service-client.ts'
export { DuckDBServiceError } from './service/duckdb-service-error.ts'
export type { DuckDBQueryRequest, DuckDBQueryResponse } from './service/protocol.ts'
export {
	resolveTimeRange,
	resolveTimeTravel,
	SnapshotNotFoundError,
	type TimeInput,
	type TimeTravelOptions,
	type TimeTravelResolution,
} from './time-travel.ts'
export { type TimeTravelLimits, TimeTravelQuery, type TimeTravelRange } from './time-travel-query.ts'
