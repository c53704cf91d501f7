/**
 * Reading decoded Avro records whose shape another writer decided: every access is checked.
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'
import { type AvroField, type AvroRecordValue, type AvroValue, isAvroRecord } from '../avro/schema.ts'
import type { SnapshotId } from './types.ts'

/** Reads fields of one record, and says which file and field is corrupt. */
export class AvroRecordReader {
	readonly #record: AvroRecordValue
	readonly #name: string

	/** @param name What is read, for error messages, such as the path of a manifest. */
	constructor(value: AvroValue | undefined, name: string) {
		this.#name = name
		if (!isAvroRecord(value)) throw corrupt(name, 'a record', value)
		this.#record = value
	}

	/** @returns undefined for a field that is absent or null. */
	optional(field: string): Exclude<AvroValue, null> | undefined {
		return this.#record[field] ?? undefined
	}

	/** A number that fits a double; null stands for an absent one if a default is given. */
	number(field: string, absent?: number): number {
		const value = this.#record[field] ?? absent
		if (typeof value === 'number') return value
		throw corrupt(`${this.#name}, field ${field}`, 'a number', value)
	}

	optionalNumber(field: string): number | undefined {
		return this.optional(field) === undefined ? undefined : this.number(field)
	}

	optionalId(field: string): SnapshotId | undefined {
		const value = this.optional(field)
		if (value === undefined || typeof value === 'number' || typeof value === 'bigint') return value
		throw corrupt(`${this.#name}, field ${field}`, 'a snapshot id', value)
	}

	string(field: string): string {
		const value = this.#record[field]
		if (typeof value === 'string') return value
		throw corrupt(`${this.#name}, field ${field}`, 'text', value)
	}

	boolean(field: string): boolean {
		const value = this.#record[field]
		if (typeof value === 'boolean') return value
		throw corrupt(`${this.#name}, field ${field}`, 'a boolean', value)
	}

	record(field: string): AvroRecordReader {
		return new AvroRecordReader(this.#record[field], `${this.#name}, field ${field}`)
	}

	/** Items of an array; none where it is absent. */
	array(field: string): readonly AvroValue[] {
		const value = this.#record[field] ?? []
		if (Array.isArray(value)) return value
		throw corrupt(`${this.#name}, field ${field}`, 'an array', value)
	}

	/** A map with int keys, which Avro holds as an array of records of a key and a value (Iceberg specification, appendix A). */
	intMap<T>(field: string, decode: (value: AvroValue, key: number) => T): Map<number, T> {
		const map = new Map<number, T>()
		for (const item of this.array(field)) {
			const key = isAvroRecord(item) ? item.key : undefined
			if (!isAvroRecord(item) || typeof key !== 'number')
				throw corrupt(`${this.#name}, field ${field}`, 'a key that is a number', key)
			map.set(key, decode(item.value ?? null, key))
		}
		return map
	}
}

/**
 * Names fields by their Iceberg field id, so that a file whose writer called them otherwise reads the same. A field without a
 * known id keeps its name.
 */
export function namingByFieldId(names: ReadonlyMap<number, string>): (field: AvroField) => string {
	return (field) => names.get(field['field-id'] ?? -1) ?? field.name
}

/** The error for a file that decodes as Avro and holds something else than it should. */
export function corrupt(name: string, expected: string, found: unknown): SQLakeError {
	const shown = found instanceof Object ? 'another structure' : String(found)
	return new SQLakeError('LAKE_CORRUPT', `${name}: expected ${expected}, found ${shown}`, { details: { file: name } })
}
