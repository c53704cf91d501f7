import { expect, it } from 'vitest'
import { suggest } from '../../src/schema/suggest.ts'

it('suggests the nearest name, and none that is far', () => {
	const names = ['shard', 'storage', 'r2Bucket', 'id']
	expect(suggest('shards', names)).toBe('shard')
	expect(suggest('R2BUCKET', names)).toBe('r2Bucket')
	expect(suggest('storge', names)).toBe('storage')
	expect(suggest('ids', names)).toBe('id')
	expect(suggest('encryption', names)).toBeUndefined()
	expect(suggest('x', [])).toBeUndefined()
})
