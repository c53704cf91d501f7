import { describe, expect, it } from 'vitest'
import type { ColumnVector, TableChanges } from '../../src/cdc/change-batch.ts'
import { followsKey } from '../../src/delivery/follows-key.ts'
import { TextBytes } from '../../src/schema/sql-value.ts'
import type { Affinity } from '../../src/schema/table-schema.ts'
import { creations, itemsTable } from './table-changes.ts'

function changes(...columns: readonly (readonly [ColumnVector, Affinity])[]): TableChanges {
	const [column] = itemsTable.columns
	if (column === undefined) throw new Error('expected a column')
	const described = columns.map(([, affinity], i) => ({ ...column, name: `c${i}`, affinity }))
	const table = { ...itemsTable, columns: described, shardKey: described.map(({ name }) => name) }
	const { length } = columns[0]?.[0].values ?? []
	return { ...creations(Array.from({ length }, () => 1)), table, row: columns.map(([vector]) => vector) }
}
const texts = (...values: readonly (string | null)[]) => changes([{ kind: 'text', values }, 'TEXT'])
const mixed = (...values: Extract<ColumnVector, { kind: 'mixed' }>['values']) => changes([{ kind: 'mixed', values }, 'TEXT'])

describe('rows follow their key', () => {
	it('where each names the shard, as SQLite prints it under the affinity of the column', () => {
		expect(followsKey(texts('a', 'a', 'a'), 'a')).toBe(true)
		expect(followsKey(changes([{ kind: 'integer', values: [5, 5] }, 'INTEGER']), '5')).toBe(true)
		expect(followsKey(changes([{ kind: 'real', values: [5] }, 'REAL']), '5.0')).toBe(true)
		expect(followsKey(mixed(5n, '5'), '5')).toBe(true)
		const pair = changes([{ kind: 'text', values: ['x/y', 'x/y'] }, 'TEXT'], [{ kind: 'integer', values: [7, 7] }, 'INTEGER'])
		expect(followsKey(pair, '%/x%2Fy/7')).toBe(true)
	})

	it('but not where one names another, wherever it stands', () => {
		for (const values of [
			['b', 'a', 'a'],
			['a', 'b', 'a'],
			['a', 'a', 'b'],
		])
			expect(followsKey(texts(...values), 'a')).toBe(false)
		const pair = changes([{ kind: 'text', values: ['x', 'x'] }, 'TEXT'], [{ kind: 'integer', values: [7, 8] }, 'INTEGER'])
		expect(followsKey(pair, '%/x/7')).toBe(false)
	})

	it('and not where one names none: NULL, the empty text, a BLOB, text that is not UTF-8', () => {
		expect(followsKey(texts('a', null), 'a')).toBe(false)
		expect(followsKey(texts(''), '')).toBe(false)
		expect(followsKey(mixed('a', new TextEncoder().encode('a')), 'a')).toBe(false)
		expect(followsKey(mixed(new TextBytes(new Uint8Array([0xff]))), '\uFFFD')).toBe(false)
	})

	it('of a global table in the one shard that holds such tables', () => {
		const global = { ...texts('a'), table: { ...itemsTable, shardKey: null } }
		expect(followsKey(global, '_global')).toBe(true)
		expect(followsKey(global, 'a')).toBe(false)
	})
})
