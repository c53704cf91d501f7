import { SQLakeError } from '../../errors.ts'
import { S3ObjectStore } from '../../lake/storage/s3.ts'
import type { ProjectConfig } from '../read-config.ts'
import type { WranglerConfig } from '../wrangler-config.ts'
import type { PushTarget } from './push-target.ts'

/** What {@link openRemote} goes by. */
export interface RemoteOptions {
	readonly config: Pick<ProjectConfig, 'bucket' | 'accountId' | 'endpoint'>
	readonly wrangler: WranglerConfig | null
	/** Binding of the bucket, in the schema. */
	readonly binding: string
	/** What `--bucket` names. */
	readonly bucket: string | undefined
	readonly env: Readonly<Record<string, string | undefined>>
}

/**
 * Opens a bucket by the S3 API. Keys come from the environment alone: what is typed stays in a shell's history, and what stands
 * in a file gets into version control.
 *
 * @throws SQLakeError CONFIG_INVALID naming the variable, or the option, that is missing
 */
export function openRemote(options: RemoteOptions): PushTarget {
	const { config, env } = options
	const bucket = bucketOf(options)
	const endpoint = endpointOf(config, env)
	const credentials = {
		accessKeyId: needed(env, 'AWS_ACCESS_KEY_ID'),
		secretAccessKey: needed(env, 'AWS_SECRET_ACCESS_KEY'),
		...(env.AWS_SESSION_TOKEN ? { sessionToken: env.AWS_SESSION_TOKEN.trim() } : {}),
	}
	const store = new S3ObjectStore({ endpoint, bucket, region: regionOf(endpoint, env), credentials })
	return { kind: 'remote', bucket, place: endpoint, store, [Symbol.asyncDispose]: async () => {} }
}

function bucketOf({ bucket, config, wrangler, binding }: RemoteOptions): string {
	const found = bucket ?? config.bucket ?? wrangler?.buckets?.get(binding)
	if (found !== undefined) return found
	const where = wrangler === null ? 'there is no wrangler configuration' : `${wrangler.path} binds none as ${binding}`
	throw new SQLakeError('CONFIG_INVALID', `--remote: expected the name of the bucket, found none: ${where}`, {
		hint: "name it: --bucket <name>, or sqlake: { bucket: '...' } in the configuration",
		details: { binding },
	})
}

function endpointOf(config: RemoteOptions['config'], env: RemoteOptions['env']): string {
	const endpoint = env.SQLAKE_S3_ENDPOINT || config.endpoint
	if (endpoint) return endpoint
	const account = config.accountId ?? env.CLOUDFLARE_ACCOUNT_ID
	if (account) return `https://${account}.r2.cloudflarestorage.com`
	throw new SQLakeError('CONFIG_INVALID', '--remote: expected the account that the bucket belongs to, found none', {
		hint: 'set CLOUDFLARE_ACCOUNT_ID, or SQLAKE_S3_ENDPOINT for a jurisdiction of its own and for another S3 service',
	})
}

/** R2 knows one region; of Amazon's services the name stands in the address. */
function regionOf(endpoint: string, env: RemoteOptions['env']): string {
	const [, inName] = /\/\/s3[.-]([a-z0-9-]+)\.amazonaws\.com/.exec(endpoint) ?? []
	return env.SQLAKE_S3_REGION || inName || 'auto'
}

function needed(env: RemoteOptions['env'], name: string): string {
	// Read from a file, it may end in a line break.
	const value = env[name]?.trim()
	if (value) return value
	throw new SQLakeError('CONFIG_INVALID', `--remote: expected the environment variable ${name}, found none`, {
		hint: 'create an R2 API token with read and write access to the bucket, and set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
		details: { variable: name },
	})
}
