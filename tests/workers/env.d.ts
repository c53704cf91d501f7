/** The bindings of wrangler.jsonc, as `env` of `cloudflare:test` and `cloudflare:workers` has them. */
declare namespace Cloudflare {
	interface Env {
		readonly PLAIN_DO: DurableObjectNamespace<import('./worker.ts').PlainDO>
		readonly SHARD_DO: DurableObjectNamespace<import('./do/objects.ts').ShardDO>
		readonly OWN_WAYS_DO: DurableObjectNamespace<import('./do/objects.ts').OwnWaysDO>
		readonly FORGETFUL_DO: DurableObjectNamespace<import('./do/objects.ts').ForgetfulDO>
		readonly THROWING_DO: DurableObjectNamespace<import('./do/objects.ts').ThrowingDO>
		readonly SQLAKE_BUCKET: R2Bucket
	}
}
