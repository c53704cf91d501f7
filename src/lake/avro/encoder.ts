import { SQLakeError } from '../../errors.ts'
import type { AvroBinaryWriter } from './binary-writer.ts'
import {
	type AvroPrimitive,
	type AvroRecordValue,
	type AvroSchema,
	type AvroValue,
	fullName,
	isAvroPrimitive,
	isAvroRecord,
	isAvroUnion,
} from './schema.ts'

/** Writes one value of a schema. */
export type AvroEncoder = (writer: AvroBinaryWriter, value: AvroValue | undefined) => void

const MIN_LONG = -(2n ** 63n)
const MAX_LONG = 2n ** 63n - 1n

/**
 * Turns a schema into a function that encodes values. An absent field is written as null where its type allows that; in a union
 * the first branch that fits is taken.
 *
 * @throws `INTERNAL` for a value that does not fit its schema: what is encoded is made by sqlake.
 */
export function compileAvroEncoder(schema: AvroSchema): AvroEncoder {
	return compile(schema, new Map(), '').encode
}

/** An encoder, and whether a value is one of its type. */
interface Compiled {
	readonly encode: AvroEncoder
	readonly fits: (value: AvroValue | undefined) => boolean
}

const isInt = (value: unknown) => typeof value === 'number' && value === (value | 0)
const isLong = (value: unknown) =>
	typeof value === 'bigint' ? value >= MIN_LONG && value <= MAX_LONG : Number.isSafeInteger(value)

const primitiveEncoders: Readonly<Record<AvroPrimitive, Compiled>> = {
	null: leaf(
		'null',
		(value) => value === null || value === undefined,
		() => {},
	),
	boolean: leaf(
		'boolean',
		(value) => typeof value === 'boolean',
		(writer, value) => writer.writeByte(value === true ? 1 : 0),
	),
	int: leaf('int', isInt, (writer, value) => writer.writeLong(value as number)),
	long: leaf('long', isLong, (writer, value) => writer.writeLong(value as number | bigint)),
	float: leaf(
		'float',
		(value) => typeof value === 'number',
		(writer, value) => writer.writeFloat(value as number),
	),
	double: leaf(
		'double',
		(value) => typeof value === 'number',
		(writer, value) => writer.writeDouble(value as number),
	),
	bytes: leaf(
		'bytes',
		(value) => value instanceof Uint8Array,
		(writer, value) => writer.writeBytes(value as Uint8Array),
	),
	string: leaf(
		'string',
		(value) => typeof value === 'string',
		(writer, value) => writer.writeString(value as string),
	),
}

function compile(schema: AvroSchema, named: Map<string, Compiled>, namespace: string): Compiled {
	if (typeof schema === 'string') {
		if (isAvroPrimitive(schema)) return primitiveEncoders[schema]
		const name = fullName(schema, namespace)
		const lookUp = () => {
			const compiled = named.get(name)
			if (compiled === undefined) throw misfit(`the type "${schema}"`, undefined)
			return compiled
		}
		return { encode: (writer, value) => lookUp().encode(writer, value), fits: (value) => lookUp().fits(value) }
	}
	if (isAvroUnion(schema)) {
		const branches = schema.map((branch) => compile(branch, named, namespace))
		return {
			fits: (value) => branches.some((branch) => branch.fits(value)),
			encode: (writer, value) => {
				const index = branches.findIndex((branch) => branch.fits(value))
				const branch = branches[index]
				if (branch === undefined) throw misfit(`a branch of ${JSON.stringify(schema)}`, value)
				writer.writeLong(index)
				branch.encode(writer, value)
			},
		}
	}
	switch (schema.type) {
		case 'record': {
			const space = schema.namespace ?? namespace
			const fields: { readonly name: string; readonly encode: AvroEncoder }[] = []
			const compiled = leaf(`record ${schema.name}`, isAvroRecord, (writer, value) => {
				const record = value as AvroRecordValue
				for (const field of fields) field.encode(writer, record[field.name])
			})
			named.set(fullName(schema.name, space), compiled)
			for (const field of schema.fields) fields.push({ name: field.name, encode: compile(field.type, named, space).encode })
			return compiled
		}
		case 'array': {
			const item = compile(schema.items, named, namespace).encode
			return leaf('array', Array.isArray, (writer, value) => {
				const items = value as readonly AvroValue[]
				if (items.length > 0) writer.writeLong(items.length)
				for (const each of items) item(writer, each)
				writer.writeByte(0)
			})
		}
		case 'map': {
			const encode = compile(schema.values, named, namespace).encode
			return leaf(
				'map',
				(value) => value instanceof Map,
				(writer, value) => {
					const map = value as ReadonlyMap<string, AvroValue>
					if (map.size > 0) writer.writeLong(map.size)
					for (const [key, each] of map) {
						writer.writeString(key)
						encode(writer, each)
					}
					writer.writeByte(0)
				},
			)
		}
		case 'fixed': {
			const fits = (value: unknown) => value instanceof Uint8Array && value.length === schema.size
			const compiled = leaf(`fixed of ${schema.size} bytes`, fits, (writer, value) => writer.writeFixed(value as Uint8Array))
			named.set(fullName(schema.name, schema.namespace ?? namespace), compiled)
			return compiled
		}
		case 'enum': {
			const fits = (value: unknown) => typeof value === 'string' && schema.symbols.includes(value)
			const compiled = leaf(`enum ${schema.name}`, fits, (writer, value) =>
				writer.writeLong(schema.symbols.indexOf(value as string)),
			)
			named.set(fullName(schema.name, schema.namespace ?? namespace), compiled)
			return compiled
		}
		default:
			if (typeof schema.type === 'string' && isAvroPrimitive(schema.type)) return primitiveEncoders[schema.type]
			throw misfit('a schema of the specification', JSON.stringify(schema))
	}
}

/** An encoder that refuses what does not fit before it writes anything of it. */
function leaf(expected: string, fits: (value: AvroValue | undefined) => boolean, encode: AvroEncoder): Compiled {
	return {
		fits,
		encode: (writer, value) => {
			if (!fits(value)) throw misfit(expected, value)
			encode(writer, value)
		},
	}
}

function misfit(expected: string, found: AvroValue | undefined): SQLakeError {
	return new SQLakeError(
		'INTERNAL',
		`Avro: expected ${expected}, found ${typeof found === 'object' ? 'an object' : String(found)}`,
	)
}
