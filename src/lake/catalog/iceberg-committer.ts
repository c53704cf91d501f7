import { SQLakeError } from '../../errors.ts'
import { backOff, type RetryPolicy } from '../storage/retry.ts'
import type { Catalog, CommitRequest, CommitResult } from './catalog.ts'

/** What an {@link IcebergCommitter} commits: a range of a shard's changes. */
export type SnapshotCommitOptions = CommitRequest

/** What became of it. A `duplicate` is as good as `committed`: the range is in the lake, once. */
export type SnapshotCommitResult = CommitResult

const RETRY: RetryPolicy = { attempts: 5, baseDelay: 100, maxDelay: 5000 }

/**
 * Commits through a catalog until the outcome is known: where an answer is lost, the shard's position says whether the commit
 * took effect, and only then is it tried again.
 */
export class IcebergCommitter {
	readonly #catalog: Catalog
	readonly #retry: RetryPolicy

	constructor(catalog: Catalog, retry: RetryPolicy = RETRY) {
		this.#catalog = catalog
		this.#retry = retry
	}

	/**
	 * @throws `COMMIT_SEQUENCE`, `SCHEMA_EVOLUTION` and what else {@link Catalog.commit} refuses; `STORE_UNAVAILABLE` or
	 *   `COMMIT_CONFLICT` once the attempts are used up.
	 */
	async commit(options: SnapshotCommitOptions): Promise<SnapshotCommitResult> {
		let unknown = false
		for (let attempt = 1; ; attempt++) {
			try {
				if (unknown) {
					const position = await this.#catalog.position(options.shard)
					if (position !== null && position.epoch === options.epoch && position.seq >= options.toSeq) {
						return { status: 'duplicate', position, snapshots: {} }
					}
				}
				return await this.#catalog.commit(options)
			} catch (error) {
				unknown = SQLakeError.is(error, 'STORE_UNAVAILABLE')
				if (attempt >= this.#retry.attempts || !(unknown || SQLakeError.is(error, 'COMMIT_CONFLICT'))) throw error
				await backOff(this.#retry, attempt)
			}
		}
	}
}

/**
 * Makes a committer over a catalog.
 *
 * @example
 * ```ts
 * const catalog = new R2PointerCatalog({ store: new R2ObjectStore(env.SQLAKE_BUCKET), location: 's3://my-bucket' })
 * const committer = createIcebergCommitter({ catalog })
 * ```
 */
export function createIcebergCommitter(options: { readonly catalog: Catalog }): IcebergCommitter {
	return new IcebergCommitter(options.catalog)
}
