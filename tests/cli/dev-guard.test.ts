import { request } from 'node:http'
import { text as readAll } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { temporaryDirectory } from '../local/fixture.ts'
import { openDevServer } from './dev-fixture.ts'

interface Answer {
	readonly status: number | undefined
	readonly body: string
	readonly headers: Readonly<Record<string, unknown>>
}

/** A request with headers that `fetch` does not let one set. */
function send(
	url: string,
	headers: Record<string, string>,
	{ method = 'POST', body = '{"sql": "SELECT 1"}' } = {},
): Promise<Answer> {
	const { hostname, port, pathname } = new URL(url)
	return new Promise((resolve, reject) => {
		const sent = request({ hostname, port, path: pathname, method, headers }, async (response) => {
			resolve({ status: response.statusCode, body: await readAll(response), headers: response.headers })
		})
		sent.on('error', reject).end(method === 'GET' ? undefined : body)
	})
}

describe('a dev server', () => {
	it('answers programs of this machine and its own page', async () => {
		const { server } = await openDevServer(await temporaryDirectory())
		const url = `${server.url}/query`
		for (const host of [`localhost:${server.port}`, `127.0.0.1:${server.port}`, '[::1]:80', 'LOCALHOST']) {
			expect((await send(url, { host })).status).toBe(200)
		}
		const own = `localhost:${server.port}`
		expect((await send(url, { host: own, origin: `http://${own}`, 'sec-fetch-site': 'same-origin' })).status).toBe(200)
	})

	it.each([
		['a Host of elsewhere', { host: 'evil.example:4983' }],
		['a Host that only begins like this machine', { host: 'localhost.evil.example' }],
		['a Host that is an address of the network', { host: '192.168.1.10' }],
		['a page of another origin', { origin: 'https://evil.example' }],
		['a page of another port', { origin: 'http://localhost:3000' }],
		['a page that hides its origin', { origin: 'null' }],
		['a script of another site', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }],
	])('refuses %s', async (_, headers) => {
		const { server } = await openDevServer(await temporaryDirectory())
		const answer = await send(`${server.url}/query`, { host: `localhost:${server.port}`, ...headers })
		expect(answer.status).toBe(403)
		expect(JSON.parse(answer.body).error.code).toBe('REQUEST_REFUSED')
		expect(answer.headers).not.toHaveProperty('access-control-allow-origin')
	})

	it('lets a link from elsewhere lead to its page', async () => {
		const { server } = await openDevServer(await temporaryDirectory())
		const headers = { host: `localhost:${server.port}`, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }
		expect((await send(server.url, headers, { method: 'GET' })).status).toBe(200)
	})

	it('permits no page of elsewhere to ask first', async () => {
		const { server } = await openDevServer(await temporaryDirectory())
		const headers = { host: `localhost:${server.port}`, origin: 'https://evil.example', 'access-control-request-method': 'POST' }
		const answer = await send(`${server.url}/query`, headers, { method: 'OPTIONS' })
		expect(answer.status).toBe(403)
		expect(answer.headers).not.toHaveProperty('access-control-allow-origin')
	})

	it('wants its token, where it has one, of everybody', async () => {
		const { server } = await openDevServer(await temporaryDirectory(), { host: '0.0.0.0', token: 'secret' })
		const url = `http://127.0.0.1:${server.port}/query`
		expect((await send(url, {})).status).toBe(401)
		expect((await send(url, { authorization: 'Bearer secret2' })).status).toBe(401)
		expect((await send(url, { authorization: 'Bearer secret', host: 'my-machine.example' })).status).toBe(200)
	})

	it('refuses a body that is too large, and goes on', async () => {
		const { server } = await openDevServer(await temporaryDirectory(), { maxBodyBytes: 1_000 })
		const url = `${server.url}/query`
		const large = JSON.stringify({ sql: 'SELECT ?', params: ['x'.repeat(5_000_000)] })
		for (const headers of [{}, { 'transfer-encoding': 'chunked' }]) {
			const answer = await send(url, headers, { body: large })
			expect(answer.status).toBe(413)
			expect(JSON.parse(answer.body).error.code).toBe('REQUEST_INVALID')
		}
		expect((await send(url, {})).status).toBe(200)
	})

	it('does not wait for ever for a request', async () => {
		const { server } = await openDevServer(await temporaryDirectory(), { requestTimeoutMs: 200 })
		const { hostname, port } = new URL(server.url)
		const slow = request({ hostname, port, path: '/query', method: 'POST', headers: { 'content-length': '100' } })
		const outcome = new Promise((resolve) => {
			slow.on('response', ({ statusCode }) => resolve(statusCode)).on('error', ({ message }) => resolve(message))
		})
		slow.write('{"sql"')
		expect(await outcome).toBe(408)
	})

	it('refuses text that is no UTF-8', async () => {
		const { server } = await openDevServer(await temporaryDirectory())
		const response = await fetch(`${server.url}/query`, { method: 'POST', body: new Uint8Array([0x22, 0xff, 0x22]) })
		expect(response.status).toBe(400)
	})
})
