/** The bindings of wrangler.jsonc, as `env` of `cloudflare:test` and `cloudflare:workers` has them. */
declare namespace Cloudflare {
	interface Env {
		readonly PLAIN_DO: DurableObjectNamespace<import('./worker.ts').PlainDO>
		readonly SQLAKE_BUCKET: R2Bucket
	}
}
