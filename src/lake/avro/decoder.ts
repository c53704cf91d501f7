import { SQLakeError } from '../../errors.ts'
import type { AvroBinaryReader } from './binary-reader.ts'
import {
	type AvroField,
	type AvroPrimitive,
	type AvroSchema,
	type AvroValue,
	fullName,
	isAvroPrimitive,
	isAvroUnion,
} from './schema.ts'

/** Reads one value of a schema. */
export type AvroDecoder = (reader: AvroBinaryReader) => AvroValue

/** Under which name a record's field is kept; undefined leaves it out. */
export type FieldNaming = (field: AvroField) => string | undefined

/** A block of values that take no bytes could claim any count; no file of ours holds more. */
const MAX_EMPTY_ITEMS = 1_000_000

/**
 * Turns a schema into a function that decodes its values. Closures, not generated code: workerd refuses `new Function`.
 *
 * @param naming Resolves the writer's fields to the reader's, such as by Iceberg's field ids. By name where absent.
 * @throws `LAKE_CORRUPT` if the schema is malformed or names an unknown type.
 */
export function compileAvroDecoder(schema: AvroSchema, naming: FieldNaming = (field) => field.name): AvroDecoder {
	return compile(schema, new Map(), '', naming)
}

const primitiveDecoders: Readonly<Record<AvroPrimitive, AvroDecoder>> = {
	null: () => null,
	boolean: (reader) => reader.readBoolean(),
	int: (reader) => reader.readInt(),
	long: (reader) => reader.readLong(),
	float: (reader) => reader.readFloat(),
	double: (reader) => reader.readDouble(),
	bytes: (reader) => reader.readBytes(),
	string: (reader) => reader.readString(),
}

function compile(schema: AvroSchema, named: Map<string, AvroDecoder>, namespace: string, naming: FieldNaming): AvroDecoder {
	if (typeof schema === 'string') {
		if (isAvroPrimitive(schema)) return primitiveDecoders[schema]
		const name = fullName(schema, namespace)
		// Looked up when it is used: a type may contain itself.
		if (!named.has(name)) throw malformed(`the type "${schema}" is not defined`)
		return (reader) => (named.get(name) as AvroDecoder)(reader)
	}
	if (isAvroUnion(schema)) {
		const branches = schema.map((branch) => compile(branch, named, namespace, naming))
		return (reader) => {
			const index = reader.readSize('the index of a union')
			const branch = branches[index]
			if (branch === undefined) throw reader.corrupt(`a union index below ${branches.length}`, String(index))
			return branch(reader)
		}
	}
	switch (schema.type) {
		case 'record': {
			const space = schema.namespace ?? namespace
			named.set(fullName(schema.name, space), (reader) => decode(reader))
			const fields = schema.fields.map((field) => {
				const name = naming(field)
				// The one legal Avro name that is not a plain property.
				if (name === '__proto__') throw malformed('a field is named "__proto__"')
				return { name, decode: compile(field.type, named, space, naming) }
			})
			const decode: AvroDecoder = (reader) => {
				const record: Record<string, AvroValue> = {}
				for (const field of fields) {
					const value = field.decode(reader)
					if (field.name !== undefined) record[field.name] = value
				}
				return record
			}
			return decode
		}
		case 'array': {
			const item = compile(schema.items, named, namespace, naming)
			return (reader) => {
				const items: AvroValue[] = []
				for (let count = readBlockCount(reader); count > 0; count = readBlockCount(reader)) {
					for (let i = 0; i < count; i++) items.push(item(reader))
				}
				return items
			}
		}
		case 'map': {
			const value = compile(schema.values, named, namespace, naming)
			return (reader) => {
				const map = new Map<string, AvroValue>()
				for (let count = readBlockCount(reader); count > 0; count = readBlockCount(reader)) {
					for (let i = 0; i < count; i++) map.set(reader.readString(), value(reader))
				}
				return map
			}
		}
		case 'fixed': {
			const { size } = schema
			const decode: AvroDecoder = (reader) => reader.readFixed(size)
			named.set(fullName(schema.name, schema.namespace ?? namespace), decode)
			return decode
		}
		case 'enum': {
			const { symbols } = schema
			const decode: AvroDecoder = (reader) => {
				const index = reader.readSize('the index of a symbol')
				const symbol = symbols[index]
				if (symbol === undefined) throw reader.corrupt(`a symbol index below ${symbols.length}`, String(index))
				return symbol
			}
			named.set(fullName(schema.name, schema.namespace ?? namespace), decode)
			return decode
		}
		default:
			if (typeof schema.type === 'string' && isAvroPrimitive(schema.type)) return primitiveDecoders[schema.type]
			throw malformed(`found the type ${JSON.stringify(schema)}`)
	}
}

/** Items come in blocks; a negative count is followed by the block's size in bytes ("Arrays" and "Maps"). */
function readBlockCount(reader: AvroBinaryReader): number {
	const count = reader.readLong()
	if (typeof count === 'bigint') throw reader.corrupt('the count of a block', String(count))
	if (count < 0) reader.readSize('the size of a block')
	const items = Math.abs(count)
	if (items > Math.max(reader.remaining, MAX_EMPTY_ITEMS)) {
		throw reader.corrupt('a block within the file', `${items} items in ${reader.remaining} bytes`)
	}
	return items
}

function malformed(found: string): SQLakeError {
	return new SQLakeError('LAKE_CORRUPT', `Avro schema: expected a schema of the specification, ${found}`)
}
