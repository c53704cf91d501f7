import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Catalog } from '../../src/lake/catalog/catalog.ts'
import type { ObjectStore } from '../../src/lake/storage/object-store.ts'
import { anyDamage, damageObject, outcomeOf, place } from '../support/damage.ts'
import { type CatalogHarness, contractCommit, filesOf } from './catalog-fixture.ts'
import { FaultyStore } from './faulty-store.ts'

/** Part of the catalog contract: no damage to a metadata file is ever taken for the lake. */
export function catalogDamageContract(
	fresh: () => Promise<CatalogHarness & { readonly catalog: Catalog }>,
	contract: { readonly faultSeeds: number },
): void {
	it('answers as before or names the file, whatever becomes of a metadata file, and commits nothing on top of it', {
		timeout: 30_000,
	}, async () => {
		const lake = await fresh()
		await lake.catalog.commit(contractCommit('a', 1, 10))
		await lake.catalog.commit(contractCommit('b', 1, 5))
		const open = () => lake.open(lake.store)
		const expected = await answersOf(await open(), lake.store)
		const keys = (await lake.store.list({ prefix: 'metadata/' })).objects.map(({ key }) => key)
		let found = 0
		await fc.assert(
			fc.asyncProperty(fc.constantFrom(...keys), anyDamage(keys), async (key, damage) => {
				const repair = await damageObject(lake.store, key, damage)
				const seen = await outcomeOf(async () => answersOf(await open(), lake.store), keys)
				const named = { code: 'LAKE_CORRUPT', names: [key] }
				// A commit reads no manifests.
				if (seen.answer === undefined && !/-m\d+-/.test(key)) {
					const commit = async () => (await open()).commit(contractCommit('a', 11, 11))
					expect(await outcomeOf(commit, keys)).toMatchObject(named)
				}
				await repair()
				if (seen.answer === undefined) {
					found++
					expect(seen).toMatchObject(named)
				} else expect(seen.answer).toEqual(expected)
			}),
			{ numRuns: contract.faultSeeds * 5, endOnFailure: true },
		)
		expect(found).toBeGreaterThan(0)
	})

	it('takes no file that it reads for the one that was written, where a single bit of it differs', {
		timeout: 30_000,
	}, async () => {
		const lake = await fresh()
		await lake.catalog.commit(contractCommit('a', 1, 10))
		await lake.catalog.commit(contractCommit('b', 1, 5))
		const watched = new FaultyStore(lake.store, () => undefined)
		await answersOf(await lake.open(watched), watched)
		const read = [...new Set(watched.calls.filter(({ operation }) => operation === 'get').map(({ key }) => key))]
		expect(read.length).toBeGreaterThanOrEqual(6)
		for (const key of read) {
			for (const at of fc.sample(place, 8)) {
				const repair = await damageObject(lake.store, key, { kind: 'flip', at })
				const seen = await outcomeOf(async () => answersOf(await lake.open(lake.store), lake.store), [key])
				await repair()
				expect(seen, `${key} at ${at}`).toMatchObject({ code: 'LAKE_CORRUPT', names: [key] })
			}
		}
	})
}

async function answersOf(catalog: Catalog, store: ObjectStore): Promise<unknown> {
	const files = await Promise.all(['users_changes', 'orders_changes'].map((table) => filesOf(catalog, store, table)))
	return { files, a: await catalog.position('a'), b: await catalog.position('b'), tables: (await catalog.load()).tables.size }
}
