import { affinityOf } from '../../../src/schema/affinity.ts'
import type { ColumnMode, LakeSchema, LakeType, TableSchema } from '../../../src/schema/table-schema.ts'

const modes = { INTEGER: 'number', NUMERIC: 'numeric', REAL: 'real', TEXT: 'text', BLOB: 'blob' } as const
const lakeTypes = { INTEGER: 'long', NUMERIC: 'double', REAL: 'double', TEXT: 'string', BLOB: 'binary' } as const

/** The description of tables that exist, as `SQLake()` would have it. */
export function schemaOf(sql: SqlStorage, ...names: string[]): LakeSchema {
	const tables = names.map((name): [string, TableSchema] => {
		const columns = [...sql.exec('SELECT name, type, pk, hidden, "notnull" FROM pragma_table_xinfo(?)', name)]
		const key = columns.filter(({ pk }) => pk !== 0).sort((a, b) => Number(a.pk) - Number(b.pk))
		return [
			name,
			{
				name,
				property: name,
				primaryKey: key.map((column) => String(column.name)),
				shardKey: null,
				columns: columns.map((column, index) => {
					const affinity = affinityOf(String(column.type))
					return {
						name: String(column.name),
						property: String(column.name),
						fieldId: 101 + index,
						declaredType: String(column.type),
						affinity,
						mode: modes[affinity] satisfies ColumnMode,
						lakeType: lakeTypes[affinity] satisfies LakeType,
						notNull: column.notnull === 1,
						generated: column.hidden !== 0,
					}
				}),
			},
		]
	})
	return { tables: new Map(tables), storage: 'columns', cdc: true, bucketBinding: 'SQLAKE_BUCKET', variantColumn: '_row' }
}
