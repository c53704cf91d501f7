import { describe, expect, it } from 'vitest'
import { computeShardId } from '../../src/router/compute-shard-id.ts'
import { routeFromStructure, routeInsertRows } from '../../src/router/structure.ts'
import { schema } from './fixture.ts'

function table(name: string) {
	const found = schema.tables.get(name)
	if (found === undefined) throw new Error(name)
	return found
}

const users = { table: table('users'), alias: 'u' }
const orders = { table: table('orders'), alias: 'o' }
const id = { alias: 'u', column: 'id' }
const userId = { alias: 'o', column: 'user_id' }

describe('routeFromStructure', () => {
	it('pins by a value, through equal columns', () => {
		const conjuncts = [
			{ left: userId, right: id },
			{ column: id, values: ['a'] },
		]
		expect(routeFromStructure({ tables: [users, orders], conjuncts, write: false })).toMatchObject({ kind: 'shard', shard: 'a' })
	})

	it('names every shard of a list', () => {
		expect(
			routeFromStructure({ tables: [users], conjuncts: [{ column: id, values: ['a', 'b', 'a'] }], write: true }),
		).toMatchObject({
			kind: 'shards',
			shards: ['a', 'b'],
			write: true,
		})
	})

	it('claims nothing without a pin, and none for an empty list or NULL', () => {
		expect(routeFromStructure({ tables: [users], conjuncts: [], write: false }).kind).toBe('scatter')
		expect(routeFromStructure({ tables: [users], conjuncts: [{ column: id, values: [] }], write: false }).kind).toBe('none')
		const crossed = { tables: [users, orders], conjuncts: [{ column: id, values: [null] }], write: false }
		expect(routeFromStructure(crossed).kind).toBe('none')
	})

	it('claims nothing for a bigint in a text column, which is compared as a number', () => {
		expect(routeFromStructure({ tables: [users], conjuncts: [{ column: id, values: [5n] }], write: false }).kind).toBe('scatter')
	})
})

describe('routeInsertRows', () => {
	it('tells the shard of each row', () => {
		expect(routeInsertRows(table('users'), [['a'], ['b'], ['a']])).toMatchObject({ kind: 'shards', rows: ['a', 'b', 'a'] })
		expect(routeInsertRows(table('users'), [['a'], ['a']])).toMatchObject({ kind: 'shard', shard: 'a' })
		expect(routeInsertRows(table('plans'), [[], []])).toMatchObject({ kind: 'shard', shard: '_global' })
	})

	it('refuses NULL and names the table', () => {
		expect(() => routeInsertRows(table('users'), [['a'], [null]])).toThrow(
			expect.objectContaining({ code: 'ROUTE_SHARD_KEY_NULL', message: expect.stringContaining('"users"') }),
		)
	})
})

describe('computeShardId', () => {
	it.each([
		['users', 'a', 'a'],
		['USERS', 'a', 'a'],
		['users', 5, '5.0'],
		['users', 5n, '5'],
		['sensors', 5, '5'],
		['sensors', '05', '5'],
		['scales', 5n, '5.0'],
		['visits', ['a/b', 5], '%/a%2Fb/5'],
		['plans', 'x', '_global'],
	] as const)('%s %s is in %s', (name, key, expected) => expect(computeShardId(schema, name, key)).toBe(expected))

	it('refuses an unknown table', () => {
		expect(() => computeShardId(schema, 'nothing', 'a')).toThrow(expect.objectContaining({ code: 'ROUTE_UNKNOWN_TABLE' }))
	})
})
