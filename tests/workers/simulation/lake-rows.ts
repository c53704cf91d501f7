import { parquetReadObjects } from 'hyparquet'
import type { Catalog } from '../../../src/lake/catalog/catalog.ts'
import { planTableScan } from '../../../src/lake/catalog/table-scan.ts'
import { lakeLocationOf, objectKeyOf } from '../../../src/lake/lake-path.ts'
import type { ObjectStore } from '../../../src/lake/storage/object-store.ts'

import { encodeShardPath } from '../../../src/schema/shard-path.ts'

/** A row of a change table, as a reader that knows nothing of sqlake finds it. */
export type LakeRow = Readonly<Record<string, unknown>> & {
	readonly _table: string
	readonly _op: string
	readonly _shard: string
	readonly _epoch: bigint
	readonly _seq: bigint
	readonly _ts: Date
}

/** All rows of a shard in the change tables of the catalog's current snapshots, in the shard's own order. */
export async function lakeRows(store: ObjectStore, catalog: Catalog, shard: string): Promise<LakeRow[]> {
	const rows: LakeRow[] = []
	for (const [name, table] of (await catalog.load()).tables) {
		const { files } = await planTableScan({ store, table })
		if (new Set(files.map((file) => file.filePath)).size < files.length) throw new Error(`${name} lists a file twice`)
		for (const { filePath, recordCount, fileSizeInBytes } of files) {
			if (!filePath.includes(`/_shard=${encodeShardPath(shard)}/`)) continue
			const object = await store.get(objectKeyOf(lakeLocationOf(table.metadata), filePath))
			if (object === null) throw new Error(`${filePath} is listed and missing`)
			if (object.size !== fileSizeInBytes) throw new Error(`${filePath} has another size than its manifest says`)
			const { buffer, byteOffset, byteLength } = object.bytes
			const file = buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer
			const found = await parquetReadObjects({ file, utf8: false })
			if (found.length !== recordCount) throw new Error(`${filePath} has another row count than its manifest says`)
			rows.push(...found.map((row) => ({ ...row, _table: name.replace(/_changes$/, '') }) as LakeRow))
		}
	}
	return rows.sort((a, b) => Number(a._epoch - b._epoch) || Number(a._seq - b._seq))
}
