import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { guard } from '../../src/cli/http/guard.ts'

const host = 'localhost:4983'
const own = `http://${host}`
const welcome = 'https://studio.example'
const refused = expect.objectContaining({ code: 'REQUEST_REFUSED' })

const method = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH')
const path = fc.constantFrom('/', '/query', '/flush', '/shards/a', '/constructor', '/__proto__')
const origin = fc.constantFrom(
	undefined,
	own,
	'null',
	'http://localhost:3000',
	'https://localhost:4983',
	welcome,
	'https://evil.example',
)
const site = fc.constantFrom(undefined, 'none', 'same-origin', 'same-site', 'cross-site', 'Cross-Site', '')
const mode = fc.constantFrom(undefined, 'navigate', 'cors', 'no-cors', 'websocket')
const target = fc.constantFrom(undefined, 'document', 'iframe', 'image', 'empty')

const request = fc.record({ method, path, origin, site, mode, target }).map(({ method, path, origin, site, mode, target }) => ({
	method,
	path,
	headers: { host, origin, 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': target } as Record<
		string,
		string | undefined
	>,
}))

const isRefused = (asked: Parameters<typeof guard>[0]): boolean => {
	try {
		guard(asked, { origins: { '/': [welcome] } })
		return false
	} catch (error) {
		expect(error).toEqual(refused)
		return true
	}
}

describe('guard', () => {
	it('lets no page of elsewhere change anything, whatever its browser says besides', () => {
		fc.assert(
			fc.property(request, (asked) => {
				const { origin, 'sec-fetch-site': site, 'sec-fetch-mode': mode } = asked.headers
				const isWelcome = origin === welcome && asked.path === '/'
				const isOwn = origin === undefined || origin === own
				const isForeign = !isOwn || !(site === undefined || site === 'none' || site === 'same-origin')
				const isPage = [undefined, 'document'].includes(asked.headers['sec-fetch-dest'])
				const isLink = isOwn && /GET|HEAD/.test(asked.method) && mode === 'navigate' && isPage
				expect(isRefused(asked)).toBe(isForeign && !isWelcome && !isLink)
			}),
			{ numRuns: 5_000 },
		)
	})

	it.each(['127.0.0.1', '127.1.2.3:80', '[::1]:4983', '[::1]', 'localhost', 'LocalHost:1'])(
		'takes %s for this machine',
		(name) => {
			expect(() => guard({ method: 'POST', path: '/', headers: { host: name } }, {})).not.toThrow()
		},
	)

	it.each([
		undefined,
		'',
		'127.0.0.1.evil.example',
		'127.evil.example',
		'127.0.0.1@evil.example',
		'localhost.evil.example',
		'evil-localhost',
		'::2',
		'0.0.0.0',
		'10.127.0.1',
		'[::1].evil.example',
	])('takes %s for another', (name) => {
		expect(() => guard({ method: 'POST', path: '/', headers: { host: name } }, {})).toThrow(refused)
	})
})
