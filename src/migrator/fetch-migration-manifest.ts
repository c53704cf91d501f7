import { messageOf } from '../errors.ts'
import { assertBody } from '../lake/storage/read-object.ts'
import { retryUnavailable } from '../lake/storage/retry.ts'
import { checkManifest } from './check-manifest.ts'
import type { MigrationManifest } from './manifest.ts'
import { MigrationError } from './migration-error.ts'

/** Where `sqlake push` puts the manifest. */
export const MANIFEST_KEY = 'metadata/migrations.json'

/** What a manifest is fetched from: an R2 bucket, or an object store of the lake. */
export interface ManifestSource {
	get(key: string): Promise<{ readonly bytes: Uint8Array } | { arrayBuffer(): Promise<ArrayBuffer> } | null>
}

/**
 * Fetches the manifest that `sqlake push` put into the bucket, and checks it.
 *
 * @param source - the bucket, such as `env.SQLAKE_BUCKET`
 * @throws MigrationError MIGRATION_MISSING where there is none, MIGRATION_INVALID where it is no JSON, and what is wrong with a
 * migration in it
 * @example
 * ```ts
 * import { fetchMigrationManifest } from 'sqlake/do'
 *
 * const manifest = await fetchMigrationManifest(env.SQLAKE_BUCKET)
 * ```
 */
export async function fetchMigrationManifest(source: ManifestSource, key: string = MANIFEST_KEY): Promise<MigrationManifest> {
	const bytes = await retryUnavailable(() => fetchBytes(source, key))
	if (bytes === null) {
		throw new MigrationError('MIGRATION_MISSING', `manifest "${key}": expected it in the bucket, found none`, {
			hint: 'run "sqlake generate" and "sqlake push"; for a deployed Worker "sqlake push --remote"',
			details: { key },
		})
	}
	return checkManifest(parse(bytes, key), `manifest "${key}"`)
}

async function fetchBytes(source: ManifestSource, key: string): Promise<Uint8Array | null> {
	const object = await source.get(key)
	if (object === null) return null
	// R2's bodies have a method `bytes`, the lake's stores a property.
	const bytes =
		'bytes' in object && object.bytes instanceof Uint8Array
			? object.bytes
			: 'arrayBuffer' in object
				? new Uint8Array(await object.arrayBuffer())
				: new Uint8Array()
	if ('size' in object && typeof object.size === 'number') assertBody({ key, size: object.size }, bytes.byteLength)
	return bytes
}

function parse(bytes: Uint8Array, key: string): unknown {
	try {
		return JSON.parse(new TextDecoder().decode(bytes))
	} catch (cause) {
		throw new MigrationError('MIGRATION_INVALID', `manifest "${key}": expected JSON: ${messageOf(cause)}`, {
			cause,
			hint: 'run "sqlake push" again',
			details: { key },
		})
	}
}
