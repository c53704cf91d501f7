import { describe, expect, it } from 'vitest'
import { encodeIntent } from '../../../src/lake/catalog/commit-intent.ts'
import { LEASE_KEY } from '../../../src/lake/catalog/commit-lease.ts'
import { R2PointerCatalog } from '../../../src/lake/catalog/r2-pointer-catalog.ts'
import { MemoryObjectStore } from '../../../src/lake/storage/memory.ts'
import { contractCommit, contractFile, filesOf, LOCATION } from '../../contract/catalog-fixture.ts'
import { FaultyStore } from '../../contract/faulty-store.ts'

const LEASE_TIME = 300

/** A lake that another isolate has written to, so that nobody else's commit goes without a turn. */
async function sharedLake() {
	const store = new FaultyStore(new MemoryObjectStore(), () => undefined)
	const open = (options: { readonly patience?: number; readonly leaseTime?: number } = {}) =>
		new R2PointerCatalog({ store, location: LOCATION, leaseTime: LEASE_TIME, ...options })
	await open().commit(contractCommit('first', 1, 1))
	const lease = (holder: string) => store.put(LEASE_KEY, new TextEncoder().encode(JSON.stringify({ holder })))
	const intent = (name: string, ...requests: readonly ReturnType<typeof contractCommit>[]) =>
		store.put(`commits/intents/${name}`, encodeIntent(requests))
	return {
		store,
		open,
		lease,
		intent,
		left: async () => (await store.list({ prefix: 'commits/' })).objects.map(({ key }) => key),
	}
}

describe('committers of one lake in several isolates', { timeout: 30_000 }, () => {
	it('take a turn each, which costs a write and leaves nothing behind', async () => {
		const { store, open, left } = await sharedLake()
		await open().commit(contractCommit('a', 1, 1))
		store.calls.length = 0
		const [b, again] = [open(), open()]
		expect(await b.commit(contractCommit('b', 1, 1))).toMatchObject({ status: 'committed', position: { seq: 1 } })
		const puts = store.calls.filter(({ operation }) => operation === 'put').map(({ key }) => key)
		expect(puts.filter((key) => !key.startsWith('metadata/'))).toEqual([LEASE_KEY])
		expect(puts).toHaveLength(8)
		// Whoever has committed last, for the same shard, needs none.
		store.calls.length = 0
		await again.commit(contractCommit('b', 2, 2))
		expect(store.calls.filter(({ key }) => key === LEASE_KEY)).toEqual([])
		// Where others were met there may be more of them, although the last swap was the committer's own.
		await b.commit(contractCommit('b', 3, 3))
		expect(store.calls.filter(({ key }) => key === LEASE_KEY)).not.toEqual([])
		expect(await left()).toEqual([])
	})

	it('take over from one that has died, with what he and others have waited with', async () => {
		const { store, open, lease, intent, left } = await sharedLake()
		await lease('a holder that died')
		await intent('dead', contractCommit('dead', 1, 3), contractCommit('dead', 4, 5))
		await intent('other', contractCommit('other', 1, 1))
		const catalog = open()
		expect(await catalog.commit(contractCommit('a', 1, 1))).toMatchObject({ status: 'committed' })
		expect(await catalog.position('dead')).toMatchObject({ seq: 5 })
		expect(await catalog.position('other')).toMatchObject({ seq: 1 })
		expect((await catalog.load()).version).toBe(2)
		expect(await filesOf(catalog, store, 'users_changes')).toHaveLength(5)
		// What the holder waited with himself he need not read.
		const read = store.calls.filter(({ operation, key }) => operation === 'get' && key.startsWith('commits/intents/'))
		expect(read.map(({ key }) => key).sort()).toEqual(['commits/intents/dead', 'commits/intents/other'])
		expect(await left()).toEqual([])
	})

	it('give the turn to one that waits for nothing else', async () => {
		const { open, lease, intent, left, store } = await sharedLake()
		await lease('a holder that died')
		await intent('evolution')
		await open().commit(contractCommit('a', 1, 1))
		expect(await left()).toEqual(['commits/intents/evolution', LEASE_KEY])
		const passed = JSON.parse(new TextDecoder().decode((await store.get(LEASE_KEY))?.bytes))
		expect(passed).toMatchObject({ holder: 'commits/intents/evolution' })
	})

	it('name the one who waits to be next, where they found the turn free', async () => {
		const { store, open, intent } = await sharedLake()
		await intent('waits', contractCommit('waits', 1, 1))
		await open().commit(contractCommit('a', 1, 1))
		const lease = await store.get(LEASE_KEY)
		expect(JSON.parse(new TextDecoder().decode(lease?.bytes))).toMatchObject({ holder: 'commits/intents/waits' })
	})

	it('pass over one that was named to be next and has died', async () => {
		const { open, lease, intent, left } = await sharedLake()
		await intent('dead', contractCommit('first', 9, 9))
		await lease('commits/intents/dead')
		await open().commit(contractCommit('a', 1, 1))
		expect(await left()).toEqual([])
	})

	it('are not held up by what another waits with and cannot be committed', async () => {
		const { store, open, lease, intent, left } = await sharedLake()
		await lease('a holder that died')
		await store.put('commits/intents/damaged', new TextEncoder().encode('{"requests":'))
		// A gap is refused; bounds that are none of their field's type fail in the middle of the commit.
		await intent('gap', contractCommit('first', 9, 9))
		await intent('evolution')
		const poison = contractCommit('poison', 1, 5, { tables: ['users'] })
		const file = { ...contractFile('users', 'poison', 1, 5), lowerBounds: new Map([[101, 5n]]) }
		await intent('poison', { ...poison, appends: poison.appends.map((append) => ({ ...append, dataFiles: [file] })) })
		const catalog = open()
		expect(await catalog.commit(contractCommit('a', 1, 1))).toMatchObject({ status: 'committed' })
		expect(await catalog.position('poison')).toBeNull()
		expect(await left()).toEqual(
			expect.arrayContaining(['damaged', 'evolution', 'gap', 'poison'].map((name) => `commits/intents/${name}`)),
		)
	})

	it('find that another has committed for them', async () => {
		const { open, lease, store } = await sharedLake()
		await lease('a holder at work')
		const waiting = open({ leaseTime: 20_000 }).commit(contractCommit('a', 1, 1))
		// The holder, which writes to the lake as one that has never heard of turns.
		const holder = open({ leaseTime: 0 })
		while (!(await store.list({ prefix: 'commits/intents/' })).objects.length)
			await new Promise((resolve) => setTimeout(resolve, 5))
		await holder.commit(contractCommit('b', 1, 1))
		expect(await waiting).toMatchObject({ status: 'committed', position: { epoch: 1, seq: 1 }, snapshots: {} })
		expect((await holder.load()).version).toBe(2)
	})

	it('are told to come back where no turn comes in time, and leave no intent', async () => {
		const { open, lease, left } = await sharedLake()
		await lease('a holder at work')
		const catalog = open({ patience: 400, leaseTime: 20_000 })
		await expect(catalog.commit(contractCommit('a', 1, 1))).rejects.toMatchObject({
			code: 'COMMIT_CONFLICT',
			details: { waitedMs: 400 },
			hint: expect.stringContaining('SQLAKE_CATALOG'),
		})
		expect(await left()).toEqual([LEASE_KEY])
	})
})
