/**
 * The manifest that `sqlake push` put into the bucket, as an object keeps it.
 *
 * @module
 */
import { SQLakeError } from '../errors.ts'
import { withTimeout } from '../lake/storage/timed-store.ts'
import { fetchMigrationManifest, MANIFEST_KEY } from '../migrator/fetch-migration-manifest.ts'
import type { MigrationManifest } from '../migrator/manifest.ts'
import { manifestOf } from '../migrator/manifest-of.ts'
import { MigrationError } from '../migrator/migration-error.ts'
import type { ObjectMemory } from '../shard/object-memory.ts'

/** What a {@link PushedManifest} works with. */
export interface PushedManifestParts {
	readonly memory: ObjectMemory
	/** @throws `BINDING_MISSING` */
	readonly bucket: () => R2Bucket
}

interface KeptManifest {
	/** Of the object in the bucket. */
	readonly etag: string
	readonly manifest: MigrationManifest
}

/** Milliseconds that the bucket may take: the object's first request waits for it. */
const TIMEOUT = 5_000

/** UTF-16 units. A row of SQLite holds 2 MB; a manifest beyond is fetched at each start. */
const MAX_KEPT = 1_000_000

/**
 * The manifest of an object that bundles none. Its first start fetches it; each later one asks whether there is another, which
 * costs one request and no bytes where there is not, and goes on with the one that is kept where the bucket does not answer.
 */
export class PushedManifest {
	readonly #parts: PushedManifestParts
	#kept: KeptManifest | null
	#missing: SQLakeError = new MigrationError('MIGRATION_MISSING', `manifest "${MANIFEST_KEY}": it is not fetched yet`, {
		hint: 'ask for tables after the constructor, or bundle the manifest: override migrations = manifest',
	})

	constructor(parts: PushedManifestParts) {
		this.#parts = parts
		const text = parts.memory.get('manifest')
		this.#kept = text === null ? null : (JSON.parse(text) as KeptManifest)
	}

	/** The manifest to go by; null while none was found. */
	get manifest(): MigrationManifest | null {
		return this.#kept === null ? null : manifestOf(this.#kept.manifest)
	}

	/** Why there is no manifest to go by; null where there is one. */
	get missing(): SQLakeError | null {
		return this.#kept === null ? this.#missing : null
	}

	/**
	 * Looks into the bucket. What goes wrong is no failure of the object: it is told by {@link missing}, or to `warn`.
	 *
	 * @returns whether there is another manifest to go by than before
	 */
	async refresh(warn: (message: string) => void): Promise<boolean> {
		try {
			const found = await this.#fetch()
			if (found === null) return false
			const text = JSON.stringify(found)
			this.#parts.memory.set('manifest', text.length > MAX_KEPT ? null : text)
			this.#kept = found
			return true
		} catch (error) {
			this.#missing = SQLakeError.wrap(error, 'STORE_UNAVAILABLE', `manifest "${MANIFEST_KEY}": the bucket did not give it`)
			// An object without migrations may have tables of its own: what it misses is told when a table is.
			if (this.#kept !== null) warn(`the object goes on with the manifest that it has: ${this.#missing.message}`)
			return false
		}
	}

	/** null where the bucket has the one that is kept. */
	async #fetch(): Promise<KeptManifest | null> {
		const bucket = this.#parts.bucket()
		const etag = this.#kept?.etag
		const object = await withTimeout(`GET ${MANIFEST_KEY}`, TIMEOUT, () =>
			etag === undefined ? bucket.get(MANIFEST_KEY) : bucket.get(MANIFEST_KEY, { onlyIf: { etagDoesNotMatch: etag } }),
		)
		if (object !== null && !('body' in object)) return null
		const manifest = await fetchMigrationManifest({ get: async () => object })
		return { etag: object?.etag ?? '', manifest }
	}
}
