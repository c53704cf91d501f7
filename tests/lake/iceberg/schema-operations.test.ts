import { describe, expect, it } from 'vitest'
import { evolveSchema, SchemaEvolutionBuilder } from '../../../src/lake/iceberg/schema-operations.ts'
import type { IcebergSchema } from '../../../src/lake/iceberg/types.ts'

const schema: IcebergSchema = {
	type: 'struct',
	'schema-id': 3,
	'identifier-field-ids': [1],
	fields: [
		{ id: 1, name: 'id', required: true, type: 'long' },
		{ id: 2, name: 'mail', required: false, type: 'string' },
		{ id: 3, name: 'age', required: true, type: 'int' },
	],
}
const shown = (evolved: IcebergSchema) =>
	evolved.fields.map((field) => `${field.id} ${field.name} ${field.type}${field.required ? '!' : ''}`)

describe('a schema evolves', () => {
	it('by adding, dropping, renaming, widening and moving columns, each keeping its field id', () => {
		const evolved = new SchemaEvolutionBuilder(schema)
			.addColumn('note', 'string', { doc: 'free text' })
			.renameColumn('mail', 'email')
			.promoteColumn('age', 'long')
			.makeOptional('age')
			.moveColumn('note', 'id')
			.moveColumn('age', null)
			.build()
		expect(shown(evolved)).toEqual(['3 age long', '1 id long!', '4 note string', '2 email string'])
		expect(shown(evolveSchema(schema, [{ op: 'dropColumn', name: 'mail' }]))).toEqual(['1 id long!', '3 age int!'])
		expect(shown(schema)).toHaveLength(3)
	})

	it('without giving the id of a dropped column out again', () => {
		const dropped = evolveSchema(schema, [{ op: 'dropColumn', name: 'age' }])
		expect(shown(evolveSchema(dropped, [{ op: 'addColumn', name: 'age', type: 'string' }], 3)).at(-1)).toBe('4 age string')
	})

	it('and refuses what would lose rows or confuse columns', () => {
		const refused = (message: RegExp, ...operations: Parameters<typeof evolveSchema>[1]) =>
			expect(() => evolveSchema(schema, operations)).toThrow(
				expect.objectContaining({ code: 'SCHEMA_EVOLUTION', message: expect.stringMatching(message) }),
			)
		refused(/expected a column "nope", found id, mail, age/, { op: 'dropColumn', name: 'nope' })
		refused(/"id": it identifies rows/, { op: 'dropColumn', name: 'id' })
		refused(/"mail": expected a type that string can be widened to, found long/, {
			op: 'promoteColumn',
			name: 'mail',
			type: 'long',
		})
		refused(/name of its own, found "id"/, { op: 'renameColumn', name: 'mail', to: 'id' })
		refused(/expected one field, found "mail" and "x"/, { op: 'addColumn', name: 'x', type: 'long', fieldId: 2 })
	})
})
