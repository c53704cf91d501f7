/**
 * The bindings that sqlake itself looks for.
 *
 * @module
 */
import { SQLakeError } from '../errors.ts'

/** Environment of a Worker that uses sqlake. Extend it by your own bindings; the bucket is named by the schema's `r2Bucket`. */
export interface SQLakeWorkerEnv {
	/** The bucket of the lake, under the name that `SQLake()` takes by default. */
	readonly SQLAKE_BUCKET?: R2Bucket
	/** The catalog Durable Object. Without it the lake's catalog is a pointer in the bucket. */
	readonly SQLAKE_CATALOG?: DurableObjectNamespace
}

/**
 * The bucket of the lake.
 *
 * @throws `BINDING_MISSING` if env has no R2 bucket of that name.
 */
export function bucketOf(env: object, name: string): R2Bucket {
	const binding = (env as Readonly<Record<string, unknown>>)[name]
	if (!isBucket(binding)) {
		throw new SQLakeError(
			'BINDING_MISSING',
			`env.${name}: expected an R2 bucket, found ${binding === undefined ? 'nothing' : 'another kind of binding'}`,
			{ hint: `add { "binding": "${name}" } to "r2_buckets" in wrangler.jsonc, or name another in SQLake({ r2Bucket })` },
		)
	}
	return binding
}

function isBucket(value: unknown): value is R2Bucket {
	return typeof value === 'object' && value !== null && 'put' in value && 'head' in value && 'createMultipartUpload' in value
}
