import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { LakeBatch, LakeDialect, LakeMoment } from '../../driver/transport.ts'
import { SQLakeError } from '../../errors.ts'
import type { ObjectStore } from '../../lake/storage/object-store.ts'
import type { LocalRouter } from '../../local/local-router.ts'
import { shardFileName } from '../../local/shard-file-name.ts'
import { parseSQL } from '../../router/parse-sql.ts'
import { lakeTarget, ROUTED, type Target } from '../../session/connection.ts'
import type { QueryPlan } from '../../session/executor.ts'
import type { RouterQuery } from '../../session/query-router.ts'
import type { CommandContext } from '../command-context.ts'
import { count } from '../count.ts'
import { loadLocalProject } from '../dev/local-project.ts'
import { openRouter } from '../dev/open-router.ts'
import { readLakeLocation } from '../lake/inspect-lake.ts'
import type { RowFormat } from '../rows/row-formatter.ts'
import { writeRows } from '../rows/write-rows.ts'
import type { Params } from './parse-params.ts'
import { reportWrite } from './report-write.ts'
import { positionalParams } from './resolve-params.ts'

/** A query of a project's shards or lake. */
export interface ProjectQuery {
	readonly sql: string
	readonly params: Params
	/** Directory of the shards. */
	readonly db: string
	readonly lake: ObjectStore
	/** Runs in this shard, whatever the statement pins. */
	readonly shard: string | undefined
	/** Asks the lake. */
	readonly moment: LakeMoment | undefined
	/** What a lake query is written in. */
	readonly dialect: LakeDialect | undefined
	/** Whether what waits in the shards is delivered to the lake first. */
	readonly flush: boolean
	readonly readOnly: boolean
	readonly explain: boolean
	readonly format: RowFormat
	/** Milliseconds that a lake query may take. */
	readonly timeoutMs: number
}

/**
 * Runs one statement in the shard that it pins, or on the lake.
 *
 * @throws SQLakeError as routing, the shard or the lake does; QUERY_FAILED for a read of a shard that is not there
 */
export async function queryProject(query: ProjectQuery, context: CommandContext): Promise<void> {
	const project = await loadLocalProject(context.cwd, context.configFile)
	const { db, lake, timeoutMs: analyticsTimeoutMs } = query
	const location = query.moment === undefined ? null : await readLakeLocation(lake)
	await using router = openRouter({ ...project, location: location ?? project.location }, { db, lake, analyticsTimeoutMs })
	if (query.flush) await router.flush()
	const statement: RouterQuery = {
		sql: query.sql,
		params: positionalParams(query.sql, query.params, query.dialect),
		target: targetOf(query),
	}
	try {
		if (query.explain) await showPlan(await router.explain(statement), query.format, context)
		else if (query.moment !== undefined) await showLake(router.stream(statement), query.format, context)
		else await runInShard(router, statement, query, context)
	} catch (error) {
		throw withOptions(error)
	}
}

function targetOf({ moment, shard, dialect }: ProjectQuery): Target {
	if (moment !== undefined) return lakeTarget(moment, { dialect })
	return shard === undefined ? ROUTED : { kind: 'shard', shard }
}

async function showPlan(plan: QueryPlan, format: RowFormat, context: CommandContext): Promise<void> {
	if (format === 'json' || format === 'ndjson') return context.printJson(plan)
	const { lake, ...route } = plan
	const lines = Object.entries({ ...route, ...lake }).filter(([, value]) => value !== null)
	await context.print(
		lines.map(([name, value]) => `${name.padEnd(12)} ${typeof value === 'object' ? JSON.stringify(value) : value}`).join('\n'),
	)
}

async function showLake(batches: AsyncIterable<LakeBatch>, format: RowFormat, context: CommandContext): Promise<void> {
	const started = Date.now()
	const found = await writeRows(format, batches, context)
	if (format === 'table') tell(found, `the lake, ${Date.now() - started} ms`, context)
}

async function runInShard(
	router: LocalRouter,
	statement: RouterQuery,
	query: ProjectQuery,
	context: CommandContext,
): Promise<void> {
	const started = Date.now()
	const { shard } = await router.explain(statement)
	const reads = parseSQL(statement.sql).statement.type === 'SelectStmt'
	if (query.readOnly && !reads)
		throw new SQLakeError('READ_ONLY', 'query: expected a SELECT, found a write', { hint: 'leave --read-only out' })
	if (reads && shard !== null) await assertShard(router, shard, query.db)
	const { columns, rows, changes, lastInsertRowid, bookmark } = await router.execute(statement)
	if (columns.length === 0) return reportWrite({ changes, lastInsertRowid, shard, bookmark }, query.format, context)
	const found = await writeRows(query.format, one({ columns, rows }), context)
	if (query.format === 'table') tell(found, `shard ${shard}, ${Date.now() - started} ms`, context)
}

/** To read a shard that nobody has written to would make it: more likely its name is mistyped. */
async function assertShard(router: LocalRouter, shard: string, db: string): Promise<void> {
	if (existsSync(join(db, shardFileName(shard)))) return
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

/** Says how the command line, not the library, reaches the lake or one shard. */
function withOptions(error: unknown): unknown {
	if (!SQLakeError.is(error, 'ROUTE_NO_SHARD') && !SQLakeError.is(error, 'ROUTE_MULTIPLE_SHARDS')) return error
	return new SQLakeError(error.code, error.message, {
		cause: error,
		hint: 'name the shard: --shard <id>, or ask all of them, in the lake: --analytics',
		details: error.details,
	})
}

function tell(rows: number, where: string, context: CommandContext): void {
	context.log(context.errorColors.dim(`${count(rows, 'row')} from ${where}`))
}

async function* one(batch: LakeBatch): AsyncGenerator<LakeBatch> {
	yield batch
}
