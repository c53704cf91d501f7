/**
 * Who may talk to a local server: programs of this machine, and pages that the server itself served. A web page from elsewhere
 * may not, even though the browser that shows it runs here.
 *
 * @module
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import { SQLakeError } from '../../errors.ts'

/** What requests must prove. */
export interface GuardOptions {
	/** What every request must bring as `Authorization: Bearer <token>`; without one only this machine is answered. */
	readonly token?: string | undefined
	/** By path, origins of pages from elsewhere that are welcome there all the same. */
	readonly origins?: Readonly<Record<string, readonly string[]>>
}

/** A request, as far as the guard looks at it. */
export interface GuardedRequest {
	readonly method: string
	readonly path: string
	readonly headers: IncomingHttpHeaders
}

/** Whether an address reaches this machine alone. */
export function isLoopback(host: string): boolean {
	const name = host.toLowerCase().replace(/^\[|\]$/g, '')
	if (isIP(name) === 4) return name.startsWith('127.')
	return name === '::1' || name === 'localhost'
}

/**
 * Refuses a request that comes from a stranger.
 *
 * - Without a token the Host must be a name of this machine: a page whose domain was re-pointed to 127.0.0.1 after it was loaded
 *   (DNS rebinding) still names its own domain there.
 * - An Origin, which browsers send with every request that could change something, must be the server's own or a welcome one.
 * - A browser that says the request comes from another site (`Sec-Fetch-Site`) may only follow a link here: a form that such a page
 *   sends is a navigation, too, and so is what it shows in a frame.
 *
 * @throws SQLakeError REQUEST_REFUSED
 */
export function guard({ method, path, headers }: GuardedRequest, { token, origins = {} }: GuardOptions): void {
	const { host, origin } = headers
	const isWelcome = origin !== undefined && Object.hasOwn(origins, path) && (origins[path] ?? []).includes(origin)
	if (token !== undefined && method !== 'OPTIONS' && !carries(headers.authorization, token)) {
		throw new SQLakeError('REQUEST_REFUSED', 'request: expected the token of this server, found none or another', {
			hint: 'send it: Authorization: Bearer <token>',
			details: { status: 401 },
		})
	}
	if (token === undefined && !isLoopback(hostName(host))) {
		throw new SQLakeError('REQUEST_REFUSED', `request: expected the Host of this machine, found ${JSON.stringify(host ?? '')}`, {
			hint: 'ask http://localhost:<port>; another machine is answered with --host and --token only',
		})
	}
	if (origin !== undefined && !isWelcome && origin !== `http://${host}`) {
		throw new SQLakeError('REQUEST_REFUSED', `request: expected no page of another origin, found one of ${origin}`, {
			hint: "let your own server ask, or open this server's own page",
		})
	}
	if (!isWelcome && !isFromHere(headers) && !followsLink(method, headers)) {
		throw new SQLakeError('REQUEST_REFUSED', 'request: expected no page of another site, found one')
	}
}

/** Whether the user or the server's own page asks, or a program that is no browser and so does not say. */
function isFromHere({ 'sec-fetch-site': site }: IncomingHttpHeaders): boolean {
	return site === undefined || site === 'none' || site === 'same-origin'
}

/** Whether a browser shows the answer as a page of its own, which changes nothing here and tells nothing to the page before. */
function followsLink(method: string, { 'sec-fetch-mode': mode, 'sec-fetch-dest': target }: IncomingHttpHeaders): boolean {
	return (method === 'GET' || method === 'HEAD') && mode === 'navigate' && (target === undefined || target === 'document')
}

/** The name in a Host header, without the port. */
function hostName(host: string | undefined): string {
	return (host ?? '').replace(/:\d*$/, '')
}

/** Compares digests, which takes the same time whatever differs. */
function carries(authorization: string | undefined, token: string): boolean {
	const digest = (text: string) => createHash('sha256').update(text).digest()
	const given = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1]
	return given !== undefined && timingSafeEqual(digest(given), digest(token))
}
