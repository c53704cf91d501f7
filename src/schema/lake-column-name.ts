/** The columns that the lake adds to a table of changes, the row's text where storage is not 'columns' aside. */
const addedColumns = ['_op', '_shard', '_epoch', '_seq', '_ts', '_rescued', '_row']

/** The partition fields share the name space of the columns (Iceberg specification, "Partitioning"). */
const partitionFields = ['_shard_bucket', '_ts_day']

/** What the name of a before image begins with. */
const beforePrefix = '_before_'

/** Every name that the lake adds to a table's columns, for messages. */
export const lakeColumnNames: readonly string[] = [...addedColumns, ...partitionFields, `${beforePrefix}<column>`]

/** Tells whether a column of this name would collide with one that the lake adds. Case does not count, as in SQL. */
export function isLakeColumnName(name: string): boolean {
	const folded = name.toLowerCase()
	return addedColumns.includes(folded) || partitionFields.includes(folded) || folded.startsWith(beforePrefix)
}
