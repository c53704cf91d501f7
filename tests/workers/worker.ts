import { DurableObject } from 'cloudflare:workers'

/** A Durable Object with SQLite and nothing else: tests reach into it with runInDurableObject. */
export class PlainDO extends DurableObject {}

export { SQLakeCatalog } from '../../src/do/sqlake-catalog.ts'
export { ForgetfulDO, OwnWaysDO, PushedDO, ShardDO, ThrowingDO, UnreachableDO } from './do/objects.ts'
export { DriverDO } from './driver/driver-do.ts'
export { FleetDO, TallyDO } from './fleet/objects.ts'
export { MigratingDO } from './migrator/objects.ts'
export { SimulatedDO } from './simulation/objects.ts'

export default {
	fetch(): Response {
		return new Response('sqlake tests')
	},
}
