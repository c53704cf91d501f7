/** The bindings of wrangler.jsonc, as `env` of `cloudflare:test` and `cloudflare:workers` has them. */
declare namespace Cloudflare {
	interface Env {
		readonly PLAIN_DO: DurableObjectNamespace<import('./worker.ts').PlainDO>
		readonly FLEET_DO: DurableObjectNamespace<import('./fleet/objects.ts').FleetDO>
		readonly TALLY_DO: DurableObjectNamespace<import('./fleet/objects.ts').TallyDO>
		readonly SHARD_DO: DurableObjectNamespace<import('./do/objects.ts').ShardDO>
		readonly OWN_WAYS_DO: DurableObjectNamespace<import('./do/objects.ts').OwnWaysDO>
		readonly PUSHED_DO: DurableObjectNamespace<import('./do/objects.ts').PushedDO>
		readonly FORGETFUL_DO: DurableObjectNamespace<import('./do/objects.ts').ForgetfulDO>
		readonly THROWING_DO: DurableObjectNamespace<import('./do/objects.ts').ThrowingDO>
		readonly MIGRATING_DO: DurableObjectNamespace<import('./migrator/objects.ts').MigratingDO>
		readonly DRIVER_DO: DurableObjectNamespace<import('./driver/driver-do.ts').DriverDO>
		readonly UNREACHABLE_DO: DurableObjectNamespace<import('./do/objects.ts').UnreachableDO>
		readonly SIMULATED_DO: DurableObjectNamespace<import('./simulation/objects.ts').SimulatedDO>
		/** Not under the name SQLAKE_CATALOG, or every lake of these tests would go through it. */
		readonly CATALOG_DO: DurableObjectNamespace<import('../../src/do/sqlake-catalog.ts').SQLakeCatalog>
		readonly SQLAKE_BUCKET: R2Bucket
	}
}
