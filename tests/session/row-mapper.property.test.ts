import { Column, getTableName, is, type SQL, sql } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { rowMapper } from '../../src/session/row-mapper.ts'

const users = sqliteTable('users', { id: integer('id'), at: integer('at', { mode: 'timestamp' }), name: text('name') })
const pets = sqliteTable('pets', {
	id: integer('id'),
	tame: integer('tame', { mode: 'boolean' }),
	tags: text('tags', { mode: 'json' }),
})

interface Selected {
	readonly path: readonly string[]
	readonly field: Column | SQL
}

/** A column, or an expression, with a value that the database may give for it. */
const field = fc.oneof(
	fc
		.constantFrom(users.id, users.name, users.at, pets.id, pets.tame)
		.chain((column) => fc.tuple(fc.constant(column), fc.constantFrom<unknown>(null, null, 0, 1, 7))),
	fc.tuple(fc.constant(pets.tags), fc.constantFrom<unknown>(null, '{"a":1}')),
	fc.tuple(fc.constant(sql<number>`count(*)`), fc.constantFrom<unknown>(null, 3)),
)
const path = fc.oneof(fc.constantFrom(['a'], ['b']), fc.constantFrom(['one', 'x'], ['one', 'y'], ['two', 'x'], ['two', 'y']))

/** The row by the paths of its fields, each decoded by its column. */
function decoded(columns: readonly Selected[], row: readonly unknown[]): Record<string, unknown> {
	const result: Record<string, unknown> = {}
	for (const [
		i,
		{
			path: [first = '', second],
			field,
		},
	] of columns.entries()) {
		const value = row[i] === null || !is(field, Column) ? row[i] : field.mapFromDriverValue(row[i])
		if (second === undefined) result[first] = value
		else result[first] = { ...(result[first] as object | undefined), [second]: value }
	}
	return result
}

/** Objects of which all columns are NULL and of one table that the join may miss. */
function missing(columns: readonly Selected[], row: readonly unknown[], notNull: Readonly<Record<string, boolean>>): string[] {
	const objects = Map.groupBy(
		columns.flatMap(({ path: [object = '', ...rest], field }, i) =>
			rest.length === 1 && is(field, Column) ? [{ object, table: getTableName(field.table), value: row[i] }] : [],
		),
		({ object }) => object,
	)
	return [...objects].flatMap(([object, found]) => {
		const [table = '', ...others] = new Set(found.map((each) => each.table))
		return others.length === 0 && notNull[table] !== true && found.every(({ value }) => value === null) ? [object] : []
	})
}

// Drizzle itself takes an object for missing whose first column alone is NULL.
test('an object of an outer join is null where all of its columns are, and are of one table that the join may miss', () => {
	const selection = fc.uniqueArray(fc.tuple(path, field), { minLength: 1, maxLength: 6, selector: ([each]) => each.join('.') })
	const joins = fc.record({ users: fc.boolean(), pets: fc.boolean() })
	fc.assert(
		fc.property(selection, fc.option(joins, { nil: undefined }), (fields, notNull) => {
			const columns = fields.map(([each, [column]]) => ({ path: each, field: column }))
			const row = fields.map(([, [, value]]) => value)
			const expected = decoded(columns, row)
			if (notNull !== undefined) for (const object of missing(columns, row, notNull)) expected[object] = null
			expect(rowMapper(columns as never)(row as never, notNull)).toEqual(expected)
		}),
		{ numRuns: 3000 },
	)
})
