import { resolve } from 'node:path'
import { devRoutes } from '../dev/dev-routes.ts'
import type { LocalProject } from '../dev/local-project.ts'
import { ProjectHost } from '../dev/project-host.ts'
import { LakeDatabase } from './lake-database.ts'
import { ShardDatabase } from './shard-database.ts'
import type { StudioSource } from './studio-source.ts'

/** What of a project is shown. */
export interface ProjectSourceOptions {
	readonly project: LocalProject
	/** Directory of the shards. */
	readonly db: string
	/** Directory of the lake. */
	readonly lake: string
	/** What Drizzle Studio sees: a shard, or the lake. Default: the only shard, or the lake where there are none or several. */
	readonly database?: { readonly shard: string } | 'lake' | undefined
}

/**
 * Opens a project's shards and lake.
 *
 * @throws SQLakeError SHARD_NOT_FOUND for a shard that there is not; MIGRATION_PENDING for a schema ahead of its migrations
 */
export async function openProjectSource({ project, db, lake, database }: ProjectSourceOptions): Promise<StudioSource> {
	// To look at a shard does not change it: migrations are for sqlake dev and sqlake migrate.
	const host = await ProjectHost.open(project, { db, lake, migrationPolicy: 'never' })
	try {
		const opened = await host.current.use(async (router) => {
			const wanted = database ?? (await onlyShard(router))
			return wanted === 'lake'
				? LakeDatabase.open(router, project, resolve(lake))
				: ShardDatabase.open(router, resolve(db), wanted.shard)
		})
		return {
			kind: 'project',
			title: db,
			database: opened,
			tables: project.schema.tables,
			handle: devRoutes(host),
			close: async () => {
				opened.close()
				await host.current.close()
			},
		}
	} catch (error) {
		await host.current.close()
		throw error
	}
}

async function onlyShard(router: { shards(): Promise<string[]> }): Promise<{ readonly shard: string } | 'lake'> {
	const [shard, second] = await router.shards()
	return shard === undefined || second !== undefined ? 'lake' : { shard }
}
