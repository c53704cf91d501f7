import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DuckDBLoader } from '../../../src/analytics/loader/duckdb-loader.node.ts'
import { createDuckDBProvider } from '../../../src/analytics/loader/duckdb-provider.node.ts'
import type { DuckDBProvider } from '../../../src/analytics/loader/duckdb-provider.ts'
import { createDuckDBService, type DuckDBServiceOptions } from '../../../src/analytics/service/duckdb-service.ts'
import {
	createDuckDBServiceClient,
	type DuckDBServiceClientOptions,
} from '../../../src/analytics/service/duckdb-service-client.ts'
import { DuckDBServiceError } from '../../../src/analytics/service/duckdb-service-error.ts'
import { blob, integer, real, text } from '../../../src/columns.ts'
import type { LakeRequest, WireValue } from '../../../src/driver/transport.ts'
import { SQLake } from '../../../src/schema/database.ts'
import { TestLake } from '../support/test-lake.ts'

const schema = SQLake({
	things: { id: text('id').primaryKey(), big: integer('big'), weight: real('weight'), bytes: blob('bytes') },
	shard: { things: 'id' },
})
const T = Date.UTC(2026, 0, 15, 12)
const rows: readonly WireValue[][] = [
	['a', 9_007_199_254_740_993n, 0.1, Uint8Array.of(0, 255)],
	['b', -9_223_372_036_854_775_808n, 5e-324, Uint8Array.of()],
	['c', null, null, null],
]
const MANY = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) SELECT a.i FROM n a, n b'

let lake: DuckDBProvider

beforeAll(async () => {
	const store = new TestLake(schema.lake)
	for (const [id, big, weight, bytes] of rows) {
		const row = {
			id: id as string,
			big: big as bigint | null,
			weight: weight as number | null,
			bytes: bytes as Uint8Array | null,
		}
		await store.deliver(String(id), [{ table: 'things', op: 'c', ts: T, row }])
	}
	lake = createDuckDBProvider({ ...store, schema, loader: new DuckDBLoader({ engine: 'wasm' }) })
})
afterAll(() => lake.close())

const request = (sql: string, params: readonly WireValue[] = []): LakeRequest => ({
	statement: { sql, params },
	moment: { kind: 'current' },
})

/** A client of a service, which are joined as a service binding joins them: by requests and responses. */
function open(options: Partial<DuckDBServiceOptions> = {}, clientOptions: DuckDBServiceClientOptions = { token: 'secret' }) {
	const service = createDuckDBService({ lake, token: 'secret', ...options })
	const binding = { fetch: (url: string, init: RequestInit) => service.fetch(new Request(url, init)) }
	return { service, client: createDuckDBServiceClient(binding, clientOptions) }
}

const post = (body: string, headers: Record<string, string> = { authorization: 'Bearer secret' }) =>
	new Request('https://service/sqlake/query', { method: 'POST', body, headers })

describe('a service', () => {
	it('answers what its lake answers, exactly', async () => {
		const { client } = open()
		const query = request('SELECT * FROM things WHERE id >= ? ORDER BY id', ['a'])
		const answer = await client.query(query)
		expect(answer.columns).toEqual(['id', 'big', 'weight', 'bytes'])
		expect(answer.rows).toStrictEqual(rows)
		expect(answer.stats).toMatchObject({ filesKept: 3, filesPruned: 0 })
		expect((await client.query(request('SELECT typeof(?), typeof(?), ?', [1, 1n, Uint8Array.of(7)]))).rows).toEqual([
			['real', 'integer', Uint8Array.of(7)],
		])
		expect((await client.query({ ...query, moment: { kind: 'asOf', at: T - 1 } })).rows).toEqual([])
	})

	it('streams, and ends the query when the loop is left early', async () => {
		const { client } = open()
		let seen = 0
		for await (const batch of client.stream(request(MANY))) {
			seen += batch.rows.length
			if (seen > 10_000) break
		}
		expect(seen).toBeLessThan(100_000)
		let all = 0
		for await (const batch of client.stream(request(`${MANY} LIMIT 30000`))) all += batch.rows.length
		expect(all).toBe(30_000)
		expect((await client.stream(request('SELECT 1 AS one WHERE false')).next()).value).toEqual({ columns: ['one'], rows: [] })
	})

	it('lets errors cross as they are: before the first row, and in the middle', async () => {
		const { client } = open()
		for (const [query, code] of [
			[request('SELECT * FROM nowhere'), 'ROUTE_UNKNOWN_TABLE'],
			[request('SELECT FROM'), 'SQL_PARSE'],
			[request('DELETE FROM things'), 'READ_ONLY'],
			[{ ...request('SELECT * FROM things'), moment: { kind: 'snapshot', id: 1n } }, 'SNAPSHOT_NOT_FOUND'],
		] as const) {
			const direct = await lake.query(query).catch((error) => error.toJSON())
			expect(direct.code).toBe(code)
			expect((await client.query(query).catch((error) => error)).toJSON()).toEqual(direct)
			expect(
				(
					await client
						.stream(query)
						.next()
						.catch((error) => error)
				).toJSON(),
			).toEqual(direct)
		}
		const late: Partial<DuckDBServiceOptions> = {
			lake: {
				...lake,
				stream: async function* (asked) {
					yield* lake.stream(asked)
					return (await lake.query(request('SELECT * FROM nowhere'))).stats
				},
			},
		}
		const seen: unknown[] = []
		const reading = async () => {
			for await (const batch of open(late).client.stream(request('SELECT id FROM things ORDER BY id'))) seen.push(...batch.rows)
		}
		await expect(reading()).rejects.toMatchObject({ code: 'ROUTE_UNKNOWN_TABLE' })
		expect(seen).toEqual([['a'], ['b'], ['c']])
	})

	it('takes its token only, and each of several', async () => {
		for (const wrong of [{}, { token: 'Secret' }, { token: '' }, { token: 'secretsecret' }]) {
			const error = await open({}, wrong)
				.client.query(request('SELECT 1'))
				.catch((thrown) => thrown)
			expect(error).toBeInstanceOf(DuckDBServiceError)
			expect(error).toMatchObject({ code: 'ANALYTICS_UNAVAILABLE', status: 401 })
		}
		for (const token of ['old', 'new']) {
			expect((await open({ token: ['old', 'new'] }, { token }).client.query(request('SELECT 1'))).rows).toEqual([[1]])
		}
		expect((await open({ token: null }, {}).client.query(request('SELECT 1'))).rows).toEqual([[1]])
		for (const token of ['', [], undefined] as never[]) expect(() => open({ token })).toThrow(/expected a token/)
	})

	it('bounds what it reads, and says what it does not understand', async () => {
		const { service } = open({ maxBodyBytes: 1_000 })
		const statusOf = async (asked: Request) => (await service.fetch(asked)).status
		expect(await statusOf(post('x'.repeat(1_001)))).toBe(413)
		expect(await statusOf(post('{}', {}))).toBe(401)
		expect(await statusOf(post('{}'))).toBe(400)
		expect(await statusOf(post('nonsense'))).toBe(400)
		const headers = { authorization: 'Bearer secret' }
		expect(await statusOf(new Request('https://service/sqlake/query', { headers }))).toBe(405)
		expect(await statusOf(new Request('https://service/', { method: 'POST', headers }))).toBe(404)
		const long = await open({ maxBodyBytes: 1_000 })
			.client.query(request('SELECT ?', ['x'.repeat(2_000)]))
			.catch((e) => e)
		expect(long).toMatchObject({ code: 'RPC_INVALID', status: 413, name: 'DuckDBServiceError' })
	})

	it('bounds the time of a query, whatever its caller asks for', async () => {
		const { client } = open({ maxTimeoutMs: 100 })
		const slow = request(`SELECT max(x.i) FROM (${MANY}) x, (${MANY}) y`)
		await expect(client.query({ ...slow, timeoutMs: 60_000 })).rejects.toMatchObject({
			code: 'ANALYTICS_TIMEOUT',
			details: { timeoutMs: 100 },
		})
	})

	it('stops a query that its caller aborts', async () => {
		const { client } = open()
		const slow = request(`SELECT max(x.i) FROM (${MANY}) x, (${MANY}) y`)
		const aborted = { code: 'ANALYTICS_ABORTED' }
		await expect(client.query({ ...slow, signal: AbortSignal.timeout(100) })).rejects.toMatchObject(aborted)
		await expect(client.query({ ...slow, signal: AbortSignal.abort() })).rejects.toMatchObject(aborted)
		const controller = new AbortController()
		const reading = async () => {
			for await (const _ of client.stream({ ...request(MANY), signal: controller.signal })) controller.abort()
		}
		await expect(reading()).rejects.toMatchObject(aborted)
		expect((await client.query(request('SELECT 1'))).rows).toEqual([[1]])
	})
})

describe('a client', () => {
	const clientOf = (answer: () => Promise<Response>) => createDuckDBServiceClient({ fetch: answer })
	const failureOf = (answer: () => Promise<Response>) =>
		clientOf(answer)
			.query(request('SELECT 1'))
			.catch((error) => error)

	it('never takes an answer that breaks off for a whole one', async () => {
		const whole = await open().service.fetch(post(JSON.stringify({ sql: 'SELECT 1', params: [], moment: { kind: 'current' } })))
		const lines = (await whole.text()).split('\n')
		for (let count = 0; count < lines.length - 1; count++) {
			const cut = lines.slice(0, count).join('\n')
			for (const textOf of [cut, `${cut}\n`]) {
				expect(await failureOf(async () => new Response(textOf))).toMatchObject({ name: 'DuckDBServiceError' })
			}
		}
		expect((await clientOf(async () => new Response(lines.join('\n'))).query(request('SELECT 1'))).rows).toEqual([[1]])
	})

	it('says when the service does not answer, or something else does', async () => {
		const down = async () => {
			throw new TypeError('connection refused')
		}
		expect(await failureOf(down)).toMatchObject({ code: 'ANALYTICS_UNAVAILABLE', status: null, name: 'DuckDBServiceError' })
		const page = async () => new Response('<h1>Bad gateway</h1>', { status: 502 })
		expect(await failureOf(page)).toMatchObject({ code: 'ANALYTICS_UNAVAILABLE', status: 502 })
		expect(await failureOf(async () => new Response('<h1>Hello</h1>\n'))).toMatchObject({ code: 'ANALYTICS_UNAVAILABLE' })
	})
})
