import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { FileDeliveryLock } from '../../src/local/delivery-lock.ts'
import { temporaryDirectory } from './fixture.ts'

it('is held by one owner at a time, who may hold it several times over', async () => {
	const path = join(await temporaryDirectory(), 'lock')
	const [first, second] = [new FileDeliveryLock(path), new FileDeliveryLock(path)]
	onTestFinished(() => [first, second].forEach((lock) => void lock.close()))
	const holding = { first: 0, second: 0 }
	let shared = 0
	const work = (owner: 'first' | 'second') => async () => {
		holding[owner]++
		expect(holding[owner === 'first' ? 'second' : 'first']).toBe(0)
		shared = Math.max(shared, holding[owner])
		await new Promise((resolve) => setTimeout(resolve, 5))
		holding[owner]--
	}
	await Promise.all([
		...Array.from({ length: 5 }, () => first.hold(work('first'))),
		...Array.from({ length: 5 }, () => second.hold(work('second'))),
	])
	expect(shared).toBe(5)
})

it('is free again when the work fails', async () => {
	const lock = new FileDeliveryLock(join(await temporaryDirectory(), 'lock'))
	onTestFinished(() => lock.close())
	await expect(
		lock.hold(async () => {
			throw new Error('boom')
		}),
	).rejects.toThrow('boom')
	expect(await lock.hold(async () => 7)).toBe(7)
})
