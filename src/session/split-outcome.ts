/**
 * What became of an INSERT whose rows went to several shards.
 *
 * @module
 */
import { messageOf, SQLakeError } from '../errors.ts'
import type { QueryResult } from './result.ts'

/** What happened in one shard. */
export type SplitOutcome =
	| { readonly shard: string; readonly result: QueryResult }
	| { readonly shard: string; readonly error: unknown }

/**
 * One result from those of all shards; rows of RETURNING shard by shard.
 *
 * @throws SQLakeError SPLIT_INCOMPLETE where a shard failed. `details.shards` tells of each: its name, whether its rows are
 * `written`, `not written` or `unknown`, how many rows, where the write stands (`seq`, `epoch`), and the error.
 */
export function mergeSplit(outcomes: readonly SplitOutcome[]): QueryResult {
	const failed = outcomes.filter((outcome) => 'error' in outcome)
	const [first] = failed
	if (first !== undefined) {
		throw new SQLakeError(
			'SPLIT_INCOMPLETE',
			`INSERT into ${outcomes.length} shards: expected all to be written, found ${failed.length} that failed; ${JSON.stringify(first.shard)}: ${messageOf(first.error)}`,
			{ cause: first.error, details: { shards: outcomes.map(detailsOf) } },
		)
	}
	const results = outcomes.flatMap((outcome) => ('result' in outcome ? [outcome] : []))
	return {
		columns: results[0]?.result.columns ?? [],
		rows: results.flatMap(({ result }) => result.rows),
		changes: results.reduce((sum, { result }) => sum + result.changes, 0),
		lastInsertRowid: null,
		bookmark: null,
		stats: null,
		shards: results.map(({ shard, result: { changes, lastInsertRowid, bookmark } }) => {
			return { shard, rowsAffected: changes, lastInsertRowid, bookmark }
		}),
	}
}

/** Plain data, so that it survives RPC and JSON. */
function detailsOf(outcome: SplitOutcome): Readonly<Record<string, unknown>> {
	const { shard } = outcome
	if ('result' in outcome) {
		const { changes, bookmark } = outcome.result
		const place = bookmark === null ? {} : { seq: Number(bookmark.seq), epoch: bookmark.epoch }
		return { shard, outcome: 'written', rowsAffected: changes, ...place }
	}
	const { error } = outcome
	const unknown = SQLakeError.is(error) && error.details?.outcome === 'unknown'
	return {
		shard,
		outcome: unknown ? 'unknown' : 'not written',
		rowsAffected: unknown ? null : 0,
		error: { code: SQLakeError.is(error) ? error.code : 'INTERNAL', message: messageOf(error) },
	}
}
