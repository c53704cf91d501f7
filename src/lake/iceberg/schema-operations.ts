/**
 * Deliberate changes of a schema, as a migration makes them (Iceberg specification, "Schema Evolution"): columns are known by
 * their field id, so that a name may change and files need no rewriting.
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'
import { highestFieldId, validateSchema } from './schema.ts'
import { isTypePromotionAllowed } from './schema-evolution.ts'
import type { IcebergField, IcebergPrimitiveType, IcebergSchema } from './types.ts'

/** Adds a column. It is optional: the rows that are there have no value. */
export interface AddColumnOperation {
	readonly op: 'addColumn'
	readonly name: string
	readonly type: IcebergPrimitiveType
	readonly doc?: string
	/** One that no column ever had; the next one where absent. */
	readonly fieldId?: number
}

/** One change of a schema; columns by their present name. */
export type SchemaEvolutionOperation =
	| AddColumnOperation
	| { readonly op: 'dropColumn' | 'makeOptional'; readonly name: string }
	| { readonly op: 'renameColumn'; readonly name: string; readonly to: string }
	| { readonly op: 'promoteColumn'; readonly name: string; readonly type: IcebergPrimitiveType }
	/** `after` is null for the first place. */
	| { readonly op: 'moveColumn'; readonly name: string; readonly after: string | null }

/**
 * Applies changes to a schema, in order.
 *
 * @param lastColumnId The table's `last-column-id`: ids of dropped columns are not given out again.
 * @returns the new schema, under the old one's schema id: `setCurrentSchema` gives it its own.
 * @throws `SCHEMA_EVOLUTION` for an unknown column, a name or an id that is taken, a type that cannot be widened, or a change of
 *   an identifier column that would leave it without a value.
 * @example
 * ```ts
 * const next = evolveSchema(schema, [{ op: 'addColumn', name: 'note', type: 'string' }], metadata['last-column-id'])
 * ```
 */
export function evolveSchema(
	schema: IcebergSchema,
	operations: readonly SchemaEvolutionOperation[],
	lastColumnId: number = highestFieldId(schema),
): IcebergSchema {
	let lastId = lastColumnId
	let fields = [...schema.fields]
	const identifiers = new Set(schema['identifier-field-ids'])
	for (const operation of operations) {
		if (operation.op === 'addColumn') {
			const { name, type, doc, fieldId = lastId + 1 } = operation
			fields.push({ id: fieldId, name, required: false, type, ...(doc === undefined ? {} : { doc }) })
			lastId = Math.max(lastId, fieldId)
			continue
		}
		const column = columnNamed(fields, operation.name)
		if (operation.op === 'moveColumn') {
			fields = moved(fields, column, operation.after)
			continue
		}
		if (identifiers.has(column.id) && (operation.op === 'dropColumn' || operation.op === 'makeOptional')) {
			throw refused(`column "${column.name}": it identifies rows, and cannot be dropped or made optional`)
		}
		const changed = changeColumn(column, operation)
		fields = fields.flatMap((field) => (field !== column ? [field] : changed === null ? [] : [changed]))
	}
	const evolved = { ...schema, fields }
	validateSchema(evolved)
	return evolved
}

/**
 * Gathers changes of a schema one by one.
 *
 * @example
 * ```ts
 * const next = new SchemaEvolutionBuilder(schema).addColumn('note', 'string').renameColumn('mail', 'email').build()
 * ```
 */
export class SchemaEvolutionBuilder {
	readonly #schema: IcebergSchema
	readonly #lastColumnId: number
	readonly #operations: SchemaEvolutionOperation[] = []

	/** @param lastColumnId The table's `last-column-id`; the highest id of the schema where absent. */
	constructor(schema: IcebergSchema, lastColumnId: number = highestFieldId(schema)) {
		this.#schema = schema
		this.#lastColumnId = lastColumnId
	}

	/** The changes so far. */
	get operations(): readonly SchemaEvolutionOperation[] {
		return this.#operations
	}

	addColumn(name: string, type: IcebergPrimitiveType, options: { readonly doc?: string; readonly fieldId?: number } = {}): this {
		return this.#add({ op: 'addColumn', name, type, ...options })
	}

	dropColumn(name: string): this {
		return this.#add({ op: 'dropColumn', name })
	}

	renameColumn(name: string, to: string): this {
		return this.#add({ op: 'renameColumn', name, to })
	}

	promoteColumn(name: string, type: IcebergPrimitiveType): this {
		return this.#add({ op: 'promoteColumn', name, type })
	}

	makeOptional(name: string): this {
		return this.#add({ op: 'makeOptional', name })
	}

	/** @param after The column that it comes to stand behind; null for the first place. */
	moveColumn(name: string, after: string | null): this {
		return this.#add({ op: 'moveColumn', name, after })
	}

	/** @throws `SCHEMA_EVOLUTION` as {@link evolveSchema} does. */
	build(): IcebergSchema {
		return evolveSchema(this.#schema, this.#operations, this.#lastColumnId)
	}

	#add(operation: SchemaEvolutionOperation): this {
		this.#operations.push(operation)
		return this
	}
}

/** @returns null where the column is gone. */
function changeColumn(
	column: IcebergField,
	operation: Exclude<SchemaEvolutionOperation, { readonly op: 'addColumn' | 'moveColumn' }>,
): IcebergField | null {
	switch (operation.op) {
		case 'dropColumn':
			return null
		case 'makeOptional':
			return { ...column, required: false }
		case 'renameColumn':
			return { ...column, name: operation.to }
		case 'promoteColumn':
			if (operation.type === column.type || isTypePromotionAllowed(column.type, operation.type)) {
				return { ...column, type: operation.type }
			}
			throw refused(`column "${column.name}": expected a type that ${column.type} can be widened to, found ${operation.type}`)
	}
}

function moved(fields: readonly IcebergField[], column: IcebergField, after: string | null): IcebergField[] {
	const others = fields.filter((field) => field !== column)
	const place = after === null ? 0 : others.indexOf(columnNamed(others, after)) + 1
	return others.toSpliced(place, 0, column)
}

function columnNamed(fields: readonly IcebergField[], name: string): IcebergField {
	const column = fields.find((field) => field.name === name)
	if (column !== undefined) return column
	throw refused(`expected a column "${name}", found ${fields.map((field) => field.name).join(', ')}`)
}

function refused(message: string): SQLakeError {
	return new SQLakeError('SCHEMA_EVOLUTION', `Iceberg schema: ${message}`)
}
