import { describe, expect, test } from 'vitest'
import { brief, inShard } from './support.ts'

describe('capture', () => {
	test('records inserts, updates and deletes with both images, in order', () =>
		inShard('CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)', ['t'], ({ sql, take }) => {
			sql.exec("INSERT INTO t VALUES (1, 'a'), (2, 'b')")
			sql.exec("UPDATE t SET name = 'c' WHERE id = 1")
			sql.exec('DELETE FROM t WHERE id = 2')
			expect(brief(take())).toEqual([
				['c', 't', null, { id: 1, name: 'a' }],
				['c', 't', null, { id: 2, name: 'b' }],
				['u', 't', { id: 1, name: 'a' }, { id: 1, name: 'c' }],
				['d', 't', { id: 2, name: 'b' }, null],
			])
			expect(take()).toEqual([])
		}))
})
