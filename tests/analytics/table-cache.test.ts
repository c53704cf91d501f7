import { describe, expect, it } from 'vitest'
import { TableCache } from '../../src/analytics/engines/wasm/table-cache.ts'
import type { EngineTable } from '../../src/analytics/query-engine.ts'

const table = (
	files: readonly string[],
	columns: readonly number[] = [1],
	cacheKey: string | undefined = 'uuid',
): EngineTable => ({
	name: 't',
	columns: columns.map((id) => ({ id, name: `c${id}`, required: false, type: 'long' })),
	files: files.map((key) => ({ key, sizeInBytes: 1, recordCount: 1 })),
	...(cacheKey === undefined ? {} : { cacheKey }),
})
const loaded = (name: string, bytes: number, columns: readonly number[] = [1]) => ({
	name,
	bytes,
	columns: new Set(columns.map(String)),
})

describe('tables kept between queries', () => {
	it('finds a table for the same files and no more columns', () => {
		const cache = new TableCache(100)
		expect(cache.add(table(['a', 'b'], [1, 2]), loaded('t1', 10, [1, 2]))).toEqual([])
		expect(cache.find(table(['a', 'b'], [2]))?.name).toBe('t1')
		expect(cache.find(table(['a', 'b'], [2, 3]))).toBeUndefined()
		expect(cache.find(table(['a']))).toBeUndefined()
		expect(cache.find(table(['a', 'b'], [2], 'another table'))).toBeUndefined()
	})

	it('drops the least recently used first', () => {
		const cache = new TableCache(100)
		cache.add(table(['a']), loaded('t1', 40))
		cache.add(table(['b']), loaded('t2', 40))
		cache.find(table(['a']))
		expect(cache.add(table(['c']), loaded('t3', 40)).map(({ name }) => name)).toEqual(['t2'])
		expect(cache.clear().map(({ name }) => name)).toEqual(['t1', 't3'])
	})

	it('drops what it replaces, and at once what is too large or may not be kept', () => {
		const cache = new TableCache(100)
		cache.add(table(['a']), loaded('t1', 40))
		expect(cache.add(table(['a'], [1, 2]), loaded('t2', 40, [1, 2])).map(({ name }) => name)).toEqual(['t1'])
		expect(cache.add(table(['b']), loaded('t3', 101)).map(({ name }) => name)).toEqual(['t3'])
		const { cacheKey: _, ...transient } = table(['c'])
		expect(cache.add(transient, loaded('t4', 1)).map(({ name }) => name)).toEqual(['t4'])
	})
})
