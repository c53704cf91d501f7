/**
 * Runs queries: the one way from a session, or from the `sql` template, to a shard or to the lake.
 *
 * @module
 */
import type {
	BoundStatement,
	ExecuteRequest,
	ExecuteResponse,
	LakeBatch,
	LakeMoment,
	LakeQueryStats,
	LakeRequest,
} from '../driver/transport.ts'
import { SQLakeError } from '../errors.ts'
import type { Attributes } from '../observability/observability.ts'
import { withSpan } from '../observability/with-span.ts'
import { withColumnHint } from '../schema/column-hint.ts'
import type { LakeSchema } from '../schema/table-schema.ts'
import { STATEMENT_LIMITS, splitInsert, tooManyParams } from './bulk-insert.ts'
import { waitUntilVisible } from './causal.ts'
import { type Connection, type QueryOptions, SPLIT, type Target } from './connection.ts'
import { mapConcurrently } from './map-concurrently.ts'
import { type FilledQuery, type Plan, planQuery } from './plan.ts'
import { mergeResults, type QueryResult } from './result.ts'
import { splitByShard } from './split-insert.ts'
import { mergeSplit, type SplitOutcome } from './split-outcome.ts'

type LakePlan = Extract<Plan, { kind: 'lake' }>

/** Where a query runs, and why. For the lake, what it read. */
export interface QueryPlan {
	/** `shards`: the rows of one INSERT, split. */
	readonly route: 'shard' | 'shards' | 'lake'
	/** The shard's name; null for the lake, and for several. */
	readonly shard: string | null
	/** The shards of a split INSERT. */
	readonly shards?: readonly string[]
	readonly reason: string
	/** For the lake: snapshots, files kept and pruned, rows and bytes read. Null for a shard. */
	readonly lake: LakeQueryStats | null
}

/** Runs one query where it belongs. */
export async function executeQuery(
	query: FilledQuery,
	target: Target,
	connection: Connection,
	options: QueryOptions = {},
): Promise<QueryResult> {
	const plan = planQuery(query, targetOf(target, options), connection)
	if (plan.kind === 'lake') return queryLake(query, plan, connection, options)
	if (plan.kind === 'split') return executeSplit(query, plan, connection)
	const { shard, access, ordered } = plan
	const request = requestOf({
		shard,
		statements: statementsOf(query),
		readOnly: access === 'read',
		changesSchema: access === 'schema',
		columnOrder: columnOrderOf(ordered, connection.schema),
	})
	return mergeResults(await executeInShard(request, connection))
}

/**
 * Runs one query whose rows come in batches, at least one. A large result of the lake is never held as a whole; the answer of a
 * shard, which one call brings, is one batch. To leave the loop early ends the query.
 */
export async function* streamQuery(
	query: FilledQuery,
	target: Target,
	connection: Connection,
	options: QueryOptions = {},
): AsyncGenerator<LakeBatch, void, undefined> {
	const plan = planQuery(query, targetOf(target, options), connection)
	const lake = plan.kind === 'lake' ? await connection.lake() : undefined
	if (plan.kind !== 'lake' || lake?.stream === undefined) yield await executeQuery(query, target, connection, options)
	else {
		try {
			yield* lake.stream(await lakeRequest(query, plan.target, connection, options))
		} catch (error) {
			throw withColumnHint(error, connection.schema)
		}
	}
}

/**
 * Runs several queries in one shard, all or none.
 *
 * @throws SQLakeError ROUTE_MULTIPLE_SHARDS where they do not belong to one shard; STATEMENT_LIMIT for too many statements.
 */
export async function executeBatch(
	queries: readonly { readonly query: FilledQuery; readonly target: Target }[],
	connection: Connection,
): Promise<QueryResult[]> {
	const statements: BoundStatement[] = []
	const ends: number[] = []
	let [shard, readOnly, changesSchema]: [string | null, boolean, boolean] = [null, true, false]
	const ordered: string[] = []
	for (const [index, { query, target }] of queries.entries()) {
		const plan = planQuery(query, target, connection)
		if (plan.kind === 'lake') throw batchNotInOneShard(`query ${index + 1} runs on the lake (${plan.reason})`)
		if (plan.kind === 'split') throw batchNotInOneShard(`query ${index + 1} is split over ${plan.shards.length} shards`)
		if (shard !== null && plan.shard !== shard) {
			throw batchNotInOneShard(
				`query 1 belongs to shard ${JSON.stringify(shard)}, query ${index + 1} to shard ${JSON.stringify(plan.shard)}`,
			)
		}
		shard = plan.shard
		readOnly &&= plan.access === 'read'
		changesSchema ||= plan.access === 'schema'
		ordered.push(...plan.ordered)
		for (const statement of statementsOf(query)) statements.push(statement)
		ends.push(statements.length)
	}
	if (shard === null) return []
	if (statements.length > STATEMENT_LIMITS.statements) {
		throw new SQLakeError(
			'STATEMENT_LIMIT',
			`batch of ${statements.length} statements: one atomic batch holds at most ${STATEMENT_LIMITS.statements}`,
			{ hint: 'split the batch', details: { found: statements.length, limit: STATEMENT_LIMITS.statements } },
		)
	}
	const columnOrder = columnOrderOf(ordered, connection.schema)
	const request = requestOf({ shard, statements, readOnly, changesSchema, columnOrder })
	const { results, bookmark } = await executeInShard(request, connection)
	return ends.map((end, index) => mergeResults({ results: results.slice(ends[index - 1] ?? 0, end), bookmark }))
}

/** Says where a query would run. A query of the lake is planned against its current snapshots. */
export async function explainQuery(
	query: FilledQuery,
	target: Target,
	connection: Connection,
	options: QueryOptions = {},
): Promise<QueryPlan> {
	const plan = planQuery(query, targetOf(target, options), connection)
	if (plan.kind === 'shard') return { route: 'shard', shard: plan.shard, reason: plan.reason, lake: null }
	if (plan.kind === 'split') return { route: 'shards', shard: null, shards: plan.shards, reason: plan.reason, lake: null }
	const { stats } = await queryLake(query, plan, connection, options)
	return { route: 'lake', shard: null, reason: plan.reason, lake: stats }
}

function targetOf(target: Target, { split, dialect }: QueryOptions): Target {
	if (dialect !== undefined && (target.kind === 'lake' || target.kind === 'causal')) {
		return { ...target, limits: { ...target.limits, dialect } }
	}
	return split === true && target.kind === 'routed' ? SPLIT : target
}

/** Shards that a split INSERT writes at the same time. */
const SPLIT_CONCURRENCY = 16

/**
 * Inserts the rows of one statement in the shards that they belong to. Every shard is tried, whatever becomes of the others.
 *
 * @throws SQLakeError SPLIT_INCOMPLETE where some failed: its details tell what happened in each.
 */
async function executeSplit(
	query: FilledQuery,
	{ rows, ordered }: Extract<Plan, { kind: 'split' }>,
	connection: Connection,
): Promise<QueryResult> {
	const columnOrder = columnOrderOf(ordered, connection.schema)
	const outcomes: SplitOutcome[] = await mapConcurrently(
		[...splitByShard(query, rows)],
		async ([shard, statements]) => {
			const request = requestOf({ shard, statements, readOnly: false, changesSchema: false, columnOrder })
			try {
				return { shard, result: mergeResults(await executeInShard(request, connection)) }
			} catch (error) {
				return { shard, error }
			}
		},
		SPLIT_CONCURRENCY,
	)
	return mergeSplit(outcomes)
}

/** The order of columns that the route of a statement rests on; undefined where it rests on none. */
function columnOrderOf(ordered: readonly string[], schema: LakeSchema): ExecuteRequest['columnOrder'] {
	if (ordered.length === 0) return undefined
	return Object.fromEntries(ordered.map((table) => [table, schema.tables.get(table)?.columns.map(({ name }) => name) ?? []]))
}

/** A request says only what is not usual: it crosses RPC. */
function requestOf({
	changesSchema,
	columnOrder,
	...request
}: Omit<ExecuteRequest, 'columnOrder'> & { readonly columnOrder: ExecuteRequest['columnOrder'] | undefined }): ExecuteRequest {
	return {
		...request,
		...(changesSchema === true ? { changesSchema } : {}),
		...(columnOrder === undefined ? {} : { columnOrder }),
	}
}

/** The call to the shard, measured where someone wants to know: the lake's transport reports its own. */
async function executeInShard(request: ExecuteRequest, { shards, observability }: Connection): Promise<ExecuteResponse> {
	if (observability === undefined) return shards.execute(request)
	const { metrics, tracer } = observability
	const route: Attributes = { 'sqlake.route': 'shard' }
	const started = Date.now()
	return withSpan(tracer, 'sqlake.query', { ...route, 'sqlake.shard': request.shard }, async () => {
		try {
			const response = await shards.execute(request)
			for (const { rowsRead } of response.results) metrics.record('sqlake.query.rows_read', rowsRead, route)
			return response
		} catch (error) {
			metrics.count('sqlake.query.errors', 1, { ...route, 'error.type': SQLakeError.is(error) ? error.code : 'Error' })
			throw error
		} finally {
			metrics.record('sqlake.query.duration', Date.now() - started, route)
		}
	})
}

async function queryLake(
	query: FilledQuery,
	{ target }: LakePlan,
	connection: Connection,
	options: QueryOptions,
): Promise<QueryResult> {
	const lake = await connection.lake()
	const request = await lakeRequest(query, target, connection, options)
	const { columns, rows, stats } = await lake.query(request).catch((error: unknown) => {
		throw withColumnHint(error, connection.schema)
	})
	return { columns, rows, changes: 0, lastInsertRowid: null, bookmark: null, stats }
}

/** The request to the lake, once it may be made: a causal read waits first. What one call says goes before what its form says. */
async function lakeRequest(
	{ sql, params, built }: FilledQuery,
	target: LakePlan['target'],
	connection: Connection,
	options: QueryOptions,
): Promise<LakeRequest> {
	const timeoutMs = options.timeoutMs ?? target.limits?.timeoutMs ?? connection.analyticsTimeoutMs
	const signal = options.signal ?? target.limits?.signal
	const dialect = options.dialect ?? target.limits?.dialect
	if (target.kind === 'causal') await waitUntilVisible(target, connection, signal)
	const moment: LakeMoment = target.kind === 'causal' ? { kind: 'current' } : target.moment
	return {
		statement: { sql, params },
		moment,
		...(built === undefined || moment.kind === 'current' ? {} : { names: 'code' as const }),
		...(timeoutMs === undefined ? {} : { timeoutMs }),
		...(dialect === undefined ? {} : { dialect }),
		...(signal === undefined ? {} : { signal }),
	}
}

function statementsOf({ sql, params, built }: FilledQuery): BoundStatement[] {
	const { params: most, values, sqlLength } = STATEMENT_LIMITS
	if (built?.bulk !== undefined && (params.length > most || sql.length > sqlLength)) return splitInsert(built.bulk, params)
	if (params.length > values) throw tooManyParams(params.length, 'the statement', values)
	if (sql.length <= sqlLength) return [{ sql, params }]
	throw new SQLakeError(
		'STATEMENT_LIMIT',
		`the statement's text has ${sql.length} characters: a Durable Object takes at most ${STATEMENT_LIMITS.sqlLength}`,
		{ hint: 'bind values as parameters instead of writing them into the text', details: { found: sql.length } },
	)
}

function batchNotInOneShard(finding: string): SQLakeError {
	return new SQLakeError('ROUTE_MULTIPLE_SHARDS', `batch: expected all queries in one shard, but ${finding}`, {
		hint: 'a batch is atomic within one shard: make one batch for each shard',
	})
}
