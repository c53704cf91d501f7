/**
 * What was renamed between two schemas, and how drizzle-kit's snapshots tell of it.
 *
 * @module
 */
import { mapValues, type Snapshot, type SnapshotRenames, type SnapshotTable } from '../../local/statements/snapshot.ts'

/** What was renamed between two schemas. */
export interface Renames {
	/** The old name of a table to its new one. */
	readonly tables: ReadonlyMap<string, string>
	/** By the new name of a table: the old name of a column to its new one. */
	readonly columns: ReadonlyMap<string, ReadonlyMap<string, string>>
}

/** Nothing was renamed. */
export const NO_RENAMES: Renames = { tables: new Map(), columns: new Map() }

/** What drizzle-kit writes of renames into a snapshot. */
export function renamesToMeta({ tables, columns }: Renames): SnapshotRenames & { readonly schemas: object } {
	return {
		schemas: {},
		tables: Object.fromEntries(Array.from(tables, ([from, to]) => [`"${from}"`, `"${to}"`])),
		columns: Object.fromEntries(
			Array.from(columns, ([table, renamed]) =>
				Array.from(renamed, ([from, to]) => [`"${table}"."${from}"`, `"${table}"."${to}"`]),
			).flat(),
		),
	}
}

/** What a snapshot tells of renames. */
export function renamesFromMeta({ _meta }: Snapshot): Renames {
	const columns = new Map<string, Map<string, string>>()
	for (const [from, to] of Object.entries(_meta.columns)) {
		const [old, now] = [namesOf(from), namesOf(to)]
		const [table, column] = now.slice(-2)
		const former = old.at(-1)
		if (table === undefined || column === undefined || former === undefined) continue
		const renamed = columns.get(table) ?? new Map<string, string>()
		columns.set(table, renamed.set(former, column))
	}
	return {
		tables: new Map(Object.entries(_meta.tables).map(([from, to]) => [namesOf(from).at(-1) ?? from, namesOf(to).at(-1) ?? to])),
		columns,
	}
}

/** The names in `"table"."column"`. */
function namesOf(quoted: string): string[] {
	return quoted.slice(1, -1).split('"."')
}

/** The renames that undo renames. */
export function reverseRenames({ tables, columns }: Renames): Renames {
	const formerName = new Map(Array.from(tables, ([from, to]) => [to, from]))
	return {
		tables: formerName,
		columns: new Map(Array.from(columns, ([table, renamed]) => [formerName.get(table) ?? table, reverse(renamed)])),
	}
}

function reverse(map: ReadonlyMap<string, string>): Map<string, string> {
	return new Map(Array.from(map, ([from, to]) => [to, from]))
}

/** Columns of each table that were renamed, the new name to the old one, as field ids are assigned by. */
export function formerColumnNames({ columns }: Renames): ReadonlyMap<string, ReadonlyMap<string, string>> {
	return new Map(Array.from(columns, ([table, renamed]) => [table, reverse(renamed)]))
}

/** The tables of a snapshot under other names, without a look at what refers to them. */
export function renameKeys(tables: Snapshot['tables'], { tables: renamed }: Renames): Record<string, SnapshotTable> {
	return Object.fromEntries(
		Object.values(mapValues(tables, (table) => ({ ...table, name: renamed.get(table.name) ?? table.name }))).map((table) => [
			table.name,
			table,
		]),
	)
}
