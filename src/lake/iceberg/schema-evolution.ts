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

/** What every function here is told of a table beside its current schema. */
export interface EvolutionContext {
	/** Name of the table, for error messages. */
	readonly table: string
	/** Gives the widest type that each field has ever had, of dropped columns too. Asked for only where a schema is not the current one. */
	readonly knownTypes: () => ReadonlyMap<number, IcebergPrimitiveType>
}

/**
 * The schema of a table after an append of files that were written with another schema of the same version. Fields are matched
 * by id. Fields that the table lacks are added, and must be optional: the rows before have no value. A field that the incoming
 * schema lacks stays. A type is promoted where that is allowed, and an incoming file of the narrower type still fits.
 *
 * @returns `current` itself where nothing changes.
 * @throws `SCHEMA_EVOLUTION` for an added field that is required, a required field that the files lack, another type, or
 *   another name for an id or another id for a name.
 */
export function evolveForAppend(current: IcebergSchema, incoming: IcebergSchema, context: EvolutionContext): IcebergSchema {
	const { table } = context
	const known = fieldsById(current)
	const changed = new Map<number, IcebergField>()
	const added: IcebergField[] = []
	assertNamesKeepIds(current, incoming, table)
	for (const field of incoming.fields) {
		const existing = known.get(field.id)
		if (existing === undefined) {
			added.push(addedField(field, context))
		} else {
			if (existing.name !== field.name) {
				throw refused(table, `field ${field.id}: expected the name "${existing.name}", found "${field.name}"`)
			}
			const merged = mergeField(existing, field, context)
			if (merged !== existing) changed.set(field.id, merged)
		}
	}
	assertRequiredArePresent(current, incoming, table)
	if (changed.size === 0 && added.length === 0) return current
	return { ...current, fields: [...current.fields.map((field) => changed.get(field.id) ?? field), ...added] }
}

/**
 * The schema of a table after a migration: the fields of `wanted`, in its order. A field keeps its id under another name; one
 * that `wanted` lacks is dropped, and its id is not given out again. What may never go stays: `kept`. A type only becomes wider,
 * and a field only optional.
 *
 * @param kept Ids of fields that are not the migration's to drop; they keep their place at the front.
 * @throws `SCHEMA_EVOLUTION` for a type that cannot be promoted, an added field that is required, or a required field of `kept`
 *   that `wanted` lacks.
 */
export function evolveToVersion(
	current: IcebergSchema,
	wanted: IcebergSchema,
	kept: (fieldId: number) => boolean,
	context: EvolutionContext,
): IcebergSchema {
	const known = fieldsById(current)
	const wantedIds = new Set(wanted.fields.map((field) => field.id))
	assertRequiredArePresent({ ...current, fields: current.fields.filter(({ id }) => kept(id)) }, wanted, context.table)
	const merged = wanted.fields.map((field) => {
		const existing = known.get(field.id)
		if (existing === undefined) return addedField(field, context)
		const { type, required } = mergeField(existing, field, context)
		return { ...field, type, required }
	})
	const left = current.fields.filter(({ id }) => kept(id) && !wantedIds.has(id))
	const front = merged.findLastIndex(({ id }) => kept(id)) + 1
	const fields = merged.toSpliced(front, 0, ...left)
	return sameFields(fields, current.fields) ? current : { ...current, fields }
}

/**
 * Checks files that were written with an older schema than the table's: every field of theirs must have the type that its id
 * has, or once had. A field that the table has never heard of is ignored by readers: it came and went in between.
 *
 * @param namesOf Names that a field ever had; undefined where names prove nothing.
 * @throws `SCHEMA_EVOLUTION`
 */
export function assertOlderFits(
	current: IcebergSchema,
	incoming: IcebergSchema,
	context: EvolutionContext,
	namesOf?: (fieldId: number) => ReadonlySet<string>,
): void {
	const { table } = context
	const knownTypes = context.knownTypes()
	const present = fieldsById(current)
	for (const { id, name, type } of incoming.fields) {
		const known = knownTypes.get(id)
		// A promotion that came and went too: who reads the table does not see the column.
		const isWider = known !== undefined && !present.has(id) && isTypePromotionAllowed(known, type)
		if (known !== undefined && known !== type && !isWider && !isTypePromotionAllowed(type, known)) {
			throw refused(table, `column "${name}": expected type ${known}, found ${type} in field ${id}`)
		}
		const names = namesOf?.(id)
		if (names === undefined || names.has(name)) continue
		const had = names.size === 0 ? 'no such field' : `the name "${[...names].at(-1)}"`
		throw refused(
			table,
			`column "${name}", field ${id}: expected ${had}, since a later schema is known, found files without a version`,
		)
	}
	assertRequiredArePresent(current, incoming, table)
}

/**
 * Checks that no name moves to another field.
 *
 * @throws `SCHEMA_EVOLUTION`
 */
export function assertNamesKeepIds(current: IcebergSchema, incoming: IcebergSchema, table: string): void {
	const idsByName = new Map(current.fields.map((field) => [field.name, field.id]))
	for (const field of incoming.fields) {
		const holder = idsByName.get(field.name)
		if (holder === undefined || holder === field.id) continue
		throw refused(table, `column "${field.name}": expected field id ${holder}, found ${field.id}`)
	}
}

/** Whether two lists hold equal fields in the same order. */
export function sameFields(a: readonly IcebergField[], b: readonly IcebergField[]): boolean {
	return (
		a.length === b.length &&
		a.every((field, i) => {
			const other = b[i]
			return (
				field === other ||
				(other !== undefined && (['id', 'name', 'type', 'required', 'doc'] as const).every((key) => field[key] === other[key]))
			)
		})
	)
}

function addedField(field: IcebergField, context: EvolutionContext): IcebergField {
	if (field.required) throw refused(context.table, `new column "${field.name}": expected an optional one, found a required one`)
	// A column that was dropped and comes back must fit the values that its files hold.
	return { ...field, type: widestType(field, context.knownTypes().get(field.id), context.table) }
}

function mergeField(current: IcebergField, incoming: IcebergField, context: EvolutionContext): IcebergField {
	const type = widestType(incoming, current.type, context.table)
	const required = current.required && incoming.required
	return type === current.type && required === current.required ? current : { ...current, type, required }
}

function widestType(
	{ id, name, type }: IcebergField,
	known: IcebergPrimitiveType | undefined,
	table: string,
): IcebergPrimitiveType {
	if (known === undefined || known === type || isTypePromotionAllowed(known, type)) return type
	if (isTypePromotionAllowed(type, known)) return known
	throw refused(table, `column "${name}": expected type ${known}, found ${type} in field ${id}`)
}

function assertRequiredArePresent(current: IcebergSchema, incoming: IcebergSchema, table: string): void {
	const incomingIds = new Set(incoming.fields.map((field) => field.id))
	const missing = current.fields.find((field) => field.required && !incomingIds.has(field.id))
	if (missing === undefined) return
	throw refused(table, `column "${missing.name}": expected it in the files, since it is required, found none`)
}

function fieldsById(schema: IcebergSchema): ReadonlyMap<number, IcebergField> {
	return new Map(schema.fields.map((field) => [field.id, field]))
}

function refused(table: string, message: string): SQLakeError {
	return new SQLakeError('SCHEMA_EVOLUTION', `table "${table}": ${message}`, {
		hint: 'Change the schema by a migration: columns keep their field id, and a type may only be widened.',
	})
}
