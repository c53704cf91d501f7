/**
 * How a table's schema follows what is appended to it (Iceberg specification, "Schema Evolution").
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'
import type { IcebergField, IcebergPrimitiveType, IcebergSchema } from './types.ts'

/**
 * Tells whether a column may change its type without its files being rewritten: int to long, float to double.
 *
 * @example
 * ```ts
 * isTypePromotionAllowed('int', 'long') // true
 * isTypePromotionAllowed('long', 'int') // false
 * ```
 */
export function isTypePromotionAllowed(from: IcebergPrimitiveType, to: IcebergPrimitiveType): boolean {
	return (from === 'int' && to === 'long') || (from === 'float' && to === 'double')
}

/**
 * The schema of a table after an append of files that were written with another schema. Fields are matched by id. Fields that
 * the table lacks are added, and must be optional: the rows before have no value. A field that the incoming schema lacks stays.
 * A type is promoted where that is allowed, and an incoming file of the narrower type still fits.
 *
 * @param table Name of the table, for error messages.
 * @returns `current` itself where nothing changes.
 * @throws `SCHEMA_EVOLUTION` for an added field that is required, a required field that the files lack, another type, or
 *   another name for an id or another id for a name.
 */
export function evolveForAppend(current: IcebergSchema, incoming: IcebergSchema, table: string): IcebergSchema {
	const known = new Map(current.fields.map((field) => [field.id, field]))
	const idsByName = new Map(current.fields.map((field) => [field.name, field.id]))
	const changed = new Map<number, IcebergField>()
	const added: IcebergField[] = []
	for (const field of incoming.fields) {
		const holder = idsByName.get(field.name)
		if (holder !== undefined && holder !== field.id) {
			throw refused(table, `column "${field.name}": expected field id ${holder}, found ${field.id}`)
		}
		const existing = known.get(field.id)
		if (existing === undefined) {
			if (field.required) throw refused(table, `new column "${field.name}": expected an optional one, found a required one`)
			added.push(field)
		} else {
			const merged = mergeField(existing, field, table)
			if (merged !== existing) changed.set(field.id, merged)
		}
	}
	const incomingIds = new Set(incoming.fields.map((field) => field.id))
	const missing = current.fields.find((field) => field.required && !incomingIds.has(field.id))
	if (missing !== undefined)
		throw refused(table, `column "${missing.name}": expected it in the files, since it is required, found none`)
	if (changed.size === 0 && added.length === 0) return current
	return { ...current, fields: [...current.fields.map((field) => changed.get(field.id) ?? field), ...added] }
}

function mergeField(current: IcebergField, incoming: IcebergField, table: string): IcebergField {
	if (current.name !== incoming.name) {
		throw refused(table, `field ${current.id}: expected the name "${current.name}", found "${incoming.name}"`)
	}
	const { type } = incoming
	if (type !== current.type && !isTypePromotionAllowed(current.type, type) && !isTypePromotionAllowed(type, current.type)) {
		throw refused(table, `column "${current.name}": expected type ${current.type}, found ${type}`)
	}
	const promoted = isTypePromotionAllowed(current.type, type) ? type : current.type
	const required = current.required && incoming.required
	return promoted === current.type && required === current.required ? current : { ...current, type: promoted, required }
}

function refused(table: string, message: string): SQLakeError {
	return new SQLakeError('SCHEMA_EVOLUTION', `table "${table}": ${message}`, {
		hint: 'Change the schema by a migration: columns keep their field id, and a type may only be widened.',
	})
}
