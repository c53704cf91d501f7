import type { LakeSchema, TableSchema } from '../../../src/schema/table-schema.ts'
import { type SampleKind, sampleLake, sampleTable } from '../../lake/parquet/sample.ts'

/** A column of a version: its field id, its name and its kind. */
export type VersionColumn = readonly [fieldId: number, name: string, kind: SampleKind]

/** A table as a version of the manifest has it; the key is its first column. Version 0: no manifest tells. */
export function tableAt(version: number, columns: readonly VersionColumn[], name = 'users'): TableSchema {
	const { version: _, ...table } = {
		...sampleTable(Object.fromEntries(columns.map(([, column, kind]) => [column, kind])), name),
		version,
	}
	const withIds = { ...table, columns: table.columns.map((column, i) => ({ ...column, fieldId: columns[i]?.[0] ?? 0 })) }
	return version === 0 ? withIds : { ...withIds, version }
}

/** A lake with the tables. */
export function lakeWith(...tables: readonly TableSchema[]): LakeSchema {
	const [first] = tables
	if (first === undefined) throw new Error('expected a table')
	return { ...sampleLake(first), tables: new Map(tables.map((table) => [table.name, table])) }
}

/** The same tables to code that was not given the manifest: field ids follow the order of the columns. */
export function withoutManifest(lake: LakeSchema): LakeSchema {
	const forget = ({ version: _, ...table }: TableSchema): TableSchema => ({
		...table,
		columns: table.columns.map((column, i) => ({ ...column, fieldId: 101 + i })),
	})
	return { ...lake, tables: new Map([...lake.tables].map(([name, table]) => [name, forget(table)])) }
}
