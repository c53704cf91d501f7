/**
 * What changed in a table without a trigger having seen it: when it got columns, or when another table took its place.
 *
 * @module
 */
import { fold } from '../schema/fold.ts'
import { quoteIdentifier } from '../schema/quote-identifier.ts'
import { writeRows } from './backfill.ts'
import { RowKind } from './buffer.ts'
import { isVersioned, type Layout, placeIn } from './layouts.ts'
import { balanced } from './query.ts'

/**
 * Which rows the lake may hold other values of than the table has, in SQL, where `row` is the table: those with a value in a
 * column that the lake has not been told of. A column that the lake was told of long ago, before it was dropped, may have any
 * value there, so all rows are. Null where there is no such column.
 *
 * @param own - all layouts of the table
 */
export function staleRows(layout: Layout, previous: Layout, own: readonly Layout[]): string | null {
	// Within a migration a column may be one that only the schema after it describes: it is told of then, and once.
	const isTold = (index: number) => !isVersioned(layout.schema) || layout.fields[index] !== null
	const stale = layout.columns.flatMap(({ name }, index) =>
		isTold(index) && placeIn(previous, layout, index) < 0 ? [{ name, index }] : [],
	)
	if (stale.length === 0) return null
	const older = own.filter(({ id }) => id !== layout.id && id !== previous.id)
	if (stale.some(({ index }) => older.some((past) => placeIn(past, layout, index) >= 0))) return 'TRUE'
	return balanced(
		stale.map(({ name }) => `row.${quoteIdentifier(name)} IS NOT NULL`),
		'OR',
	)
}

/**
 * Captures how a table differs from the one that it takes the place of, both of which are there: rows that are gone are deleted,
 * new ones created, and those that have another value, or one that the lake has not been told of, restated. Rows are told apart by
 * the bytes of their keys, as the lake does. Call it inside a transaction.
 *
 * @param old - the layout of the table that goes
 * @param layout - the layout of the one that stays
 * @param own - all layouts there are
 */
export function captureDifference(sql: SqlStorage, old: Layout, layout: Layout, own: readonly Layout[]): void {
	const [from, to] = [quoteIdentifier(old.table), quoteIdentifier(layout.table)]
	const key = keyPlaces(old, layout)
	if (key === null) {
		writeRows(sql, old, [RowKind.delete], from, 'TRUE')
		writeRows(sql, layout, [RowKind.create], to, 'TRUE')
		return
	}
	/** Whether there is the same row in `other`; its column comes first, because its index is the one to be used. */
	const exists = (table: string, other: Layout, row: Layout, more = '') => {
		const same = key.map((places) => {
			const [a, b] = [other, row].map((side) => quoteIdentifier(side.columns[places[side === old ? 0 : 1]]?.name ?? ''))
			return `other.${a} IS row.${b} AND other.${a} COLLATE BINARY IS row.${b} AND typeof(other.${a}) = typeof(row.${b})`
		})
		return `EXISTS (SELECT 1 FROM ${table} AS other WHERE ${same.join(' AND ')}${more})`
	}
	writeRows(sql, old, [RowKind.delete], from, `NOT ${exists(to, layout, old)}`)
	const changed = changedColumns(old, layout)
	const stale = staleRows(
		layout,
		old,
		own.filter(({ schema }) => fold(schema.name) === fold(layout.schema.name)),
	)
	const differs = changed === null ? 'FALSE' : exists(from, old, layout, ` AND (${changed})`)
	writeRows(
		sql,
		layout,
		[RowKind.before, RowKind.after],
		to,
		`${exists(from, old, layout)} AND (${stale === null ? differs : `${stale} OR ${differs}`})`,
	)
	writeRows(sql, layout, [RowKind.create], to, `NOT ${exists(from, old, layout)}`)
}

/** Where the columns of the primary key are in both layouts; null where the key is not the same. */
function keyPlaces(old: Layout, layout: Layout): (readonly [number, number])[] | null {
	const placeOf = ({ columns, fields, schema }: Layout, name: string) => {
		const field = schema.columns.find((column) => column.name === name)?.fieldId
		const place = field === undefined ? -1 : fields.indexOf(field)
		return place >= 0 ? place : columns.findIndex((column) => fold(column.name) === fold(name))
	}
	const before = new Set(old.schema.primaryKey.map((name) => placeOf(old, name)))
	const places = layout.schema.primaryKey.map((name) => {
		const place = placeOf(layout, name)
		return [placeIn(old, layout, place), place] as const
	})
	const isSame = places.length === before.size && places.every(([place, now]) => now >= 0 && place >= 0 && before.has(place))
	return isSame && places.length > 0 ? places : null
}

/** Tells whether a column that both have has another value, storage class included; null where they have none in common. */
function changedColumns(old: Layout, layout: Layout): string | null {
	const conditions = layout.columns.flatMap(({ name }, index) => {
		const before = old.columns[placeIn(old, layout, index)]
		if (before === undefined) return []
		const [a, b] = [`other.${quoteIdentifier(before.name)}`, `row.${quoteIdentifier(name)}`]
		return [`(${a} COLLATE BINARY IS NOT ${b} OR typeof(${a}) <> typeof(${b}))`]
	})
	return conditions.length === 0 ? null : balanced(conditions, 'OR')
}
