/**
 * What the tests of catalogs commit.
 *
 * @module
 */
import { SQLakeError } from '../../src/errors.ts'
import type { Catalog, CommitRequest, CommitResult } from '../../src/lake/catalog/catalog.ts'
import { planTableScan } from '../../src/lake/catalog/table-scan.ts'
import { CHANGE_FIELDS, changesPartitionSpec } from '../../src/lake/change-table.ts'
import { buildDataFileStats, createDataFile } from '../../src/lake/iceberg/data-file.ts'
import { partitionOf } from '../../src/lake/iceberg/partition-spec.ts'
import type { IcebergDataFile, IcebergSchema } from '../../src/lake/iceberg/types.ts'
import { lakePath } from '../../src/lake/lake-path.ts'
import type { ObjectStore } from '../../src/lake/storage/object-store.ts'

export const LOCATION = 's3://contract'

/** Milliseconds. */
export const CALL_TIMEOUT = 2000

/** One lake that nobody has written to. */
export interface CatalogHarness {
	/** The store under it. */
	readonly store: ObjectStore
	/**
	 * Opens a catalog on the lake, as a fresh process would: nothing is remembered from an earlier one. Its calls to the store
	 * time out after {@link CALL_TIMEOUT}.
	 */
	readonly open: (store: ObjectStore) => Promise<Catalog>
}

export const DAY_0 = Date.UTC(2026, 0, 1)

export const contractSchema: IcebergSchema = {
	type: 'struct',
	'schema-id': 0,
	fields: [...Object.values(CHANGE_FIELDS), { id: 101, name: 'id', required: false, type: 'string' }],
}

/** A file of a shard's changes; nobody reads its bytes here. */
export function contractFile(table: string, shard: string, from: number, to: number, ts = DAY_0): IcebergDataFile {
	const micros = BigInt(ts) * 1000n
	const recordCount = to - from + 1
	const column = (fieldId: number, lowerBound: string | bigint, upperBound = lowerBound) => ({
		fieldId,
		valueCount: recordCount,
		nullCount: 0,
		lowerBound,
		upperBound,
	})
	return createDataFile({
		filePath: lakePath(LOCATION, `data/${table}/_shard=${shard}/cdc_${ts}_${from}.parquet`),
		partition: partitionOf(changesPartitionSpec(), contractSchema, (id) => (id === CHANGE_FIELDS.shard.id ? shard : micros)),
		recordCount,
		fileSizeInBytes: 1000,
		stats: buildDataFileStats({
			schema: contractSchema,
			recordCount,
			columns: [
				column(CHANGE_FIELDS.op.id, 'c'),
				column(CHANGE_FIELDS.shard.id, shard),
				column(CHANGE_FIELDS.epoch.id, 1n),
				column(CHANGE_FIELDS.seq.id, BigInt(from), BigInt(to)),
				column(CHANGE_FIELDS.ts.id, micros),
				column(101, 'a', 'z'),
			],
		}),
	})
}

/** A commit of the changes `from` to `to`, with a file in each table. */
export function contractCommit(
	shard: string,
	from: number,
	to: number,
	options: {
		readonly tables?: readonly string[]
		readonly epoch?: number
		readonly ts?: number
		readonly schema?: IcebergSchema
	} = {},
): CommitRequest {
	const { tables = ['users', 'orders'], epoch = 1, ts = DAY_0, schema = contractSchema } = options
	return {
		commitId: `${shard}-${epoch}-${from}-${to}`,
		shard,
		epoch,
		fromSeq: from,
		toSeq: to,
		watermark: ts,
		appends: tables.map((table) => ({
			table: `${table}_changes`,
			schema,
			dataFiles: [contractFile(table, shard, from, to, ts)],
		})),
	}
}

/** Commits as delivery does: where the outcome is not known, the position decides. */
export async function commitForSure(open: () => Promise<Catalog>, request: CommitRequest): Promise<CommitResult | 'found'> {
	for (let attempt = 1; ; attempt++) {
		const catalog = await open()
		try {
			if (attempt > 1) {
				const position = await catalog.position(request.shard)
				if (position !== null && position.epoch === request.epoch && position.seq >= request.toSeq) return 'found'
			}
			return await catalog.commit(request)
		} catch (error) {
			if (!SQLakeError.is(error, 'STORE_UNAVAILABLE') || attempt === 20) throw error
		}
	}
}

/** Every file of a table, read anew from the store. */
export async function filesOf(catalog: Catalog, store: ObjectStore, table: string): Promise<string[]> {
	const found = (await catalog.load()).tables.get(table)
	if (found === undefined) return []
	const { files } = await planTableScan({ store, table: found })
	return files.map((file) => file.filePath).sort()
}
