import { SQLakeError } from '../../errors.ts'
import type { IcebergField, IcebergPrimitiveType, IcebergSchema } from './types.ts'

/** Property of a table that says which field a column without field ids is (specification, "Column Projection"). */
export const NAME_MAPPING_PROPERTY = 'schema.name-mapping.default'

const primitiveTypes: ReadonlySet<string> = new Set<IcebergPrimitiveType>([
	'boolean',
	'int',
	'long',
	'float',
	'double',
	'string',
	'binary',
	'date',
	'timestamp',
	'timestamptz',
	'uuid',
])

/**
 * Checks a schema that is about to be written.
 *
 * @throws `SCHEMA_EVOLUTION` for a field id or a name that occurs twice, an id that is no positive 32-bit integer, an unknown
 *   type, or an identifier field that is missing or optional.
 */
export function validateSchema(schema: IcebergSchema): void {
	const ids = new Map<number, IcebergField>()
	const names = new Set<string>()
	for (const field of schema.fields) {
		if (!(Number.isInteger(field.id) && field.id > 0 && field.id < 2 ** 31)) {
			throw invalid(`field "${field.name}": expected a positive id of 32 bits, found ${field.id}`)
		}
		const other = ids.get(field.id)
		if (other !== undefined) throw invalid(`field id ${field.id}: expected one field, found "${other.name}" and "${field.name}"`)
		if (field.name === '' || names.has(field.name))
			throw invalid(`field ${field.id}: expected a name of its own, found "${field.name}"`)
		if (!primitiveTypes.has(field.type)) {
			throw invalid(`field "${field.name}": expected a primitive type, found ${JSON.stringify(field.type)}`)
		}
		ids.set(field.id, field)
		names.add(field.name)
	}
	for (const id of schema['identifier-field-ids'] ?? []) {
		if (ids.get(id)?.required !== true) throw invalid(`identifier field ${id}: expected a required field of the schema`)
	}
}

/** The highest field id of a schema; 0 where it has no field. */
export function highestFieldId(schema: IcebergSchema): number {
	return schema.fields.reduce((highest, field) => Math.max(highest, field.id), 0)
}

/** An entry of a name mapping (specification, "Name Mapping Serialization"). */
interface MappedField {
	readonly 'field-id'?: number
	readonly names?: readonly string[]
}

/**
 * The value of {@link NAME_MAPPING_PROPERTY}: each field by its name, and by the names it had before, unless another field has
 * come to have them.
 *
 * @param earlier The value of the schema before.
 */
export function nameMappingOf(schema: IcebergSchema, earlier = '[]'): string {
	const taken = new Set(schema.fields.map((field) => field.name))
	const before = new Map(mappedFields(earlier).map((entry) => [entry['field-id'], entry.names ?? []]))
	const namesOf = ({ id, name }: IcebergField) => {
		const old = (before.get(id) ?? []).filter((other) => !taken.has(other))
		for (const other of old) taken.add(other)
		return [name, ...old]
	}
	return JSON.stringify(schema.fields.map((field) => ({ 'field-id': field.id, names: namesOf(field) })))
}

/** A mapping that does not decode is another engine's mistake; it is written anew. */
function mappedFields(text: string): readonly MappedField[] {
	try {
		const mapping: unknown = JSON.parse(text)
		return Array.isArray(mapping) ? mapping : []
	} catch {
		return []
	}
}

function invalid(message: string): SQLakeError {
	return new SQLakeError('SCHEMA_EVOLUTION', `Iceberg schema: ${message}`)
}
