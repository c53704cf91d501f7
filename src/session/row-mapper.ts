/**
 * From rows of SQLite values to the objects that Drizzle promises.
 *
 * @module
 */
import { Column, getTableName, SQL, Subquery } from 'drizzle-orm'
import type { SelectedFieldsOrdered } from 'drizzle-orm/sqlite-core'
import type { WireValue } from '../driver/transport.ts'
import { isEntity } from './entity.ts'

interface Field {
	readonly path: readonly string[]
	readonly decode: (value: unknown) => unknown
	/** The table whose absence in an outer join makes the object null; undefined where the field says nothing of it. */
	readonly nullableTable: string | undefined
}

/** Maps one row; the argument tells which tables are always present, as Drizzle's select builder knows. */
export type RowMapper = (row: readonly WireValue[], notNull: Readonly<Record<string, boolean>> | undefined) => unknown

const mappers = new WeakMap<SelectedFieldsOrdered, RowMapper>()

/** The mapper of a selection, made once for each array. */
export function rowMapper(selection: SelectedFieldsOrdered): RowMapper {
	let mapper = mappers.get(selection)
	if (mapper === undefined) {
		mapper = makeMapper(selection)
		mappers.set(selection, mapper)
	}
	return mapper
}

/**
 * Makes the mapper of a selection. Decoders are looked up once; the rules for outer joins are Drizzle's: an object of a
 * selection becomes null where all its columns are NULL and come from one table that the join may miss.
 */
function makeMapper(selection: SelectedFieldsOrdered): RowMapper {
	const fields = selection.map(({ path, field }): Field => {
		return {
			path,
			decode: decoderOf(field),
			nullableTable: isEntity(field, Column) && path.length === 2 ? getTableName(field.table) : undefined,
		}
	})
	if (fields.every(({ path }) => path.length === 1)) return flatMapper(fields)
	return (row, notNull) => {
		const result: Record<string, unknown> = {}
		const absent = new Map<string, string | null>()
		fields.forEach(({ path, decode, nullableTable }, index) => {
			const raw = row[index] ?? null
			const value = raw === null ? null : decode(raw)
			assign(result, path, value)
			const [objectName = ''] = path
			if (nullableTable === undefined) return
			const known = absent.get(objectName)
			if (known === undefined) absent.set(objectName, value === null ? nullableTable : null)
			else if (known !== nullableTable || value !== null) absent.set(objectName, null)
		})
		if (notNull !== undefined) {
			for (const [objectName, table] of absent) if (table !== null && !notNull[table]) result[objectName] = null
		}
		return result
	}
}

function flatMapper(fields: readonly Field[]): RowMapper {
	return (row) => {
		const result: Record<string, unknown> = {}
		for (const [index, { path, decode }] of fields.entries()) {
			const raw = row[index] ?? null
			result[path[0] ?? ''] = raw === null ? null : decode(raw)
		}
		return result
	}
}

function assign(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
	let node = target
	for (const part of path.slice(0, -1)) {
		const next = node[part]
		node = node[part] = typeof next === 'object' && next !== null ? (next as Record<string, unknown>) : {}
	}
	node[path.at(-1) ?? ''] = value
}

function decoderOf(field: SelectedFieldsOrdered[number]['field'] | Subquery): (value: unknown) => unknown {
	if (isEntity(field, Column)) return (value) => field.mapFromDriverValue(value)
	// `decoder` is internal to Drizzle: mapWith() sets it.
	const decoder: unknown = Reflect.get(
		isEntity(field, SQL) ? field : isEntity(field, Subquery) ? field._.sql : field.sql,
		'decoder',
	)
	if (typeof decoder === 'object' && decoder !== null && 'mapFromDriverValue' in decoder) {
		const { mapFromDriverValue } = decoder
		if (typeof mapFromDriverValue === 'function') return (value) => mapFromDriverValue.call(decoder, value)
	}
	return (value) => value
}
