import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { LakeBatch } from '../../driver/transport.ts'
import { SQLakeError } from '../../errors.ts'
import type { LocalRouter } from '../../local/local-router.ts'
import { shardFileName } from '../../local/shard-file-name.ts'
import { parseSQL } from '../../router/parse-sql.ts'
import { GLOBAL_SHARD } from '../../schema/table-schema.ts'
import type { RouterQuery } from '../../session/query-router.ts'
import type { CommandContext } from '../command-context.ts'
import type { RowFormat } from '../rows/row-formatter.ts'
import { writeRows } from '../rows/write-rows.ts'
import { reportWrite } from './report-write.ts'
import { showPlan } from './show-plan.ts'
import { tellRows } from './tell-rows.ts'

/** How a shard is asked. */
export interface ShardQuery {
	/** Directory of the shards. */
	readonly db: string
	readonly readOnly: boolean
	readonly explain: boolean
	readonly format: RowFormat
}

/** Kinds of statements that change nothing. */
const READS: ReadonlySet<string> = new Set(['SelectStmt', 'ExplainStmt'])

/**
 * Runs one statement in the shard that it pins.
 *
 * @throws SQLakeError as routing and the shard do; QUERY_FAILED for a read of a shard that is not there, READ_ONLY
 */
export async function queryShard(
	router: LocalRouter,
	statement: RouterQuery,
	{ db, readOnly, explain, format }: ShardQuery,
	context: CommandContext,
): Promise<void> {
	const started = Date.now()
	const { type } = parseSQL(statement.sql).statement
	const plan = await router.explain(statement).catch((error: unknown) => {
		throw withOptions(error, type)
	})
	if (explain) return showPlan(plan, format, context)
	const { shard } = plan
	if (readOnly && !READS.has(type)) {
		throw new SQLakeError('READ_ONLY', 'query: expected a SELECT, found a write', { hint: 'leave --read-only out' })
	}
	if (type === 'PragmaStmt' && shard !== null) throw pragma(db, shard)
	if (READS.has(type) && shard !== null) await assertShard(router, shard, db)
	const { columns, rows, changes, lastInsertRowid, bookmark, shards } = await router.execute(statement)
	if (columns.length === 0) {
		const where = shards === undefined ? { shard, bookmark } : { shards }
		return reportWrite({ changes, lastInsertRowid, ...where }, format, context)
	}
	const found = await writeRows(format, one({ columns, rows }), context)
	if (format === 'table')
		tellRows(found, `${shard === null ? 'several shards' : `shard ${shard}`}, ${Date.now() - started} ms`, context)
}

/** To read a shard that nobody has written to would make it: more likely its name is mistyped. */
async function assertShard(router: LocalRouter, shard: string, db: string): Promise<void> {
	if (shard === GLOBAL_SHARD || existsSync(join(db, shardFileName(shard)))) return
	const names = existsSync(db) ? await router.shards() : []
	const some = `${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`
	throw new SQLakeError(
		'QUERY_FAILED',
		`${db}: expected shard ${JSON.stringify(shard)}, found ${names.length === 0 ? 'no shards' : some}`,
		{
			hint:
				names.length === 0
					? 'write something first: sqlake dev, or an INSERT by sqlake query'
					: 'a shard is made by its first write',
		},
	)
}

function pragma(db: string, shard: string): SQLakeError {
	return new SQLakeError('ROUTE_UNSUPPORTED', 'query: a PRAGMA cannot be sent to a shard', {
		hint: `ask its file: sqlake query --db ${join(db, shardFileName(shard))} "PRAGMA ..."`,
	})
}

/** Says how the command line, not the library, reaches one shard, several or the lake. */
function withOptions(error: unknown, type: string): unknown {
	if (!SQLakeError.is(error, 'ROUTE_NO_SHARD') && !SQLakeError.is(error, 'ROUTE_MULTIPLE_SHARDS')) return error
	const others =
		type === 'InsertStmt' ? ', or send every row to its own: --split' : READS.has(type) ? '' : '; a write goes to one at a time'
	return new SQLakeError(error.code, error.message, {
		cause: error,
		hint: `name the shard: --shard <id>${others}`,
		details: error.details,
	})
}

async function* one(batch: LakeBatch): AsyncGenerator<LakeBatch> {
	yield batch
}
