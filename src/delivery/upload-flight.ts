/**
 * From a batch of changes to data files in the store.
 *
 * @module
 */
import type { ChangeBatch } from '../cdc/change-batch.ts'
import { SQLakeError } from '../errors.ts'
import type { TableAppend } from '../lake/catalog/catalog.ts'
import { CHANGE_PARTITION_FIELDS, changesSchema, changesTableName, SHARD_BUCKETS } from '../lake/change-table.ts'
import { applyTransform } from '../lake/iceberg/transform.ts'
import type { IcebergDataFile } from '../lake/iceberg/types.ts'
import { lakePath } from '../lake/lake-path.ts'
import { type ChangesFile, writeChangesFile } from '../lake/parquet/write-changes-file.ts'
import type { ObjectStore } from '../lake/storage/object-store.ts'
import { timedStore } from '../lake/storage/timed-store.ts'
import type { SpanName } from '../observability/names.ts'
import type { Tracer } from '../observability/observability.ts'
import { withSpan, withSpanSync } from '../observability/with-span.ts'
import type { LakeSchema } from '../schema/table-schema.ts'
import { dataFileKey } from './file-name.ts'
import { findPoison, type Poison } from './find-poison.ts'
import { followsKey } from './follows-key.ts'
import { forEachLimited } from './for-each-limited.ts'
import type { DeliveryLimits } from './limits.ts'
import { type DataFilePlan, planDataFiles } from './plan-files.ts'
import { putDataFile } from './put-data-file.ts'

/** What to upload, and where. */
export interface UploadOptions {
	readonly batch: ChangeBatch
	readonly attempt: number
	readonly lake: LakeSchema
	readonly store: ObjectStore
	/** Prefix of file paths in metadata. */
	readonly location: string
	readonly tracer: Tracer
	readonly limits: DeliveryLimits
}

/**
 * Outcome of an upload.
 *
 * - `uploaded`: all files are in the store.
 * - `poisoned`: some changes cannot be encoded; nothing may be committed until they are out of the way.
 * - `taken`: a name holds other content; the attempt needs another number.
 */
export type UploadOutcome =
	| { readonly kind: 'uploaded'; readonly appends: readonly TableAppend[]; readonly files: number; readonly bytes: number }
	| { readonly kind: 'poisoned'; readonly poison: readonly Poison[] }
	| { readonly kind: 'taken' }

/**
 * Encodes a batch and stores its files, some at a time: a file is encoded only when there is room for its upload, so that at
 * most `concurrency` files are in memory.
 *
 * @throws `STORE_UNAVAILABLE`, or `FLUSH_FAILED` where changes cannot be encoded together.
 */
export async function uploadFlight(options: UploadOptions): Promise<UploadOutcome> {
	const { batch, attempt, lake, store, location, tracer, limits } = options
	// A table comes under several versions where a migration changed it between two changes.
	const appends = new Map<string, TableAppend & { readonly dataFiles: IcebergDataFile[] }>()
	const timed = timedStore(store, limits.callTimeout)
	const poison: Poison[] = []
	let taken = false
	let files = 0
	let bytes = 0
	await forEachLimited(planDataFiles(batch, { maxRows: limits.maxFileRows }), limits.concurrency, async (plan) => {
		if (taken) return
		const { changes, from } = plan
		const attributes = { 'sqlake.shard': batch.shard, 'sqlake.table': changes.table.name }
		const file = withSpanSync(tracer, 'sqlake.flush.encode' satisfies SpanName, attributes, () =>
			encode(plan, batch, lake, poison),
		)
		if (file === null || poison.length > 0) return
		const firstTs = changes.ts[from] ?? 0
		const key = dataFileKey(changes.table.name, batch.shard, {
			epoch: batch.epoch,
			firstSeq: changes.seq[from] ?? 0,
			firstTs,
			attempt,
		})
		const put = await withSpan(tracer, 'sqlake.flush.upload' satisfies SpanName, attributes, () =>
			putDataFile(timed, key, file.bytes),
		)
		if (put === 'taken') {
			taken = true
			return
		}
		files++
		bytes += file.bytes.byteLength
		const { name, version = 0 } = changes.table
		const table = changesTableName(name)
		const append = appends.get(`${version} ${table}`) ?? {
			table,
			schema: changesSchema(changes.table, lake),
			schemaVersion: version,
			describes: changes.table,
			rowsFollowKey: followsKey(changes, batch.shard),
			dataFiles: [],
		}
		append.dataFiles.push({
			filePath: lakePath(location, key),
			fileFormat: 'PARQUET',
			partition: partitionOf(batch.shard, firstTs),
			...file.stats,
		})
		appends.set(`${version} ${table}`, append)
	})
	if (poison.length > 0) return { kind: 'poisoned', poison }
	if (taken) return { kind: 'taken' }
	return {
		kind: 'uploaded',
		appends: [...appends.values()].sort((a, b) => (a.schemaVersion ?? 0) - (b.schemaVersion ?? 0)),
		files,
		bytes,
	}
}

/** The file, or null where a change cannot be encoded; such changes are added to `poison`. */
function encode(plan: DataFilePlan, batch: ChangeBatch, lake: LakeSchema, poison: Poison[]): ChangesFile | null {
	const write = (from: number, to: number): ChangesFile =>
		writeChangesFile({ changes: plan.changes, shard: batch.shard, epoch: batch.epoch, lake, from, to })
	try {
		return write(plan.from, plan.to)
	} catch (error) {
		const found = findPoison(plan, write, error)
		if (found.length === 0) throw SQLakeError.wrap(error, 'FLUSH_FAILED', `table "${plan.changes.table.name}": encoding failed`)
		poison.push(...found)
		return null
	}
}

function partitionOf(shard: string, ts: number): IcebergDataFile['partition'] {
	return {
		[CHANGE_PARTITION_FIELDS.shardBucket.name]: applyTransform(`bucket[${SHARD_BUCKETS}]`, 'string', shard),
		[CHANGE_PARTITION_FIELDS.tsDay.name]: applyTransform('day', 'timestamptz', BigInt(ts) * 1_000n),
	}
}
