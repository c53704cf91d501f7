/**
 * Finds the fleet among the bindings of a Worker.
 *
 * @module
 */
import { SQLakeError } from '../errors.ts'
import { FleetClient } from '../fleet/fleet-client.ts'
import type { SQLakeDatabase } from '../schema/database.ts'
import { CATALOG_BINDING, findCatalogNamespace } from './bindings.ts'

/** Which fleet. */
export interface FleetClientOptions {
	/** The shards' schema: it names the bucket, and a lake's shards are one fleet. Default: the bucket bound as `SQLAKE_BUCKET`. */
	readonly schema?: Pick<SQLakeDatabase, 'r2Bucket'>
}

/**
 * The fleet of a lake: what shards there are, on which version, and roll-outs over them.
 *
 * @param env the Worker's bindings
 * @throws SQLakeError FLEET_UNAVAILABLE without the binding `SQLAKE_CATALOG`
 * @example
 * ```ts
 * const fleet = createFleetClient(env, { schema })
 * const { versions } = await fleet.summary()
 * ```
 */
export function createFleetClient(env: object, { schema }: FleetClientOptions = {}): FleetClient {
	const catalogs = findCatalogNamespace(env)
	if (catalogs === undefined) {
		throw new SQLakeError('FLEET_UNAVAILABLE', `env.${CATALOG_BINDING}: expected a namespace of Durable Objects, found nothing`)
	}
	return new FleetClient(() => catalogs.getByName(schema?.r2Bucket ?? 'SQLAKE_BUCKET'))
}
