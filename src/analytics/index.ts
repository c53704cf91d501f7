/**
 * What the door `sqlake/analytics` opens on, whatever the runtime.
 *
 * @module
 */
export type { DuckDBWasmModules } from './engines/wasm/duckdb-bindings.ts'
export { WasmEngine, type WasmEngineOptions } from './engines/wasm/wasm-engine.ts'
export { createLakeQuery, type LakeQueryOptions } from './lake-query.ts'
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
export {
	resolveTimeRange,
	resolveTimeTravel,
	SnapshotNotFoundError,
	type TimeInput,
	type TimeTravelOptions,
	type TimeTravelResolution,
} from './time-travel.ts'
