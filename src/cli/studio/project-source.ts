import { resolve } from 'node:path'
import { devRoutes } from '../dev/dev-routes.ts'
import type { LocalProject } from '../dev/local-project.ts'
import { oneAtATime } from '../dev/one-at-a-time.ts'
import { ProjectHost } from '../dev/project-host.ts'
import { watchFiles } from '../dev/watch-files.ts'
import { type DrizzleSchema, describeRelations } from './describe-relations.ts'
import { LakeDatabase } from './lake-database.ts'
import { ShardDatabase } from './shard-database.ts'
import type { StudioDatabase } from './studio-database.ts'
import type { StudioSource } from './studio-source.ts'

/** What of a project is shown. */
export interface ProjectSourceOptions {
	/** Loads the project afresh. */
	readonly load: () => Promise<LocalProject>
	/** Directory of the shards. */
	readonly db: string
	/** Directory of the lake. */
	readonly lake: string
	/** What Drizzle Studio sees: a shard, or the lake. Default: the only shard, or the lake where there are none or several. */
	readonly database?: { readonly shard: string } | 'lake' | undefined
	/** Whether to follow changes of the project's files. Default true. */
	readonly watch?: boolean
	/** Is told why the project, or a change of it, cannot be shown as a whole; what was shown before goes on. */
	readonly onProblem?: (error: unknown) => void
}

/**
 * Opens a project's shards and lake.
 *
 * @throws SQLakeError SHARD_NOT_FOUND for a shard that there is not; MIGRATION_PENDING for a schema ahead of its migrations
 */
export async function openProjectSource(options: ProjectSourceOptions): Promise<StudioSource> {
	const { load, db, lake, onProblem = () => {} } = options
	// To look at a shard does not change it: migrations are for sqlake dev and sqlake migrate.
	const host = await ProjectHost.open(await load(), { db, lake, migrationPolicy: 'never' })
	const database = await openDatabase(host, options).catch(async (error) => {
		await host.current.close()
		throw error
	})
	let schema = drizzleSchema(host.project, onProblem)
	const reload = oneAtATime(async () => {
		const before = host.project
		await host.reload(load).catch(onProblem)
		if (host.project !== before) schema = drizzleSchema(host.project, onProblem)
		watcher?.setPaths(host.project.watch)
	})
	const watcher = options.watch === false ? undefined : await watchFiles(host.project.watch, () => void reload(), onProblem)
	return {
		kind: 'project',
		title: db,
		database,
		get schema() {
			return schema
		},
		handle: devRoutes(host),
		close: async () => {
			await watcher?.close()
			database.close()
			await host.current.close()
		},
	}
}

/** What Drizzle Studio is told of the code. Relations that lead nowhere must not keep it from the tables. */
function drizzleSchema({ schema: { tables }, relations }: LocalProject, onProblem: (error: unknown) => void): DrizzleSchema {
	try {
		describeRelations({ tables, relations })
		return { tables, relations }
	} catch (error) {
		onProblem(error)
		return { tables, relations: {} }
	}
}

async function openDatabase(host: ProjectHost, { db, lake, database }: ProjectSourceOptions): Promise<StudioDatabase> {
	const wanted = database ?? (await onlyShard(host))
	if (wanted === 'lake') return new LakeDatabase(host, resolve(lake))
	return ShardDatabase.open(host.current, resolve(db), wanted.shard)
}

async function onlyShard({ current }: ProjectHost): Promise<{ readonly shard: string } | 'lake'> {
	const [shard, second] = await current.use((router) => router.shards())
	return shard === undefined || second !== undefined ? 'lake' : { shard }
}
