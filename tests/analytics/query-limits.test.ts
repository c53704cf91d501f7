import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NativeEngine } from '../../src/analytics/engines/native/native-engine.node.ts'
import { loadWasmModules } from '../../src/analytics/engines/wasm/modules.node.ts'
import { WasmEngine } from '../../src/analytics/engines/wasm/wasm-engine.ts'
import { createLakeQuery } from '../../src/analytics/lake-query.ts'
import type { QueryEngine } from '../../src/analytics/query-engine.ts'
import { integer, sqliteTable, text } from '../../src/columns.ts'
import { drizzle } from '../../src/driver/drizzle.ts'
import { createInMemoryRouter } from '../../src/local/in-memory-router.ts'
import { SQLake } from '../../src/schema/database.ts'

const items = sqliteTable('items', { id: integer('id').primaryKey(), owner: text('owner').notNull(), doc: text('doc') })
const schema = SQLake({ items, shard: { items: 'owner' } })
const router = createInMemoryRouter({ schema })

/** Milliseconds that a query may take, and how much later it may end. */
const LIMIT = 10_000
const GRACE = 1_000

beforeAll(async () => {
	const rows = Array.from({ length: 360 }, (_, id) => ({ id, owner: 'ada', doc: JSON.stringify({ k: id, name: `n${id}` }) }))
	for (let from = 0; from < rows.length; from += 30) {
		await drizzle(router)
			.insert(items)
			.values(rows.slice(from, from + 30))
	}
	await router.flush()
})
afterAll(() => router.close())

const conditions = Array.from({ length: 20 }, (_, i) => `json_extract(doc, '$.k') <> ${1_000 + i}`).join(' AND ')
const extremes = Array.from({ length: 10 }, (_, i) => `json_extract(doc, '$.k') + ${i}`).join(', ')
const grown = (levels: number): string => (levels === 0 ? "'x'" : `replace(${grown(levels - 1)}, 'x', '${'x'.repeat(300)}')`)

/** Statements, and their answer or the code of their error. */
const statements: readonly [what: string, sql: string, answer: unknown][] = [
	['a width of hundreds of millions', "SELECT printf('%600000000d', 1)", 'DIALECT_UNSUPPORTED'],
	['a width that is an argument', "SELECT length(printf('%*d', 600000000, id)) FROM items", 'DIALECT_UNSUPPORTED'],
	['a precision of hundreds of millions', "SELECT printf('%.600000000f', 1.5)", 'DIALECT_UNSUPPORTED'],
	['a wide text for each row', "SELECT sum(length(printf('%10000000d', id))) FROM items", 'DIALECT_UNSUPPORTED'],
	['twenty conditions on JSON', `SELECT count(*) FROM items WHERE ${conditions}`, [[360]]],
	['the greatest of ten values from JSON', `SELECT max(max(${extremes})) FROM items`, [[368]]],
	['200,000 elements of JSON', `SELECT count(*) FROM json_each('[${'0,'.repeat(199_999)}0]')`, [[200_000]]],
	['texts that grow by each function', `SELECT length(${grown(4)}) FROM items`, 'QUERY_FAILED'],
]

describe.each<[string, QueryEngine]>([
	['wasm', new WasmEngine({ modules: loadWasmModules })],
	['native', new NativeEngine()],
])('the %s engine, asked for more than fits', (_name, engine) => {
	afterAll(() => engine.close())

	const ask = async (sql: string) => {
		const lake = createLakeQuery({ catalog: router.catalog, store: router.store, schema: schema.lake, engine })
		const request = { statement: { sql, params: [] }, moment: { kind: 'current' }, timeoutMs: LIMIT } as const
		return (await lake.query(request)).rows
	}

	it.each(statements)('answers or refuses %s in time, and then the next query', async (_, sql, answer) => {
		await ask('SELECT count(*) FROM items')
		const start = performance.now()
		const found = await ask(sql).catch((error: { code?: string }) => error.code ?? error)
		expect(found).toEqual(answer)
		expect(performance.now() - start).toBeLessThan(LIMIT + GRACE)
		expect(await ask('SELECT count(*) FROM items')).toEqual([[360]])
	})
})
