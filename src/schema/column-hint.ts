import { SQLakeError } from '../errors.ts'
import { fold } from './fold.ts'
import type { LakeSchema } from './table-schema.ts'

/**
 * An error about a column that there is not, with the column's name as its hint where the schema has a property of that name:
 * `orders.userId` in SQL is `user_id`. Any other error as it is.
 */
export function withColumnHint(error: unknown, schema: LakeSchema): unknown {
	if (!SQLakeError.is(error)) return error
	const [, qualifier, property] = /no such column: (?:"?(\w+)"?\.)?"?(\w+)"?/.exec(error.message) ?? []
	if (property === undefined) return error
	const tables = [...schema.tables.values()]
	const named = tables.filter(({ name }) => qualifier !== undefined && fold(name) === fold(qualifier))
	const [column] = (named.length > 0 ? named : tables).flatMap((table) =>
		table.columns.filter((each) => each.property === property && each.name !== property),
	)
	if (column === undefined) return error
	const hint = `in SQL the column is "${column.name}": ${property} is its property in the schema`
	return new SQLakeError(error.code, error.message, { cause: error.cause, hint, details: error.details })
}
