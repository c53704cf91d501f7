import type { ObjectStore } from '../../lake/storage/object-store.ts'
import { LocalRouter, type LocalRouterOptions } from '../../local/local-router.ts'
import type { NodeRouterOptions } from '../../local/node-router.ts'
import type { LocalProject } from './local-project.ts'

/** Where a project's shards and lake are, and how it is served. */
export interface RouterPlaces
	extends Pick<LocalRouterOptions, 'observability' | 'flush' | 'analyticsTimeoutMs' | 'migrationPolicy'> {
	readonly db: string
	readonly lake: string | ObjectStore
}

/** The options of a router that a project gives. */
export function routerOptions({ schema, migrations, location }: LocalProject): NodeRouterOptions {
	return { schema, location, ...(migrations === undefined ? {} : { migrations }) }
}

/** Opens a project's shards and lake. Nothing is touched before the first query. */
export function openRouter(project: LocalProject, places: RouterPlaces): LocalRouter {
	return new LocalRouter({ ...routerOptions(project), ...places })
}
