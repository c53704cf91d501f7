import { describe, expect, it } from 'vitest'
import { createInMemoryRouter } from '../../src/local/in-memory-router.ts'
import { NodeStorage } from '../../src/local/node-storage.ts'
import { schema } from '../contract/query-router.ts'

const terms = (count: number) => Array.from({ length: count }, (_, n) => `SELECT ${n}`).join(' UNION ALL ')
const call = (count: number) => `SELECT max(${Array.from({ length: count }, (_, n) => n).join(', ')})`

const refused = [
	['a LIKE pattern of 51 bytes', `SELECT 'a' LIKE '${'a'.repeat(51)}'`, /pattern too complex/],
	['six terms of a UNION', terms(6), /too many terms in compound SELECT/],
	['33 arguments of a function', call(33), /too many arguments on function max/],
	['101 columns', `SELECT ${Array.from({ length: 101 }, (_, n) => n).join(', ')}`, /too many columns/],
	['more than 100 KB of SQL', `SELECT '${'a'.repeat(100_001)}'`, /too big/],
	['a pragma that a Durable Object has not', 'PRAGMA user_version = 3', /not authorized: PRAGMA user_version/],
	[
		'such a pragma behind another statement',
		'SELECT 1; PRAGMA main.journal_mode = DELETE',
		/not authorized: PRAGMA journal_mode/,
	],
] as const
const allowed = [
	`SELECT 'a' LIKE '${'a'.repeat(50)}'`,
	terms(5),
	call(32),
	'PRAGMA foreign_keys',
	'PRAGMA main.table_info(sqlite_schema)',
	"SELECT 'PRAGMA user_version'",
]

function storageOf(platformLimits?: boolean): NodeStorage & Disposable {
	const storage = new NodeStorage(':memory:', { get: () => null, set: () => {} }, platformLimits)
	return Object.assign(storage, { [Symbol.dispose]: () => storage.close() })
}

describe('a shard in Node', () => {
	it.each(refused)('refuses %s, as a Durable Object does', (_, sql, message) => {
		using storage = storageOf()
		expect(() => storage.exec(sql, [])).toThrow(message)
	})

	it.each(allowed)('takes what a Durable Object takes: %s', (sql) => {
		using storage = storageOf()
		expect(() => storage.exec(sql, [])).not.toThrow()
	})

	it.each(refused)('takes %s where an option says so', (_, sql) => {
		using storage = storageOf(false)
		expect(() => storage.exec(sql, [])).not.toThrow()
	})

	it('has the limits behind every router, unless `platformLimits` is false', async () => {
		const pattern = `%${'a'.repeat(60)}%`
		await using strict = createInMemoryRouter({ schema })
		await expect(strict.sql.shard('ada')`SELECT 'x' LIKE ${pattern} AS found`.all()).rejects.toThrow(/pattern too complex/)
		await using loose = createInMemoryRouter({ schema, platformLimits: false })
		expect(await loose.sql.shard('ada')`SELECT 'x' LIKE ${pattern} AS found`.all()).toEqual([{ found: 0 }])
	})
})
