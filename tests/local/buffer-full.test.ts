import { describe, expect, it, onTestFinished } from 'vitest'
import { createInMemoryRouter } from '../../src/local/in-memory-router.ts'
import { schema } from '../contract/query-router.ts'

describe('a buffer that is full', { timeout: 60_000 }, () => {
	it.each([
		['changes', { maxChanges: 3 }, 'x'],
		['bytes', { maxBytes: 300_000 }, 'x'.repeat(60_000)],
	])(
		'by %s refuses a write before it runs, reads nothing less, and takes writes again after delivery',
		async (unit, bufferLimits, plan) => {
			const router = createInMemoryRouter({ schema, bufferLimits })
			onTestFinished(() => router.close())
			const sql = router.sql.shard('a')
			const full = expect.objectContaining({ code: 'BUFFER_FULL', details: expect.objectContaining({ unit }) })
			let written = 0
			const write = async () => {
				await sql`INSERT INTO users (id, plan) VALUES (${`u${written}`}, ${plan})`.run()
				written++
			}
			await expect(
				(async () => {
					while (written < 100) await write()
				})(),
			).rejects.toThrow(full)
			const count = () => sql`SELECT count(*) AS n FROM users`.first()
			expect(written).toBeGreaterThan(1)
			expect(await count()).toEqual({ n: written })
			await expect(sql`DELETE FROM users`.run()).rejects.toThrow(full)
			expect(await count()).toEqual({ n: written })
			await router.flush()
			await write()
			expect(await count()).toEqual({ n: written })
			expect(await router.sql.analytics`SELECT count(*) AS n FROM users`.first()).toEqual({ n: written })
		},
	)

	it('stops a batch at the statement that finds it full, and undoes the batch', async () => {
		const router = createInMemoryRouter({ schema, bufferLimits: { maxChanges: 3 } })
		onTestFinished(() => router.close())
		const statements = Array.from({ length: 5 }, (_, index) => ({
			sql: 'INSERT INTO users (id) VALUES (?)',
			params: [`u${index}`],
		}))
		const request = (count: number) => ({ shard: 'a', readOnly: false, statements: statements.slice(0, count) })
		await expect(router.connection.shards.execute(request(5))).rejects.toMatchObject({
			code: 'BUFFER_FULL',
			details: { found: 3 },
		})
		expect(await router.sql.shard('a')`SELECT count(*) AS n FROM users`.first()).toEqual({ n: 0 })
		await router.connection.shards.execute(request(3))
		expect(await router.sql.shard('a')`SELECT count(*) AS n FROM users`.first()).toEqual({ n: 3 })
	})
})
