/**
 * Answers `POST /query`.
 *
 * @module
 */
import type { Bookmark } from '../../cdc/change-batch.ts'
import type { WireValue } from '../../driver/transport.ts'
import { SQLakeError } from '../../errors.ts'
import type { NodeRouter } from '../../local/node-router.ts'
import { executeBatch } from '../../session/executor.ts'
import type { RouterQuery } from '../../session/query-router.ts'
import type { QueryResult } from '../../session/result.ts'
import { type JsonValue, toJsonValue } from '../http/json-values.ts'
import { jsonReply, type Reply } from '../http/reply.ts'
import type { QueryRequest, RowFormat } from './query-request.ts'

/**
 * Runs what was asked and puts the answer into words of HTTP.
 *
 * @param signal - aborts a query of the lake
 * @throws SQLakeError as the query does, with hints that fit a request
 */
export async function answerQuery(router: NodeRouter, request: QueryRequest, signal: AbortSignal): Promise<Reply> {
	const { statements, target, flush, batch, explain, format, timeoutMs } = request
	if (flush) await router.flush()
	try {
		if (batch) return jsonReply(await runBatch(router, request))
		const [statement] = statements
		if (statement === undefined) throw new SQLakeError('REQUEST_INVALID', '"sql": expected a statement, found none')
		const query = { ...statement, target }
		const options = { signal, timeoutMs }
		if (explain) return jsonReply(await router.explain(query))
		if (format === 'ndjson') return await linesReply(router.stream(query, options))
		// Where it runs is told first: after a write the same statement may be routed no more.
		const route = await routeOf(router, query)
		const result = await router.execute(query, options)
		const { bookmark, stats } = result
		return jsonReply({ ...answerOf(result, format), bookmark: plainBookmark(bookmark), stats, route })
	} catch (error) {
		throw inWordsOfHttp(error)
	}
}

async function runBatch(router: NodeRouter, { statements, target, format }: QueryRequest) {
	const queries = statements.map(({ sql, params }) => ({ query: { sql, params, built: undefined, placeholders: {} }, target }))
	const [first] = statements
	const route = first === undefined ? null : await routeOf(router, { ...first, target })
	const results = await executeBatch(queries, router.connection)
	const bookmark = plainBookmark(results[0]?.bookmark ?? null)
	return { results: results.map((result) => answerOf(result, format)), bookmark, route }
}

/** Where a query runs, and why. A query of the lake is not planned for it: that would read the lake twice. */
async function routeOf(router: NodeRouter, query: RouterQuery) {
	if (query.target.kind === 'lake' || query.target.kind === 'causal') return { kind: 'lake', shard: null }
	const { route, shard, reason } = await router.explain(query)
	return { kind: route, shard, reason }
}

/** What a statement answered, in the form of an answer. */
export function answerOf(
	{ columns, rows, changes, lastInsertRowid }: Omit<QueryResult, 'bookmark' | 'stats'>,
	format: RowFormat,
) {
	return { columns, rows: rows.map((row) => rowOf(columns, row, format)), rowsAffected: changes, lastInsertRowid }
}

function rowOf(columns: readonly string[], row: readonly WireValue[], format: RowFormat): unknown {
	const values: readonly JsonValue[] = row.map(toJsonValue)
	// Not by assignment: a column may be called __proto__.
	return format === 'arrays' ? values : Object.fromEntries(columns.map((name, index) => [name, values[index] ?? null]))
}

/** Rows as they come, a line each. What fails before the first is an error like any other; after it the answer breaks off. */
async function linesReply(batches: AsyncGenerator<Pick<QueryResult, 'columns' | 'rows'>, void, undefined>): Promise<Reply> {
	const first = await batches.next()
	const body = async function* () {
		for (let next = first; next.done !== true; next = await batches.next()) {
			const { columns, rows } = next.value
			yield rows.map((row) => `${JSON.stringify(rowOf(columns, row, 'objects'))}\n`).join('')
		}
	}
	return { headers: { 'content-type': 'application/x-ndjson; charset=utf-8' }, body: body() }
}

/** A bookmark as `"causal"` takes it. */
function plainBookmark(bookmark: Bookmark | null) {
	return bookmark === null ? null : { ...bookmark, seq: String(bookmark.seq) }
}

/** Hints for those who write requests instead of code. */
const hints: Partial<Record<SQLakeError['code'], string>> = {
	ROUTE_NO_SHARD: 'compare the shard key with one value, name a shard ("shard"), or ask all of them: "mode": "analytics"',
	ROUTE_MULTIPLE_SHARDS: 'send one statement for each shard, or ask all of them: "mode": "analytics"',
	READ_ONLY: 'leave out "mode", "asOf" and the like to write',
	CAUSAL_TIMEOUT: 'wait longer ("timeoutMs"), or deliver first ("flush": true)',
	ANALYTICS_TIMEOUT: 'ask for less, or allow more: "timeoutMs"',
}

function inWordsOfHttp(error: unknown): unknown {
	if (!SQLakeError.is(error)) return error
	const hint = hints[error.code]
	if (hint === undefined) return error
	return new SQLakeError(error.code, error.message, { hint, cause: error.cause, details: error.details })
}
