import type { LakeDialect, LakeMoment } from '../../driver/transport.ts'
import type { ObjectStore } from '../../lake/storage/object-store.ts'
import type { LocalRouter } from '../../local/local-router.ts'
import { lakeTarget, ROUTED, SPLIT, type Target } from '../../session/connection.ts'
import type { RouterQuery } from '../../session/query-router.ts'
import type { CommandContext } from '../command-context.ts'
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
	/** Whether what waits in the shards is delivered to the lake first. */
	readonly flush: boolean
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
	// Awaited here: the router closes at the end of this function.
	if (query.moment === undefined) await queryShard(router, statement, query, context)
	else if (query.explain) await showPlan(await router.explain(statement), query.format, context)
	else await queryLake(router, statement, query.format, context)
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
