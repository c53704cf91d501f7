import { writeFile } from 'node:fs/promises'
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

it('stays with its owner until the last of its deliveries ends, and is free for others from then on', async () => {
	const path = join(await temporaryDirectory(), 'lock')
	const [first, second] = [new FileDeliveryLock(path), new FileDeliveryLock(path)]
	onTestFinished(() => [first, second].forEach((lock) => void lock.close()))
	const order: string[] = []
	const gate = Promise.withResolvers<void>()
	const long = first.hold(async () => {
		await gate.promise
		order.push('the last of the first owner')
	})
	await first.hold(async () => void order.push('another of the first owner'))
	const other = second.hold(async () => void order.push('the second owner'))
	await new Promise((resolve) => setTimeout(resolve, 100))
	gate.resolve()
	await Promise.all([long, other])
	expect(order).toEqual(['another of the first owner', 'the last of the first owner', 'the second owner'])
})

it('is free for others when the work fails', async () => {
	const path = join(await temporaryDirectory(), 'lock')
	const [first, second] = [new FileDeliveryLock(path), new FileDeliveryLock(path)]
	onTestFinished(() => [first, second].forEach((lock) => void lock.close()))
	await expect(first.hold(() => Promise.reject(new Error('boom')))).rejects.toThrow('boom')
	expect(await second.hold(async () => 7)).toBe(7)
})

it('says why it cannot be taken', async () => {
	const lock = new FileDeliveryLock(join(await temporaryDirectory(), 'missing', 'lock'))
	onTestFinished(() => lock.close())
	await expect(lock.hold(async () => 7)).rejects.toThrow(/unable to open/)
})

it('says what is wrong with its file', async () => {
	const path = join(await temporaryDirectory(), 'lock')
	await writeFile(path, 'no database '.repeat(100))
	const lock = new FileDeliveryLock(path)
	onTestFinished(() => lock.close())
	await expect(lock.hold(async () => 7)).rejects.toThrow(/not a database/)
})
