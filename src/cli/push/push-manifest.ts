/**
 * The manifest on its way into a bucket.
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'
import type { ObjectStore } from '../../lake/storage/object-store.ts'
import { fetchMigrationManifest, MANIFEST_KEY } from '../../migrator/fetch-migration-manifest.ts'
import type { MigrationManifest } from '../../migrator/manifest.ts'
import { compareManifests, isForceable } from './compare-manifests.ts'

/** What is to be done with the manifest of a bucket. */
export interface ManifestPlan {
	readonly status: 'created' | 'updated' | 'replaced' | 'unchanged'
	/** Version in the bucket; null where there is none, or none that can be read. */
	readonly fromVersion: number | null
	readonly toVersion: number
	/** What `--force` overrides. */
	readonly overridden: SQLakeError | null
	/** Of the object that was looked at; null where there is none. */
	readonly etag: string | null
}

/**
 * Tells what has to be done with the manifest of a bucket.
 *
 * @param force - replaces whatever is there
 * @throws SQLakeError with a MIGRATION_ code where what is there must not be replaced; STORE_UNAVAILABLE
 */
export async function planManifest(store: ObjectStore, own: MigrationManifest, force: boolean): Promise<ManifestPlan> {
	const plan = { toVersion: own.version, overridden: null }
	const object = await store.get(MANIFEST_KEY)
	if (object === null) return { ...plan, status: 'created', fromVersion: null, etag: null }
	const { etag } = object
	let fromVersion: number | null = null
	try {
		const found = await fetchMigrationManifest({ get: async () => object })
		fromVersion = found.version
		const status = compareManifests(found, own) === 'equal' ? 'unchanged' : 'updated'
		return { ...plan, status, fromVersion, etag }
	} catch (error) {
		if (!force || !SQLakeError.is(error) || !isForceable(error)) throw error
		return { ...plan, status: 'replaced', fromVersion, overridden: error, etag }
	}
}

/**
 * Puts the manifest where the plan found another one, or none.
 *
 * @throws SQLakeError STORE_CONFLICT where that has changed since; STORE_UNAVAILABLE
 */
export async function putManifest(store: ObjectStore, own: MigrationManifest, { status, etag }: ManifestPlan): Promise<void> {
	if (status === 'unchanged') return
	const condition = etag === null ? ({ ifNoneMatch: '*' } as const) : { ifMatch: etag }
	const bytes = new TextEncoder().encode(`${JSON.stringify(own, null, '\t')}\n`)
	const put = await store.put(MANIFEST_KEY, bytes, { ...condition, contentType: 'application/json' })
	if (put !== null) return
	throw new SQLakeError(
		'STORE_CONFLICT',
		`${MANIFEST_KEY}: expected it as it was a moment ago, found that another push replaced it`,
		{
			hint: 'push again: it will be compared with what is there now',
			details: { key: MANIFEST_KEY },
		},
	)
}
