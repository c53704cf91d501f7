import { describe, expect, it } from 'vitest'
import { createIcebergCommitter, IcebergCommitter } from '../../../src/lake/catalog/iceberg-committer.ts'
import { POINTER_KEY } from '../../../src/lake/catalog/lake-pointer.ts'
import { R2PointerCatalog } from '../../../src/lake/catalog/r2-pointer-catalog.ts'
import { MemoryObjectStore } from '../../../src/lake/storage/memory.ts'
import { contractCommit, filesOf, LOCATION } from '../../contract/catalog-fixture.ts'
import { FaultyStore } from '../../contract/faulty-store.ts'

describe('IcebergCommitter', () => {
	it('finds out what became of a commit whose answer was lost, and commits it once', async () => {
		const store = new MemoryObjectStore()
		let puts = 0
		// The pointer is made; its first swap takes effect, its answer is lost, and the pointer cannot be read for a while.
		const faulty = new FaultyStore(store, (call) => {
			if (call.key !== POINTER_KEY) return undefined
			if (call.operation === 'put') return ++puts === 2 ? 'after' : undefined
			return puts === 2 && faulty.calls.filter(({ key }) => key === POINTER_KEY).length < 6 ? 'before' : undefined
		})
		const catalog = new R2PointerCatalog({ store: faulty, location: LOCATION })
		const committer = new IcebergCommitter(catalog, { attempts: 3, baseDelay: 1, maxDelay: 2 })
		expect(await committer.commit(contractCommit('a', 1, 5))).toMatchObject({ status: 'duplicate', position: { seq: 5 } })
		expect(puts).toBe(2)
		expect(await filesOf(catalog, store, 'users_changes')).toHaveLength(1)
	})

	it('does not repeat what is refused', async () => {
		const committer = createIcebergCommitter({
			catalog: new R2PointerCatalog({ store: new MemoryObjectStore(), location: LOCATION }),
		})
		await expect(committer.commit(contractCommit('a', 7, 9))).rejects.toMatchObject({ code: 'COMMIT_SEQUENCE' })
		expect(await committer.commit(contractCommit('a', 1, 5))).toMatchObject({ status: 'committed' })
	})
})
