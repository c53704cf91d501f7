import fc from 'fast-check'
import { expect, it } from 'vitest'
import { shardFileName } from '../../src/local/shard-file-name.ts'

it('is readable for plain names', () => {
	expect(shardFileName('user-1')).toBe('user-1.sqlite')
	expect(shardFileName('Ann')).toBe('%41nn.sqlite')
	expect(shardFileName('../é')).toBe('%2E%2E%2F%C3%A9.sqlite')
})

it('differs for different shards even where case does not count, and fits every file system', () => {
	const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 }).filter((text) => text.isWellFormed())
	fc.assert(
		fc.property(name, name, (a, b) => {
			const [first, second] = [shardFileName(a), shardFileName(b)]
			expect(first.toLowerCase() === second.toLowerCase()).toBe(a === b)
			expect(first.length).toBeLessThanOrEqual(240)
			expect(first).toMatch(/^[\w%~-]+\.sqlite$/)
			expect(shardFileName(a.toUpperCase()).toLowerCase() === first.toLowerCase()).toBe(a.toUpperCase() === a)
		}),
		{ numRuns: 300 },
	)
})

it('refuses what is no name', () => {
	for (const shard of ['', '\uD800']) {
		expect(() => shardFileName(shard)).toThrow(expect.objectContaining({ code: 'SHARD_ID_INVALID' }))
	}
})
