import { describe, expect, it } from 'vitest'
import { FleetHttpClient } from '../../src/fleet/fleet-http-client.ts'
import { createObservability } from '../../src/observability/create-observability.ts'
import { type AdminHandlerOptions, createAdminHandler } from '../../src/worker/admin.ts'
import { names, TestFleet } from './harness.ts'

const TOKEN = 'a-token-that-nobody-guesses'

interface Asked {
	readonly method?: string
	readonly headers?: Record<string, string>
	readonly body?: BodyInit
	readonly token?: string | null
}

async function open(options: Partial<AdminHandlerOptions> = {}) {
	const fleet = new TestFleet()
	await fleet.add(names(3))
	const admin = createAdminHandler({ token: TOKEN, fleet: () => fleet.client, ...options })
	const ask = async (path: string, { method = 'GET', headers = {}, body, token = TOKEN }: Asked = {}) => {
		const all = new Headers(token === null ? headers : { authorization: `Bearer ${token}`, ...headers })
		if (method === 'POST' && !all.has('content-type')) all.set('content-type', 'application/json')
		if (all.get('content-type') === '-') all.delete('content-type')
		const request = new Request(`https://app.example.com${path}`, {
			method,
			headers: all,
			...(body === undefined ? {} : { body, duplex: 'half' }),
		})
		return admin(request, {})
	}
	const told = async (path: string, asked: Asked = {}) => {
		const response = await ask(path, asked)
		return { status: response?.status, headers: response?.headers, ...((await response?.json()) as object) }
	}
	return { fleet, ask, told }
}

describe('the admin handler', () => {
	it('leaves every other path alone, even one that begins alike', async () => {
		const { ask } = await open()
		for (const path of ['/', '/app', '/_sqlakes', '/_sqlake2/fleet', '/x/_sqlake/fleet']) expect(await ask(path)).toBeNull()
		expect((await ask('/_sqlake/fleet'))?.status).toBe(200)
	})

	it('listens where it is told to', async () => {
		const { ask } = await open({ path: '/internal/lake' })
		expect(await ask('/_sqlake/fleet')).toBeNull()
		expect((await ask('/internal/lake/fleet'))?.status).toBe(200)
		for (const path of ['', '/', 'x', '/a/', '/a?b']) {
			expect(() => createAdminHandler({ token: TOKEN, path }), path).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
		}
	})

	it('does not work with a token that is short or missing, and never tells it', async () => {
		expect(() => createAdminHandler({ token: 'short' })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
		for (const secret of [undefined, '', 'fifteen-letters', `${TOKEN}\n`]) {
			const { told } = await open({ token: () => secret })
			const answer = await told('/_sqlake/fleet', { token: secret?.trim() ?? 'undefined' })
			expect(answer).toMatchObject({ status: 500, error: { code: 'CONFIG_INVALID' } })
			if (secret) expect(JSON.stringify(answer)).not.toContain(secret)
		}
	})

	it('lets in whoever shows the token, and tells others nothing, not even what exists', async () => {
		const { told, ask } = await open({ token: (env: { readonly secret?: string }) => env.secret ?? TOKEN })
		expect((await ask('/_sqlake/fleet'))?.status).toBe(200)
		expect((await ask('/_sqlake/fleet', { token: null, headers: { authorization: `bearer  ${TOKEN} ` } }))?.status).toBe(200)
		const wrong = [
			{ token: null },
			{ token: '' },
			{ token: `${TOKEN}x` },
			{ token: TOKEN.slice(0, -1) },
			{ token: TOKEN.toUpperCase() },
			{ token: null, headers: { authorization: `Basic ${btoa(`x:${TOKEN}`)}` } },
			{ token: null, headers: { authorization: TOKEN } },
			{ token: null, headers: { cookie: `token=${TOKEN}` } },
		]
		for (const path of ['/_sqlake/fleet', '/_sqlake', '/_sqlake/fleet/nowhere', `/_sqlake/fleet?token=${TOKEN}`]) {
			for (const asked of wrong) {
				const answer = await told(path, asked)
				expect(answer).toMatchObject({ status: 401, error: { code: 'ADMIN_REFUSED', hint: expect.any(String) } })
				expect(answer.headers?.get('www-authenticate')).toMatch(/^Bearer/)
				expect(JSON.stringify(answer)).not.toContain(TOKEN)
			}
		}
	})

	it('refuses pages of other origins', async () => {
		const { told, ask } = await open()
		const strangers: Record<string, string>[] = [
			{ origin: 'https://evil.example' },
			{ origin: 'http://app.example.com' },
			{ origin: 'https://app.example.com:8443' },
			{ origin: 'https://app.example.com.evil.example' },
			{ origin: 'null' },
			{ 'sec-fetch-site': 'cross-site' },
			{ 'sec-fetch-site': 'same-site' },
			{ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
			{ origin: 'https://app.example.com', 'sec-fetch-site': 'same-site' },
		]
		for (const headers of strangers) {
			for (const method of ['GET', 'POST']) {
				const answer = await told('/_sqlake/fleet/rollouts', { method, headers, ...(method === 'POST' ? { body: '{}' } : {}) })
				expect(answer, JSON.stringify(headers)).toMatchObject({ status: 403, error: { code: 'ADMIN_REFUSED' } })
			}
		}
		for (const site of ['none', 'same-origin'])
			expect((await ask('/_sqlake/fleet', { headers: { 'sec-fetch-site': site } }))?.status).toBe(200)
		const own = { origin: 'https://app.example.com', 'sec-fetch-site': 'same-origin' }
		expect((await ask('/_sqlake/fleet', { headers: own }))?.status).toBe(200)
		expect((await ask('/_sqlake/fleet', { method: 'OPTIONS', headers: { origin: 'https://evil.example' } }))?.status).toBe(403)
	})

	it('refuses a method that an endpoint does not have, and names those that it has', async () => {
		const { told } = await open()
		const answer = await told('/_sqlake/fleet/rollouts', { method: 'DELETE' })
		expect(answer).toMatchObject({ status: 405, error: { message: 'method: expected GET, POST, found DELETE' } })
		expect(answer.headers?.get('allow')).toBe('GET, POST')
		for (const path of [
			'/_sqlake',
			'/_sqlake/',
			'/_sqlake/fleets',
			'/_sqlake/fleet/',
			'/_sqlake/fleet/shards/',
			'/_sqlake/fleet/x',
		]) {
			expect((await told(path)).status, path).toBe(path.endsWith('fleet/') ? 200 : 404)
		}
		expect((await told('/_sqlake/fleet/__proto__')).status).toBe(404)
		expect((await told('/_sqlake/fleet/rollouts/constructor/toString', { method: 'POST' })).status).toBe(404)
	})

	it('refuses bodies that are no JSON, too large, or of another type', async () => {
		const { told } = await open()
		const post = (asked: Asked) => told('/_sqlake/fleet/rollouts', { method: 'POST', ...asked })
		expect(await post({ body: '{' })).toMatchObject({ status: 400, error: { code: 'ADMIN_REFUSED' } })
		expect((await post({ body: '{}', headers: { 'content-type': 'text/plain' } })).status).toBe(415)
		expect((await post({ headers: { 'content-type': '-' } })).status).toBe(415)
		expect((await post({ body: `"${'x'.repeat(65_536)}"` })).status).toBe(413)
		const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(10_000)) })
		expect((await post({ body: endless })).status).toBe(413)
		expect((await told('/_sqlake/fleet/shards/%ff')).status).toBe(400)
	})

	it('refuses options of a wrong shape, naming the option', async () => {
		const { told } = await open()
		const post = (path: string, body: unknown) => told(`/_sqlake/fleet/${path}`, { method: 'POST', body: JSON.stringify(body) })
		const message = async (path: string, body: unknown) => {
			const { status, error } = (await post(path, body)) as { status: number; error?: { message: string } }
			expect(status, JSON.stringify(body)).toBe(400)
			return error?.message
		}
		expect(await message('rollouts', [])).toBe('roll-out: expected an object, found an array')
		expect(await message('rollouts', null)).toBe('roll-out: expected an object, found null')
		expect(await message('rollouts', { wavesize: 5 })).toMatch(/waveSize.*found "wavesize"$/)
		expect(await message('rollouts', { concurrency: '5' })).toBe(
			'roll-out.concurrency: expected a whole number from 1 to 100, found "5"',
		)
		expect(await message('rollouts', { acceptDataLoss: 1 })).toMatch(/true or false/)
		expect(await message('shards/s00000/migrate', { direction: 'sideways' })).toMatch(/one of up, down/)
		expect(await message('shards/s00000/migrate', { target: { a: 'secret' } })).not.toMatch(/secret/)
		expect(await message('rollouts/1/pause', { now: true })).toMatch(/expected none/)
	})

	it('answers each refusal of the fleet with a fitting status', async () => {
		const { told, fleet } = await open()
		expect((await told('/_sqlake/fleet/rollouts/1')).status).toBe(404)
		expect((await told('/_sqlake/fleet/shards/nobody')).status).toBe(404)
		fleet.shards.delete('s00002')
		expect((await told('/_sqlake/fleet/shards/s00002')).status).toBe(502)
		Object.assign(fleet.shards.get('s00001') ?? {}, { fails: 'no' })
		expect((await told('/_sqlake/fleet/shards/s00001/migrate', { method: 'POST' })).status).toBe(409)
		await fleet.client.startRollout()
		expect((await told('/_sqlake/fleet/rollouts', { method: 'POST' })).status).toBe(409)
		expect((await told('/_sqlake/fleet/shards?state=lost')).status).toBe(400)
	})

	it('says which binding is missing, without a fleet', async () => {
		const admin = createAdminHandler({ token: TOKEN })
		const request = new Request('https://app.example.com/_sqlake/fleet', { headers: { authorization: `Bearer ${TOKEN}` } })
		const response = await admin(request, {})
		expect(response?.status).toBe(503)
		expect(await response?.json()).toMatchObject({ error: { code: 'FLEET_UNAVAILABLE', message: /SQLAKE_CATALOG/ } })
	})

	it('keeps the cause of a failure to itself, and logs the failure', async () => {
		const lines: string[] = []
		const note = (message: string) => void lines.push(message)
		const observability = createObservability({ logger: { debug: note, info: note, warn: note, error: note } })
		const fleet = () => {
			throw new Error('broken', { cause: 'secret' })
		}
		const { told } = await open({ fleet, observability })
		const answer = await told('/_sqlake/fleet')
		expect(answer).toMatchObject({ status: 500, error: { code: 'INTERNAL' } })
		expect(JSON.stringify([answer, lines])).not.toMatch(/secret|a-token/)
		expect(lines).toEqual([expect.stringContaining('broken')])
	})
})

describe('FleetHttpClient', () => {
	const reply = (response: Response) =>
		new FleetHttpClient({ url: 'http://localhost:8787', token: TOKEN, fetch: async () => response }).summary()

	it('sends the token over https, or to this machine, alone', () => {
		for (const url of [
			'https://a.example',
			'https://a.example/admin/',
			'http://localhost:1',
			'http://127.0.0.1',
			'http://[::1]:2',
		]) {
			expect(() => new FleetHttpClient({ url, token: TOKEN })).not.toThrow()
		}
		for (const url of ['http://a.example', 'http://10.0.0.1', 'a.example', 'ftp://a.example', 'http://localhost.evil.example']) {
			expect(() => new FleetHttpClient({ url, token: TOKEN }), url).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
		}
	})

	it('says that no admin handler is there when something else answers', async () => {
		for (const response of [
			new Response('<html>', { status: 200 }),
			new Response('gone', { status: 404 }),
			new Response(null, { status: 302, headers: { location: 'https://elsewhere.example' } }),
			Response.json({ error: 'nope' }, { status: 500 }),
		]) {
			await expect(reply(response)).rejects.toMatchObject({
				code: 'FLEET_UNAVAILABLE',
				message: /localhost:8787\/_sqlake\/fleet/,
			})
		}
	})

	it('keeps the code of an error that it knows, and the message of one that it does not', async () => {
		const error = { code: 'ROLLOUT_INVALID', message: 'm', hint: 'h' }
		await expect(reply(Response.json({ error }, { status: 409 }))).rejects.toMatchObject(error)
		const newer = { ...error, code: 'OF_THE_FUTURE' }
		await expect(reply(Response.json({ error: newer }, { status: 409 }))).rejects.toMatchObject({
			code: 'INTERNAL',
			message: 'm',
		})
	})

	it('gives up a call that takes too long', async () => {
		const never = (request: Request) =>
			new Promise<Response>((_, reject) => request.signal.addEventListener('abort', () => reject(request.signal.reason)))
		const fleet = new FleetHttpClient({ url: 'https://a.example', token: TOKEN, timeoutMs: 20, fetch: never })
		await expect(fleet.summary()).rejects.toMatchObject({ code: 'FLEET_UNAVAILABLE' })
	})

	it('gives up a call whose request nobody holds any more', async () => {
		const fleet = new FleetHttpClient({
			url: 'https://a.example',
			token: TOKEN,
			timeoutMs: 20,
			fetch: () => new Promise(() => {}),
		})
		await expect(fleet.summary()).rejects.toMatchObject({
			code: 'FLEET_UNAVAILABLE',
			message: expect.stringContaining('no answer in 20 ms'),
		})
	})
})
