import { Capture } from '../cdc/capture.ts'
import { FilesCatalog } from '../lake/catalog/files-catalog.ts'
import { DEFAULT_LAKE_LOCATION } from '../lake/lake-path.ts'
import type { Lake } from '../lake/open-lake.ts'
import { R2ObjectStore } from '../lake/storage/r2.ts'
import { createObservability } from '../observability/create-observability.ts'
import type { Observability } from '../observability/observability.ts'
import type { LakeSchema } from '../schema/table-schema.ts'
import { Delivery, type DeliveryResult } from './delivery.ts'
import type { DeliveryLimits } from './limits.ts'

/** What {@link flushCDCToR2WithIceberg} works with. */
export interface CDCFlushOptions {
	/** Storage of the Durable Object, with capture installed. */
	readonly storage: DurableObjectStorage
	/** `db.lake` of what `SQLake()` returned. */
	readonly schema: LakeSchema
	readonly shard: string
	/** Where to, as `openLake()` opens it. */
	readonly lake: Lake
	readonly observability?: Observability
	readonly limits?: Partial<DeliveryLimits>
}

/**
 * Delivers the changes of a Durable Object to its lake's Parquet files and Iceberg tables, exactly once: for an object that
 * cannot extend `SQLakeDO`. Not to be run twice at a time in one object.
 *
 * @throws `STORE_UNAVAILABLE`, `COMMIT_CONFLICT`, `FLUSH_FAILED` ...; the changes stay in the buffer, and the next call finds out
 *   what became of them.
 * @example
 * ```ts
 * const lake = openLake({ bucket: env.SQLAKE_BUCKET, bucketBinding: 'SQLAKE_BUCKET', catalogs: env.SQLAKE_CATALOG })
 * await flushCDCToR2WithIceberg({ storage: ctx.storage, schema: db.lake, shard: 'user-1', lake })
 * ```
 */
export function flushCDCToR2WithIceberg(options: CDCFlushOptions): Promise<DeliveryResult> {
	const { storage, schema, shard, lake, observability = createObservability(), limits = {} } = options
	const delivery = new Delivery({
		...lake,
		capture: new Capture(storage, schema, { shard }),
		shard,
		lake: schema,
		sync: () => storage.sync(),
		now: () => Date.now(),
		observability,
		limits,
	})
	return delivery.run()
}

/**
 * Delivers the changes of a Durable Object to Parquet files in a bucket, `data/<table>/_shard=<shard>/cdc_<ms>_<n>.parquet`, without
 * Iceberg tables: for whoever reads the files themselves. How far a shard's changes are delivered is kept beside them, in
 * `data/_positions/`. A change is in a file at least once: a delivery that was interrupted, or could not encode a change, may leave
 * a file that a later one holds again, so a reader takes each (`_shard`, `_epoch`, `_seq`) once. Not to be run twice at a time in
 * one object.
 *
 * @throws `STORE_UNAVAILABLE`, `FLUSH_FAILED` ...; the changes stay in the buffer
 * @example
 * ```ts
 * await flushCDCToR2({ storage: ctx.storage, schema: db.lake, shard: 'user-1', bucket: env.SQLAKE_BUCKET })
 * ```
 */
export function flushCDCToR2({
	bucket,
	...options
}: Omit<CDCFlushOptions, 'lake'> & { readonly bucket: R2Bucket }): Promise<DeliveryResult> {
	const store = new R2ObjectStore(bucket)
	return flushCDCToR2WithIceberg({
		...options,
		lake: { store, catalog: new FilesCatalog(store), location: DEFAULT_LAKE_LOCATION },
	})
}
