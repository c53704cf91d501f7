/**
 * Avro schemas as they stand in a file (Avro 1.11 specification, "Schema Declaration"), with the attributes that Iceberg adds
 * (Iceberg specification, appendix A: `field-id`, `element-id`, arrays of key and value records as maps).
 *
 * @module
 */

/** Types without a schema of their own. */
export type AvroPrimitive = 'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'bytes' | 'string'

export interface AvroField {
	readonly name: string
	readonly type: AvroSchema
	readonly doc?: string
	readonly default?: unknown
	readonly 'field-id'?: number
}

export interface AvroRecordSchema {
	readonly type: 'record'
	readonly name: string
	readonly namespace?: string
	readonly fields: readonly AvroField[]
}

export interface AvroArraySchema {
	readonly type: 'array'
	readonly items: AvroSchema
	/** `map` where the items are records of a key and a value. */
	readonly logicalType?: string
	readonly 'element-id'?: number
}

export interface AvroMapSchema {
	readonly type: 'map'
	readonly values: AvroSchema
}

export interface AvroFixedSchema {
	readonly type: 'fixed'
	readonly name: string
	readonly namespace?: string
	/** Bytes. */
	readonly size: number
	readonly logicalType?: string
}

export interface AvroEnumSchema {
	readonly type: 'enum'
	readonly name: string
	readonly namespace?: string
	readonly symbols: readonly string[]
}

/** A primitive with attributes, such as a logical type. */
export interface AvroAnnotatedSchema {
	readonly type: AvroPrimitive
	readonly logicalType?: string
}

/** A string is a primitive or names a type that was defined before. An array is a union. */
export type AvroSchema =
	| string
	| readonly AvroSchema[]
	| AvroRecordSchema
	| AvroArraySchema
	| AvroMapSchema
	| AvroFixedSchema
	| AvroEnumSchema
	| AvroAnnotatedSchema

/**
 * A decoded value. A long is a number where that is exact, else a bigint; a map is a Map; logical types are left as their
 * underlying type.
 */
export type AvroValue =
	| null
	| boolean
	| number
	| bigint
	| string
	| Uint8Array
	| readonly AvroValue[]
	| ReadonlyMap<string, AvroValue>
	| AvroRecordValue

/** A decoded record, by field name. */
export interface AvroRecordValue {
	readonly [field: string]: AvroValue
}

const primitives: ReadonlySet<string> = new Set<AvroPrimitive>([
	'null',
	'boolean',
	'int',
	'long',
	'float',
	'double',
	'bytes',
	'string',
])

/** Tells whether a name is that of a primitive type. */
export function isAvroPrimitive(name: string): name is AvroPrimitive {
	return primitives.has(name)
}

/** Tells a union from the other schemas. */
export function isAvroUnion(schema: AvroSchema): schema is readonly AvroSchema[] {
	return Array.isArray(schema)
}

/** Tells a record from the other values. */
export function isAvroRecord(value: AvroValue | undefined): value is AvroRecordValue {
	return (
		typeof value === 'object' &&
		value !== null &&
		!Array.isArray(value) &&
		!(value instanceof Uint8Array) &&
		!(value instanceof Map)
	)
}

/** The full name of a named type (Avro specification, "Names"). */
export function fullName(name: string, namespace: string): string {
	return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`
}
