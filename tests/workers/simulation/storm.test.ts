import { env } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { drain, expectSame, shardOf } from './harness.ts'
import { lakeOf } from './objects.ts'

it('shards of one isolate that flush at the same time share their commits: each change once, nearly no work in vain', {
	timeout: 120_000,
}, async () => {
	const names = Array.from({ length: 60 }, (_, n) => `shared-${n}`)
	const { store, catalog } = lakeOf('shared-0', env)
	for (let round = 0; round < 2; round++) {
		await Promise.all(
			names.map(async (name, n) => {
				await shardOf(name).write(`INSERT INTO accounts VALUES (${round * 1000 + n}, '${name}', ${n})`)
				await drain(name)
			}),
		)
	}
	const { version, tables } = await catalog.load()
	expect(version).toBeLessThan(names.length / 2)
	expect([...tables.keys()]).toEqual(['accounts_changes'])
	const { objects } = await store.list({ prefix: 'metadata/' })
	expect(objects.filter(({ key }) => key.endsWith('.metadata.json')).length).toBeLessThanOrEqual(1.5 * version)
	for (const name of names.filter((_, n) => n % 10 === 0)) await expectSame(name, name)
	const positions = await Promise.all(names.map((name) => catalog.position(name)))
	expect(positions.map((position) => position?.seq)).toEqual(names.map(() => 2))
})
