import { describe, expect, it } from 'vitest'
import { forEachLimited } from '../../src/delivery/for-each-limited.ts'

const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 1))

describe('forEachLimited', () => {
	it('does every item with no more than the limit at once', async () => {
		let running = 0
		let most = 0
		const done: number[] = []
		await forEachLimited([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
			most = Math.max(most, ++running)
			await pause()
			running--
			done.push(item)
		})
		expect(done.toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7])
		expect(most).toBe(3)
	})

	it('begins nothing after a failure and rejects only when all that ran has ended', async () => {
		const begun: number[] = []
		const ended: number[] = []
		const run = forEachLimited([1, 2, 3, 4, 5], 2, async (item) => {
			begun.push(item)
			if (item === 1) throw new Error('first')
			await pause()
			ended.push(item)
		})
		await expect(run).rejects.toThrow('first')
		expect(begun).toEqual([1, 2])
		expect(ended).toEqual([2])
	})
})
