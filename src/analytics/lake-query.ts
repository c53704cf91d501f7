/**
 * Queries over all shards: SQL in, rows in SQLite's storage classes out.
 *
 * @module
 */
import type {
	LakeBatch,
	LakeMoment,
	LakeQueryStats,
	LakeRequest,
	LakeResponse,
	LakeTransport,
	WireValue,
} from '../driver/transport.ts'
import { SQLakeError } from '../errors.ts'
import type { Catalog, CatalogSnapshot, CatalogTable } from '../lake/catalog/catalog.ts'
import { MetadataCache } from '../lake/catalog/metadata-cache.ts'
import { changesTableName } from '../lake/change-table.ts'
import { getSnapshotById } from '../lake/iceberg/snapshot.ts'
import type { SnapshotId } from '../lake/iceberg/types.ts'
import { mapLimit } from '../lake/map-limit.ts'
import type { ObjectStore } from '../lake/storage/object-store.ts'
import { createObservability } from '../observability/create-observability.ts'
import type { MetricName, SpanName } from '../observability/names.ts'
import type { Attributes, Observability, Span } from '../observability/observability.ts'
import { withSpan } from '../observability/with-span.ts'
import { viewBytes } from '../schema/bytes.ts'
import type { LakeSchema } from '../schema/table-schema.ts'
import { callbacksFor } from './dialect/callbacks/callbacks.ts'
import { type DialectColumn, dialectTable } from './dialect/dialect-table.ts'
import { macrosFor } from './dialect/prelude.ts'
import { type ResultColumn, resultRows } from './dialect/result.ts'
import { DEFAULT_TIMEOUT_MS } from './engines/duckdb-settings.ts'
import { QueryDeadline } from './engines/query-deadline.ts'
import { duckdbPassThrough, type EngineStatement, sqliteStatement } from './prepare-statement.ts'
import type { EngineLimits, EngineQuery, EngineValue, QueryEngine } from './query-engine.ts'
import { windowOf } from './scan/change-window.ts'
import { checkKeys } from './scan/check-keys.ts'
import { checkNames } from './scan/check-names.ts'
import { rescuedFields, withRescuedClasses } from './scan/rescued-fields.ts'
import { seenSchema } from './scan/seen-schema.ts'
import { loadShardEpochs } from './scan/shard-epochs.ts'
import { withShardsAhead } from './scan/shards-ahead.ts'
import { planTable, type TablePlan } from './scan/table-plan.ts'
import { type TableRelation, tableRelation } from './scan/table-view.ts'
import { SnapshotNotFoundError, snapshotBeside } from './time-travel.ts'

/** What the rows of changes have besides the table's own columns, in the order of the views. */
const CHANGE_DIALECT_COLUMNS: readonly DialectColumn[] = [
	{ name: '_op', affinity: 'TEXT', kind: 'text' },
	{ name: '_shard', affinity: 'TEXT', kind: 'text' },
	{ name: '_seq', affinity: 'INTEGER', kind: 'integer' },
	{ name: '_ts', affinity: 'INTEGER', kind: 'integer' },
]

/** What every measurement of a lake query says. */
const ROUTE: Attributes = { 'sqlake.route': 'lake' }

/** What {@link createLakeQuery} is made with. */
export interface LakeQueryOptions {
	readonly catalog: Catalog
	readonly store: ObjectStore
	readonly schema: LakeSchema
	readonly engine: QueryEngine
	readonly observability?: Observability | undefined
	readonly defaults?: {
		/** Milliseconds a query may take unless its request says otherwise; 30,000 unless given. */
		readonly timeoutMs?: number
	}
	/** Milliseconds since the epoch; the clock of the machine unless given. */
	readonly now?: () => number
	/** Decoded manifests, kept between queries; one of its own unless given. */
	readonly cache?: MetadataCache
}

/**
 * Makes the transport that runs a query on the lake.
 *
 * @example
 * ```ts
 * const lake = createLakeQuery({ catalog, store, schema, engine: new WasmEngine({ modules: loadWasmModules }) })
 * const { rows } = await lake.query({ statement: { sql: 'SELECT count(*) FROM orders', params: [] }, moment: { kind: 'current' } })
 * ```
 */
export function createLakeQuery(options: LakeQueryOptions): Required<LakeTransport> {
	return new LakeQuery(options)
}

class LakeQuery implements LakeTransport {
	readonly #options: LakeQueryOptions
	readonly #observability: Observability
	readonly #cache: MetadataCache

	constructor(options: LakeQueryOptions) {
		this.#options = options
		this.#observability = options.observability ?? createObservability()
		this.#cache = options.cache ?? new MetadataCache()
	}

	/**
	 * @throws `SQL_PARSE`, `READ_ONLY`, `ROUTE_UNKNOWN_TABLE`, `TIME_INVALID`, `SNAPSHOT_NOT_FOUND`, `LAKE_CORRUPT`,
	 *   `LAKE_SCHEMA_BEHIND`, `LAKE_VALUE_MISFIT`, `DIALECT_UNSUPPORTED`, `STORE_UNAVAILABLE`, or as {@link QueryEngine.run} does.
	 */
	async query(request: LakeRequest): Promise<LakeResponse> {
		const measured = this.#measure()
		try {
			const { query, columns, limits, plans } = await this.#prepare(request)
			const run = () => this.#options.engine.run(query, limits)
			const { columns: found, rows, bytesRead } = await withSpan(this.#observability.tracer, 'sqlake.lake.execute', ROUTE, run)
			return {
				columns: columns?.map(({ name }) => name) ?? found,
				rows: columns === null ? rows : resultRows(columns, rows),
				stats: this.#report(measured, plans, bytesRead),
			}
		} catch (error) {
			throw measured.failed(error)
		} finally {
			measured.ended()
		}
	}

	/**
	 * Rows as they are asked for, in bounded memory. The time that the caller takes counts.
	 *
	 * @throws as {@link LakeTransport.query} does, from the first batch or a later one.
	 */
	async *stream(request: LakeRequest): AsyncGenerator<LakeBatch, LakeQueryStats, undefined> {
		const measured = this.#measure({ 'sqlake.streamed': true })
		let bytesRead = 0
		try {
			const { query, columns, limits, plans } = await this.#prepare(request)
			const names = columns?.map(({ name }) => name)
			for await (const batch of this.#options.engine.stream(query, limits)) {
				bytesRead += batch.bytesRead
				yield { columns: names ?? batch.columns, rows: columns === null ? batch.rows : resultRows(columns, batch.rows) }
			}
			return this.#report(measured, plans, bytesRead)
		} catch (error) {
			throw measured.failed(error)
		} finally {
			measured.ended()
		}
	}

	/** Opens the span of a query, and tells what became of it. */
	#measure(attributes: Attributes = {}): Measured {
		const { metrics, tracer } = this.#observability
		const startedAt = Date.now()
		const span = tracer.startSpan('sqlake.query' satisfies SpanName, { ...ROUTE, ...attributes })
		return {
			span,
			startedAt,
			failed: (error) => {
				span.recordError(error)
				const type = SQLakeError.is(error) ? error.code : 'Error'
				metrics.count('sqlake.query.errors' satisfies MetricName, 1, { ...ROUTE, 'error.type': type })
				return error
			},
			ended: () => {
				metrics.record('sqlake.query.duration' satisfies MetricName, Date.now() - startedAt, ROUTE)
				span.end()
			},
		}
	}

	/** What the engine is to run, from planning; nothing but metadata is read. */
	async #prepare({ statement, moment, names, timeoutMs, dialect, signal }: LakeRequest): Promise<PreparedLakeQuery> {
		const { catalog, store, schema, defaults, engine } = this.#options
		const limitMs = timeoutMs ?? defaults?.timeoutMs ?? DEFAULT_TIMEOUT_MS
		const params = statement.params.map(engineValue)
		const limits = { timeoutMs: limitMs, startedAt: Date.now(), ...(signal === undefined ? {} : { signal }) }
		const prepared =
			dialect === 'duckdb'
				? duckdbPassThrough(statement.sql, params, engine, limits)
				: sqliteStatement(statement.sql, params, engine.name === 'native')
		const asked = windowOf(moment, (this.#options.now ?? Date.now)())

		const deadline = new QueryDeadline(limits)
		const plan = async () => {
			const snapshot = await catalog.load()
			const window = await withShardsAhead(asked, { store, snapshot, cache: this.#cache, signal })
			const snapshotIdOf = snapshotChooser(snapshot, moment)
			const seen = seenSchema({ schema, snapshot, moment, window, names, snapshotIdOf })
			const extraColumns = moment.kind === 'between' ? CHANGE_DIALECT_COLUMNS : []
			const uses = await prepared.tables(seen, extraColumns)
			for (const use of uses) checkNames(use)
			const common = { store, window, cache: this.#cache, signal }
			const epochs = await loadShardEpochs({ ...common, snapshot, snapshotIdOf })
			const plans = await mapLimit(uses, async (use) => {
				const catalogTable = snapshot.tables.get(changesTableName(use.table.name)) ?? null
				const snapshotId = catalogTable === null ? null : snapshotIdOf(catalogTable)
				return planTable({ ...common, use, catalogTable, epochs, ...(snapshotId === undefined ? {} : { snapshotId }) })
			})
			const read = await mapLimit(plans, async (plan) => {
				const rescued = await rescuedFields(plan, store, this.#cache)
				checkKeys(plan, rescued)
				const table = { ...plan.use.table, columns: withRescuedClasses(plan.use.table.columns, rescued) }
				return { plan: { ...plan, use: { ...plan.use, table } }, rescued }
			})
			const rewritten = prepared.rewrite(read.map((each) => dialectTable(each.plan.use.table, extraColumns)))
			const relations = read.map(({ plan, rescued }, index) =>
				tableRelation(plan, { prefix: `_sqlake_${index}`, newestEpochs: epochs.newest, rescued, dialect: dialect ?? 'sqlite' }),
			)
			return { relations, plans, ...withMacrosOf(relations, rewritten) }
		}
		const planned = await withSpan(this.#observability.tracer, 'sqlake.lake.plan', ROUTE, () => deadline.race(plan()))
		deadline.check()
		const { relations, plans, columns, views = [], ...rewritten } = planned
		const tables = relations.flatMap((relation) => relation.tables)
		const query = { store, tables, views: [...relations.map(({ view }) => view), ...views], ...rewritten }
		return { query, columns, plans, limits }
	}

	/** What the query did, told to observability as well. */
	#report({ span, startedAt }: Measured, plans: readonly TablePlan[], bytesRead: number): LakeQueryStats {
		const { metrics } = this.#observability
		const files = plans.flatMap((plan) => [...plan.plain, ...plan.merged])
		const stats: LakeQueryStats = {
			snapshots: Object.fromEntries(
				plans.flatMap(({ use, snapshotId }) => (snapshotId === null ? [] : [[use.table.name, Number(snapshotId)]])),
			),
			filesKept: files.length,
			filesPruned: plans.reduce((sum, plan) => sum + plan.pruned, 0),
			bytesRead: plans.reduce((sum, plan) => sum + plan.bytesRead, bytesRead),
			rowsRead: files.reduce((sum, file) => sum + file.recordCount, 0),
			durationMs: Date.now() - startedAt,
		}
		span.setAttributes({ 'sqlake.files_kept': stats.filesKept, 'sqlake.files_pruned': stats.filesPruned })
		metrics.record('sqlake.query.files_kept', stats.filesKept)
		metrics.record('sqlake.query.files_pruned', stats.filesPruned)
		metrics.record('sqlake.query.bytes_read', stats.bytesRead)
		metrics.record('sqlake.query.rows_read', stats.rowsRead, ROUTE)
		return stats
	}
}

/** A query that is being measured. */
interface Measured {
	readonly span: Span
	readonly startedAt: number
	/** @returns the error, to be thrown on. */
	failed(error: unknown): unknown
	ended(): void
}

/** A query that was planned. */
interface PreparedLakeQuery {
	readonly query: EngineQuery
	/** The outputs of the query; null where the engine alone knows them. */
	readonly columns: readonly ResultColumn[] | null
	readonly plans: readonly TablePlan[]
	readonly limits: EngineLimits
}

/** A statement with the macros and functions that the views over its tables name as well. */
function withMacrosOf(relations: readonly TableRelation[], statement: EngineStatement): EngineStatement {
	const views = relations.map(({ view }) => view.sql).join('\n')
	const macros = [...new Set([...(statement.macros ?? []), ...macrosFor(views)])]
	const functions = [...new Set([...(statement.functions ?? []), ...callbacksFor([views, ...macros])])]
	return { ...statement, macros, functions }
}

/**
 * Which snapshot of each table a query reads. A snapshot is named by its id in one table; the others are read as they were when
 * it was made.
 *
 * @returns a function that gives undefined for the current snapshot and null where a table had none.
 * @throws `SNAPSHOT_NOT_FOUND` if no table has that snapshot.
 */
function snapshotChooser(snapshot: CatalogSnapshot, moment: LakeMoment): (table: CatalogTable) => SnapshotId | null | undefined {
	if (moment.kind !== 'snapshot') return () => undefined
	for (const named of snapshot.tables.values()) {
		const found = getSnapshotById(named.metadata, moment.id)
		if (found === null) continue
		return (table) => {
			if (table === named) return found['snapshot-id']
			return snapshotBeside(table.metadata, found)?.['snapshot-id'] ?? null
		}
	}
	throw new SnapshotNotFoundError(`the lake: found no table with the snapshot ${moment.id}`, { snapshotId: String(moment.id) })
}

function engineValue(value: WireValue): EngineValue {
	return typeof value === 'object' && value !== null ? viewBytes(value) : value
}
