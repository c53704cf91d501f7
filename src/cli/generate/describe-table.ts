import type { SnapshotColumn, SnapshotTable } from '../../local/statements/snapshot.ts'
import { affinityOf } from '../../schema/affinity.ts'
import { lakeTypeOf, modeOfAffinity } from '../../schema/column-type.ts'
import type { ColumnSchema, TableSchema } from '../../schema/table-schema.ts'

/**
 * A captured table as a snapshot has it. A snapshot knows no modes, no properties and no shard key: they are taken from the other
 * descriptions of the table, the first that has a column of that name and type.
 *
 * @param others - of the same table, the code's first
 */
export function describeTable(table: SnapshotTable, others: readonly TableSchema[]): TableSchema {
	const keys = Object.values(table.compositePrimaryKeys)[0]?.columns
	const primary = Object.values(table.columns).filter(({ primaryKey }) => primaryKey)
	return {
		name: table.name,
		property: others[0]?.property ?? table.name,
		columns: Object.values(table.columns).map((column) => describeColumn(column, others)),
		primaryKey: keys ?? primary.map(({ name }) => name),
		shardKey: others.find(({ shardKey }) => shardKey?.every((name) => table.columns[name] !== undefined))?.shardKey ?? null,
	}
}

function describeColumn(column: SnapshotColumn, others: readonly TableSchema[]): ColumnSchema {
	const affinity = affinityOf(column.type)
	const known = others
		.flatMap(({ columns }) => columns)
		.find(({ name, declaredType }) => name === column.name && declaredType === column.type)
	const mode = known?.mode ?? modeOfAffinity(affinity)
	return {
		name: column.name,
		property: known?.property ?? column.name,
		fieldId: 0,
		declaredType: column.type,
		affinity,
		mode,
		lakeType: lakeTypeOf(mode, affinity),
		notNull: column.notNull,
		generated: column.generated !== undefined,
	}
}
