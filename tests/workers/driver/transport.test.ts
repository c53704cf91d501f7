import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { DurableObjectTransport, type ShardNamespace } from '../../../src/driver/durable-object-transport.ts'
import type { ExecuteRequest } from '../../../src/driver/transport.ts'

const code = (value: string) => expect.objectContaining({ code: value })
const read = (shard: string): ExecuteRequest => ({
	shard,
	statements: [{ sql: 'SELECT count(*) AS n FROM users', params: [] }],
	readOnly: true,
})
const write = (shard: string): ExecuteRequest => ({
	shard,
	statements: [{ sql: 'INSERT INTO users (id, email) VALUES (?, ?)', params: [crypto.randomUUID(), 'e'] }],
	readOnly: false,
})

/** The real objects, each reset while it works on the first calls. */
function breaking(times: number) {
	const calls = { count: 0 }
	const namespace: ShardNamespace = {
		getByName: (name) => ({
			async sqlakeExecute(request) {
				const stub = env.DRIVER_DO.getByName(name)
				if (calls.count++ >= times) return stub.sqlakeExecute(request)
				const answer = await stub.sqlakeExecute(request)
				await stub.break()
				return answer
			},
		}),
	}
	return { calls, transport: new DurableObjectTransport(namespace) }
}

describe('the transport to Durable Objects', () => {
	it('reaches an object again after it was reset', async () => {
		const transport = new DurableObjectTransport(env.DRIVER_DO)
		await transport.execute(write('t-reset'))
		await env.DRIVER_DO.getByName('t-reset')
			.break()
			.catch(() => {})
		await transport.execute(read('t-reset'))
	})

	it('tries a read again when the object was reset under it', async () => {
		const { calls, transport } = breaking(2)
		const { results } = await transport.execute(read('t-read'))
		expect(results[0]?.rows).toEqual([[0]])
		expect(calls.count).toBe(3)
	})

	it('gives a read up after three attempts', async () => {
		const { calls, transport } = breaking(9)
		await expect(transport.execute(read('t-gone'))).rejects.toThrow(code('SHARD_UNAVAILABLE'))
		expect(calls.count).toBe(3)
	})

	it('never tries a write again, since it may have happened', async () => {
		const { calls, transport } = breaking(1)
		await expect(transport.execute(write('t-write'))).rejects.toMatchObject({
			code: 'SHARD_UNAVAILABLE',
			details: { outcome: 'unknown', attempts: 1 },
			cause: expect.any(Error),
		})
		expect(calls.count).toBe(1)
	})

	it('passes the error of a shard on with its code, hint and details, untried again', async () => {
		const transport = new DurableObjectTransport(env.DRIVER_DO)
		const statements = [{ sql: 'SELECT * FROM nowhere', params: [] }]
		await expect(transport.execute({ shard: 't-e', statements, readOnly: true })).rejects.toMatchObject({
			code: 'QUERY_FAILED',
			message: expect.stringContaining('nowhere'),
			details: { statement: 0 },
		})
		await expect(transport.execute({ ...write('t-e'), readOnly: true })).rejects.toThrow(code('READ_ONLY'))
	})

	it('says what is missing where the class is not sqlake’s', async () => {
		const transport = new DurableObjectTransport(env.PLAIN_DO as never)
		await expect(transport.execute(read('t-plain'))).rejects.toMatchObject({
			code: 'SHARD_UNAVAILABLE',
			hint: expect.stringContaining('SQLakeDO'),
		})
	})

	it.each(['', 'x'.repeat(2_001), '\ud800'])('refuses a name that no object can have', async (shard) => {
		await expect(new DurableObjectTransport(env.DRIVER_DO).execute(read(shard))).rejects.toThrow(code('SHARD_ID_INVALID'))
	})

	it.each(['a/b', '..', '%2F', '👩‍👩‍👧', 'x'.repeat(1_024), 'é'.repeat(512), ' ', "it's", '\n'])(
		'reaches a shard named %j',
		async (shard) => {
			const transport = new DurableObjectTransport(env.DRIVER_DO)
			await transport.execute(write(shard))
			expect((await transport.execute(read(shard))).results[0]?.rows).toEqual([[1]])
		},
	)
})
