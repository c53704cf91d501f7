import { sqlake } from 'sqlake'
import { getCurrentSnapshot } from 'sqlake/iceberg'
import { db as schema } from './schema.ts'
import type { Env } from './worker.ts'

/** What one table of the lake holds, as its current snapshot says. */
export interface TableSummary {
	readonly table: string
	readonly snapshots: number
	readonly files: number
	readonly changes: number
	/** Of Parquet. */
	readonly bytes: number
}

/** What every table of the lake holds. */
export async function lakeSummary(env: Env): Promise<TableSummary[]> {
	const { tables } = await sqlake(env, { schema }).catalog.load()
	return [...tables].map(([table, { metadata }]) => {
		const summary: Readonly<Record<string, string>> = getCurrentSnapshot(metadata)?.summary ?? {}
		return {
			table,
			snapshots: metadata.snapshots.length,
			files: Number(summary['total-data-files'] ?? 0),
			changes: Number(summary['total-records'] ?? 0),
			bytes: Number(summary['total-files-size'] ?? 0),
		}
	})
}
