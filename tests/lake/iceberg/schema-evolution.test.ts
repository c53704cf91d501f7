import { describe, expect, it } from 'vitest'
import { assertOlderFits, evolveForAppend, isTypePromotionAllowed } from '../../../src/lake/iceberg/schema-evolution.ts'
import type { IcebergField, IcebergPrimitiveType, IcebergSchema } from '../../../src/lake/iceberg/types.ts'
import { schema } from './fixtures.ts'

const edit = (id: number, change: Partial<IcebergField> | null): IcebergSchema => ({
	...schema,
	fields: schema.fields.flatMap((field) => (field.id !== id ? [field] : change === null ? [] : [{ ...field, ...change }])),
})
const evolve = (incoming: IcebergSchema, current = schema) =>
	evolveForAppend(current, incoming, { table: 'orders_changes', knownTypes: () => new Map() })

describe('an append evolves the schema of its table', () => {
	it('not at all when nothing is new, also for files of an older schema', () => {
		expect(evolve(schema)).toBe(schema)
		expect(evolve({ ...schema, fields: schema.fields.slice(0, 4) })).toBe(schema)
	})

	it('by adding optional columns by their id', () => {
		const added: IcebergField = { id: 200, name: 'new', required: false, type: 'string' }
		expect(evolve({ ...schema, fields: [added, ...schema.fields] }).fields).toEqual([...schema.fields, added])
	})

	it('by widening a type, and takes files of the narrower type still', () => {
		const narrow = edit(4, { type: 'int' })
		expect(evolve(schema, narrow).fields[1]?.type).toBe('long')
		expect(evolve(narrow, schema)).toBe(schema)
	})

	it('by making a required column optional, never the other way', () => {
		expect(evolve(edit(4, { required: false })).fields[1]?.required).toBe(false)
		expect(evolve(edit(101, { required: true }))).toBe(schema)
	})

	it('and refuses what would make earlier or later rows unreadable', () => {
		const code = 'SCHEMA_EVOLUTION'
		const refused = (incoming: IcebergSchema, message: RegExp) =>
			expect(() => evolve(incoming)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }))
		refused(edit(101, { type: 'string' }), /"orders_changes": column "amount": expected type double, found string/)
		refused(edit(4, null), /column "_seq": expected it in the files/)
		refused(edit(102, { name: 'title' }), /field 102: expected the name "name", found "title"/)
		refused(edit(102, { id: 300 }), /column "name": expected field id 102, found 300/)
		refused(
			{ ...schema, fields: [...schema.fields, { id: 200, name: 'n', required: true, type: 'long' }] },
			/optional one, found a required/,
		)
	})

	it('never by files of an older schema, whose types must be those that the fields have or had', () => {
		const known = new Map<number, IcebergPrimitiveType>([
			[4, 'long'],
			[300, 'long'],
			[301, 'int'],
		])
		const fits = (id: number, type: IcebergPrimitiveType) => () => {
			const rest = schema.fields.filter((field) => field.id !== id)
			const incoming = { ...schema, fields: [...rest, { id, name: id === 4 ? '_seq' : `c${id}`, required: id === 4, type }] }
			assertOlderFits(schema, incoming, { table: 'orders_changes', knownTypes: () => known })
		}
		const refused = expect.objectContaining({ code: 'SCHEMA_EVOLUTION', message: expect.stringContaining('found') })
		// A field that the table has: as it is, or narrower as it may have been; never wider, which its readers would not expect.
		expect(fits(4, 'long')).not.toThrow()
		expect(fits(4, 'int')).not.toThrow()
		expect(fits(4, 'double')).toThrow(refused)
		expect(fits(4, 'string')).toThrow(refused)
		// A field that it has dropped: a promotion may have come and gone with it.
		expect(fits(300, 'long')).not.toThrow()
		expect(fits(300, 'int')).not.toThrow()
		expect(fits(301, 'long')).not.toThrow()
		expect(fits(301, 'string')).toThrow(refused)
		expect(fits(300, 'string')).toThrow(refused)
		// One that it has never heard of.
		expect(fits(302, 'string')).not.toThrow()
		// A field that it has in a narrower type than the files.
		const narrow = {
			...schema,
			fields: schema.fields.map((field) => (field.id === 4 ? { ...field, type: 'int' as const } : field)),
		}
		const context = { table: 'orders_changes', knownTypes: () => new Map<number, IcebergPrimitiveType>([[4, 'int']]) }
		expect(() => assertOlderFits(narrow, schema, context)).toThrow(refused)
	})

	it('with the promotions that the specification allows for our types', () => {
		expect(isTypePromotionAllowed('int', 'long')).toBe(true)
		expect(isTypePromotionAllowed('float', 'double')).toBe(true)
		expect(isTypePromotionAllowed('long', 'double')).toBe(false)
		expect(isTypePromotionAllowed('long', 'int')).toBe(false)
	})
})
