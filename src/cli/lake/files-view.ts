import type { CatalogTable } from '../../lake/catalog/catalog.ts'
import { planTableScan } from '../../lake/catalog/table-scan.ts'
import { CHANGE_FIELDS, CHANGE_PARTITION_FIELDS } from '../../lake/change-table.ts'
import type { IcebergDataFile, IcebergField, IcebergValue } from '../../lake/iceberg/types.ts'
import { lakeLocationOf, objectKeyOf } from '../../lake/lake-path.ts'
import type { ObjectStore } from '../../lake/storage/object-store.ts'
import { showBytes, showTime, type View } from './view.ts'

const DAY_MS = 86_400_000

/** The data files of a table's current snapshot, with what a query prunes them by. */
export async function viewFiles(store: ObjectStore, table: CatalogTable, limit: number): Promise<View> {
	const { files } = await planTableScan({ store, table })
	const { metadata } = table
	const location = lakeLocationOf(metadata)
	const fields = new Map(metadata.schemas.flatMap((schema) => schema.fields.map((field) => [field.id, field] as const)))
	const described = files.map((file) => describeFile(file, location, fields))
	const shown = described.slice(0, limit)
	return {
		document: { files: shown, total: described.length },
		columns: ['file', 'shard', 'day', 'rows', 'size', 'first change', 'last change'],
		rows: shown.map(({ key, shard, partition, rows, bytes, bounds }) => [
			key.slice(key.lastIndexOf('/') + 1),
			shard,
			partition.day,
			rows,
			showBytes(bytes),
			moment(bounds._ts?.lower),
			moment(bounds._ts?.upper),
		]),
		...(described.length > shown.length ? { note: `${described.length - shown.length} more are not shown: --limit` } : {}),
	}
}

function describeFile(file: IcebergDataFile, location: string, fields: ReadonlyMap<number, IcebergField>) {
	const bounds = Object.fromEntries(
		[...file.lowerBounds.keys()].map((id) => {
			const field = fields.get(id)
			return [
				field?.name ?? `field ${id}`,
				{ lower: plain(file.lowerBounds.get(id), field), upper: plain(file.upperBounds.get(id), field) },
			]
		}),
	)
	const day = file.partition[CHANGE_PARTITION_FIELDS.tsDay.name]
	const [first, last] = [file.lowerBounds.get(CHANGE_FIELDS.shard.id), file.upperBounds.get(CHANGE_FIELDS.shard.id)]
	return {
		key: objectKeyOf(location, file.filePath),
		rows: file.recordCount,
		bytes: file.fileSizeInBytes,
		partition: {
			shardBucket: file.partition[CHANGE_PARTITION_FIELDS.shardBucket.name] ?? null,
			day: typeof day === 'number' ? new Date(day * DAY_MS).toISOString().slice(0, 10) : null,
		},
		// A file that holds one shard has one bound.
		shard: typeof first === 'string' && first === last ? first : `${String(first)} … ${String(last)}`,
		bounds,
	}
}

/** A bound as JSON holds it: a moment as text, from microseconds. */
function plain(value: IcebergValue | undefined, field: IcebergField | undefined): unknown {
	if (typeof value === 'bigint' && field?.type === 'timestamptz') return new Date(Number(value / 1_000n)).toISOString()
	return value ?? null
}

function moment(bound: unknown): string | null {
	return typeof bound === 'string' ? showTime(Date.parse(bound)) : null
}
