import { afterAll, describe, expect, it } from 'vitest'
import { NativeEngine } from '../../src/analytics/engines/native/native-engine.node.ts'
import { loadWasmModules } from '../../src/analytics/engines/wasm/modules.node.ts'
import { WasmEngine } from '../../src/analytics/engines/wasm/wasm-engine.ts'
import { createLakeQuery } from '../../src/analytics/lake-query.ts'
import { integer, text } from '../../src/columns.ts'
import { POINTER_KEY } from '../../src/lake/catalog/lake-pointer.ts'
import { MemoryObjectStore } from '../../src/lake/storage/memory.ts'
import { SQLake } from '../../src/schema/database.ts'
import { TestLake } from './support/test-lake.ts'

const db = SQLake({ users: { id: text('id').primaryKey(), age: integer('age') }, shard: { users: 'id' } })
const engines = [new NativeEngine(), new WasmEngine({ modules: loadWasmModules })]
afterAll(() => Promise.all(engines.map((engine) => engine.close())))

const deliver = (lake: TestLake, shard: string, age: bigint) =>
	lake.deliver(shard, [{ table: 'users', op: 'c', ts: Date.UTC(2026, 0, 1), row: { id: shard, age } }])

/** A lake as it was written before there were sums: nothing in it goes by the names under which they are looked for. */
async function lakeWithoutSums(): Promise<MemoryObjectStore> {
	const written = new MemoryObjectStore()
	const lake = new TestLake(db.lake, written)
	await deliver(lake, 'ada', 36n)
	await deliver(lake, 'ben', 20n)
	const store = new MemoryObjectStore()
	// As long as what it replaces: lengths of texts are all over these files.
	const without = (text: string) => text.replaceAll('-crc32-', '-other-').replaceAll('sqlake.crc32', 'sqlake.other')
	for (const { key } of (await written.list({ prefix: '' })).objects) {
		const bytes = (await written.get(key))?.bytes ?? expect.fail(key)
		const body = without(Buffer.from(bytes).toString('latin1'))
		const own = key === POINTER_KEY ? body.replace(/,"crc32":"[0-9a-f]{8}"\}$/, '}') : body
		await store.put(without(key), Buffer.from(own, 'latin1'))
	}
	return store
}

describe.each(engines.map((engine) => [engine.name, engine] as const))(
	'a lake from before sums, with the %s engine',
	(_, engine) => {
		const ages = async (lake: TestLake) => {
			const statement = { sql: 'SELECT id, age FROM users ORDER BY id', params: [] }
			const { rows } = await createLakeQuery({ ...lake, engine }).query({ statement, moment: { kind: 'current' } })
			return rows
		}

		it('is read and goes on, and what is written from then on has its sums', { timeout: 30_000 }, async () => {
			const store = await lakeWithoutSums()
			const lake = new TestLake(db.lake, store)
			expect(await ages(lake)).toEqual([
				['ada', 36],
				['ben', 20],
			])
			await deliver(lake, 'cy', 5n)
			expect(await ages(new TestLake(db.lake, store))).toEqual([
				['ada', 36],
				['ben', 20],
				['cy', 5],
			])
			const pointer = new TextDecoder().decode((await store.get(POINTER_KEY))?.bytes)
			expect(pointer).toMatch(/"users_changes":"[^"]*-crc32-[0-9a-f]{8}\.metadata\.json".*,"crc32":"[0-9a-f]{8}"\}$/)
		})
	},
)
