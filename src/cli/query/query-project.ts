import type { LakeDialect, LakeMoment } from '../../driver/transport.ts'
import { SQLakeError } from '../../errors.ts'
import type { ObjectStore } from '../../lake/storage/object-store.ts'
import type { LocalRouter } from '../../local/local-router.ts'
import { parseSQL } from '../../router/parse-sql.ts'
import { lakeTarget, ROUTED, SPLIT, type Target } from '../../session/connection.ts'
import type { RouterQuery } from '../../session/query-router.ts'
import type { CommandContext } from '../command-context.ts'
import { count } from '../count.ts'
import { loadLocalProject } from '../dev/local-project.ts'
import { openRouter } from '../dev/open-router.ts'
import { readLakeLocation } from '../lake/inspect-lake.ts'
import type { RowFormat } from '../rows/row-formatter.ts'
import { writeRows } from '../rows/write-rows.ts'
import type { Params } from './parse-params.ts'
import { queryShard, type ShardQuery } from './query-shard.ts'
import { positionalParams } from './resolve-params.ts'
import { showPlan } from './show-plan.ts'
import { tellRows } from './tell-rows.ts'

/** A query of a project's shards or lake. */
export interface ProjectQuery extends ShardQuery {
	readonly sql: string
	readonly params: Params
	readonly lake: ObjectStore
	/** Runs in this shard, whatever the statement pins. */
	readonly shard: string | undefined
	/** Sends the rows of an INSERT to the shards that they belong to. */
	readonly split: boolean
	/** Asks the lake. */
	readonly moment: LakeMoment | undefined
	/** What a lake query is written in. */
	readonly dialect: LakeDialect | undefined
	/** Whether what waits in the shards is delivered before the lake is asked. */
	readonly flush: boolean
	/** Milliseconds that a lake query may take. */
	readonly timeoutMs: number
}

/**
 * Runs one statement in the shard that it pins, or on the lake. A read that pins no shard, or several, is asked of the lake over
 * all of them.
 *
 * @throws SQLakeError as routing, the shard or the lake does; QUERY_FAILED for a read of a shard that is not there
 */
export async function queryProject(query: ProjectQuery, context: CommandContext): Promise<void> {
	const project = await loadLocalProject(context.cwd, context.configFile)
	const { db, lake, timeoutMs: analyticsTimeoutMs } = query
	const location = (await readLakeLocation(lake)) ?? project.location
	await using router = openRouter({ ...project, location }, { db, lake, analyticsTimeoutMs })
	const params = positionalParams(query.sql, query.params, query.dialect)
	const routed: RouterQuery = { sql: query.sql, params, target: targetOf(query) }
	const isOpen = query.moment === undefined && (await isReadOfSeveral(router, routed))
	// Awaited here: the router closes at the end of this function.
	if (query.moment === undefined && !isOpen) {
		await queryShard(router, routed, query, context)
		return
	}
	if (query.flush) await router.flush()
	if (isOpen) {
		const shards = count((await router.shards()).length, 'shard')
		const state = query.flush ? 'after delivering what waited in them' : 'as far as they have delivered'
		context.log(`The statement pins no single shard: the lake is asked, over all of ${shards}, ${state}.`)
	}
	const statement = isOpen ? { ...routed, target: lakeTarget({ kind: 'current' }) } : routed
	if (query.explain) await showPlan(await router.explain(statement), query.format, context)
	else await queryLake(router, statement, query.format, context)
}

/** Whether routing refuses a SELECT because it pins no shard, or several. */
async function isReadOfSeveral(router: LocalRouter, statement: RouterQuery): Promise<boolean> {
	try {
		await router.explain(statement)
		return false
	} catch (error) {
		if (!SQLakeError.is(error, 'ROUTE_NO_SHARD') && !SQLakeError.is(error, 'ROUTE_MULTIPLE_SHARDS')) throw error
		return parseSQL(statement.sql).statement.type === 'SelectStmt'
	}
}

async function queryLake(router: LocalRouter, statement: RouterQuery, format: RowFormat, context: CommandContext): Promise<void> {
	const started = Date.now()
	const rows = await writeRows(format, router.stream(statement), context)
	if (format === 'table') tellRows(rows, `the lake, ${Date.now() - started} ms`, context)
}

function targetOf({ moment, shard, dialect, split }: ProjectQuery): Target {
	if (moment !== undefined) return lakeTarget(moment, { dialect })
	if (shard !== undefined) return { kind: 'shard', shard }
	return split ? SPLIT : ROUTED
}
