import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256Hex } from '../../src/schema/sha256.ts'
import { encodeShardPath } from '../../src/schema/shard-path.ts'

const parameters = { numRuns: 2_000 }

/** Names that are hostile to paths, short and long, ordinary ones among them. */
const hostile = fc
	.array(
		fc.oneof(
			fc.constantFrom('/', '..', '.', '%', '%2F', '~', '\\', '\0', ' ', '*', "'", '(', '😀', 'é', '=', '-', '_', 'a'),
			fc.string({ unit: 'binary' }),
		),
		{
			minLength: 1,
			maxLength: 40,
		},
	)
	.map((parts) => parts.join(''))
const shard = fc
	.oneof(
		hostile,
		fc.tuple(hostile, fc.integer({ min: 1, max: 400 })).map(([text, times]) => text.repeat(times)),
	)
	.filter((text) => text !== '')

describe('encodeShardPath', () => {
	it.each([
		['user-123', 'user-123'],
		['A_z-09', 'A_z-09'],
		['a/b', 'a%2Fb'],
		['..', '%2E%2E'],
		['100%', '100%25'],
		['~', '%7E'],
		["!*'()", '%21%2A%27%28%29'],
		['é', '%C3%A9'],
		['😀', '%F0%9F%98%80'],
		[' \0', '%20%00'],
	])('writes %j as %s', (name, path) => {
		expect(encodeShardPath(name)).toBe(path)
	})

	it('keeps 512 bytes whole and hashes 513, never cutting an escape', () => {
		expect(encodeShardPath('a'.repeat(512))).toBe('a'.repeat(512))
		expect(encodeShardPath('a'.repeat(513))).toBe(`${'a'.repeat(200)}~${sha256Hex('a'.repeat(513))}`)
		for (const prefix of ['', 'a', 'aa']) {
			const [kept = ''] = encodeShardPath(`${prefix}${'é'.repeat(500)}`).split('~')
			expect(decodeURIComponent(kept.replace(/%C3$/, ''))).toMatch(/^a*é+$/)
			expect(kept).not.toMatch(/%.?$/)
		}
	})

	it('is safe as a path segment and bounded, for any name', () => {
		fc.assert(
			fc.property(shard, (name) => {
				const path = encodeShardPath(name)
				expect(path).toMatch(/^(?:[A-Za-z0-9_-]|%[0-9A-F]{2})+(?:~[0-9a-f]{64})?$/)
				expect(path.length).toBeLessThanOrEqual(512)
			}),
			parameters,
		)
	})

	it('reads back where it is not hashed, so that different names have different paths', () => {
		fc.assert(
			fc.property(shard, (name) => {
				const path = encodeShardPath(name)
				if (path.includes('~')) expect(path.endsWith(`~${createHash('sha256').update(name).digest('hex')}`)).toBe(true)
				else expect(decodeURIComponent(path)).toBe(name)
			}),
			parameters,
		)
	})

	it('tells apart long names that differ in one character anywhere', () => {
		fc.assert(
			fc.property(fc.integer({ min: 0, max: 1_999 }), fc.constantFrom('b', '😀', '/'), (position, other) => {
				const name = 'a'.repeat(2_000)
				expect(encodeShardPath(name.slice(0, position) + other + name.slice(position + 1))).not.toBe(encodeShardPath(name))
			}),
			{ ...parameters, numRuns: 200 },
		)
	})

	it.each(['', '\ud800', 'a\udc00b', '\udc00\ud800'])('refuses %j', (name) => {
		expect(() => encodeShardPath(name)).toThrow(expect.objectContaining({ code: 'SHARD_ID_INVALID' }))
	})
})

describe('sha256Hex', () => {
	it('agrees with the implementation of Node, for texts and bytes of any length', () => {
		fc.assert(
			fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.string({ unit: 'grapheme', maxLength: 300 })), (input) => {
				expect(sha256Hex(input)).toBe(createHash('sha256').update(input).digest('hex'))
			}),
			{ ...parameters, numRuns: 500 },
		)
	})
})
