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
		['a Host that begins like an address of this machine', { host: '127.0.0.1.evil.example' }],
		['a Host that only looks like one', { host: '127.evil.example:80' }],
		['a Host that ends like this machine', { host: 'evil.localhost.example' }],
		['a page of another origin', { origin: 'https://evil.example' }],
		['a page of another port', { origin: 'http://localhost:3000' }],
		['a page that hides its origin', { origin: 'null' }],
		['a script of another site', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }],
		['a script of the same site on another port', { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' }],
		['a form of another site', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }],
		['a form of the same site on another port', { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'navigate' }],
		['a site of a kind that it does not know', { 'sec-fetch-site': 'cross-site, same-origin' }],
	])('refuses %s', async (_, headers) => {
		const { server } = await openDevServer(await temporaryDirectory())
		const answer = await send(`${server.url}/query`, { host: `localhost:${server.port}`, ...headers })
		expect(answer.status).toBe(403)
		expect(JSON.parse(answer.body).error.code).toBe('REQUEST_REFUSED')
		expect(answer.headers).not.toHaveProperty('access-control-allow-origin')
	})

	it('lets a link from elsewhere lead to its page, but nothing else that a page there could do without being asked', async () => {
		const { server } = await openDevServer(await temporaryDirectory())
		const ask = async (headers: Record<string, string>, method = 'GET') =>
			(await send(server.url, { host: `localhost:${server.port}`, ...headers }, { method })).status
		for (const site of ['cross-site', 'same-site']) {
			const from = (mode: string, target?: string) => ({
				'sec-fetch-site': site,
				'sec-fetch-mode': mode,
				...(target === undefined ? {} : { 'sec-fetch-dest': target }),
			})
			expect(await ask(from('navigate'))).toBe(200)
			expect(await ask(from('navigate', 'document'))).toBe(200)
			expect(await ask(from('navigate', 'iframe'))).toBe(403)
			expect(await ask(from('no-cors', 'image'))).toBe(403)
			expect(await ask(from('cors', 'empty'))).toBe(403)
			expect(await ask(from('websocket', 'empty'))).toBe(403)
		}
		for (const site of ['none', 'same-origin']) expect(await ask({ 'sec-fetch-site': site })).toBe(200)
	})

	it('answers programs that are no browsers, whatever they call their body', async () => {
		const { server } = await openDevServer(await temporaryDirectory())
		for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'application/json']) {
			expect((await send(`${server.url}/query`, { 'content-type': type, 'user-agent': 'curl/8.0', accept: '*/*' })).status).toBe(
				200,
			)
		}
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
