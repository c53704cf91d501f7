import { affinityOf } from '../schema/affinity.ts'
import { lakeTypeOf, modeOfAffinity } from '../schema/column-type.ts'
import { fold } from '../schema/fold.ts'
import type { ColumnSchema, LakeSchema, TableSchema } from '../schema/table-schema.ts'
import type { Migration } from './manifest.ts'
import { type ScriptColumn, type ScriptTable, type ScriptTables, scriptHistory } from './script-tables.ts'

/**
 * The schema of an object that has applied the first of migrations that came without a manifest. Their SQL says which columns there
 * are, and which is which; the code says how they are read.
 *
 * @param lake - the schema of the code. Tables that the migrations never make are taken from it as they are.
 */
export function schemaOfScripts(migrations: readonly Migration[], lake: LakeSchema, appliedCount: number): LakeSchema {
	const history = scriptHistory(migrations)
	const last = history?.states.at(-1)
	const present = history?.states[Math.min(appliedCount, migrations.length)]
	if (!history || last === undefined || present === undefined) return lake
	const tables = new Map<string, TableSchema>()
	for (const [name, table] of lake.tables) {
		const found = present.get(fold(name)) ?? formerOf(last.get(fold(name)), present)
		if (found !== undefined) {
			const described = describe(found, last.get(fold(name)), table)
			tables.set(described.name, described)
		} else if (!history.lastFieldIds.has(fold(name))) tables.set(name, table)
	}
	return { ...lake, tables }
}

/** What a table was before it was renamed. */
function formerOf(table: ScriptTable | undefined, present: ScriptTables): ScriptTable | undefined {
	return table && [...present.values()].find(({ identity }) => identity === table.identity)
}

/** A table as migrations have it. They know no modes, no properties and no shard key: those are the code's. */
function describe(table: ScriptTable, last: ScriptTable | undefined, code: TableSchema): TableSchema {
	const inCode = ({ identity }: ScriptColumn) => {
		const name = last?.columns.find((column) => column.identity === identity)?.name
		return code.columns.find((column) => name !== undefined && fold(column.name) === fold(name))
	}
	const columns = table.columns.map((column): ColumnSchema => {
		const { name, fieldId, declaredType, notNull, generated } = column
		const [affinity, known] = [affinityOf(declaredType), inCode(column)]
		if (known?.affinity === affinity) return { ...known, name: fold(known.name) === fold(name) ? known.name : name, fieldId }
		const mode = modeOfAffinity(affinity)
		return {
			name,
			property: name,
			fieldId,
			declaredType,
			affinity,
			mode,
			lakeType: lakeTypeOf(mode, affinity),
			notNull,
			generated,
		}
	})
	const nameNow = (name: string) =>
		table.columns.find((column) => {
			const known = inCode(column)
			return known !== undefined && fold(known.name) === fold(name)
		})?.name ?? name
	return {
		...code,
		name: fold(code.name) === fold(table.name) ? code.name : table.name,
		columns,
		primaryKey: table.primaryKey,
		shardKey: code.shardKey?.map(nameNow) ?? null,
		version: table.version,
	}
}
