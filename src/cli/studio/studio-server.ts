/**
 * A browser's way into a project on this machine: a page of its own, and what Drizzle Studio's front end asks.
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'
import { parseJson } from '../http/json-values.ts'
import { type LocalRequest, type LocalServer, type LocalServerOptions, startLocalServer } from '../http/local-server.ts'
import { htmlReply, jsonReply, type Reply } from '../http/reply.ts'
import { answerDrizzleStudio, DRIZZLE_STUDIO, studioError, studioJson } from './drizzle-protocol.ts'
import { loadStudioPage } from './studio-page.ts'
import type { StudioSource } from './studio-source.ts'

/** The options of {@link startStudioServer}. */
export interface StudioServerOptions extends Pick<LocalServerOptions, 'port' | 'host' | 'token' | 'onRequest'> {
	/** Closed with the server. */
	readonly source: StudioSource
}

/**
 * Shows a source. Drizzle Studio's page may ask `POST /` and nothing else; every other page of elsewhere is refused.
 *
 * @throws SQLakeError IN_USE where another process has the port
 */
export async function startStudioServer({ source, ...options }: StudioServerOptions): Promise<LocalServer> {
	const page = await loadStudioPage()
	const server = await startLocalServer({
		...options,
		origins: { '/': [DRIZZLE_STUDIO] },
		handle: (request) => route(request, source, page),
	})
	return {
		...server,
		close: async () => {
			await server.close()
			await source.close()
		},
	}
}

async function route(request: LocalRequest, source: StudioSource, page: (nonce: string) => string): Promise<Reply> {
	const { method, path } = request
	if (path === '/' && method === 'POST') return drizzleStudio(request, source)
	if (path === '/' && method === 'OPTIONS') return preflight(request)
	if (path === '/' && (method === 'GET' || method === 'HEAD')) return htmlReply(page)
	if (path === '/studio' && method === 'GET') {
		return jsonReply({ kind: source.kind, title: source.title, drizzleStudio: source.database.title })
	}
	return source.handle(request)
}

async function drizzleStudio(request: LocalRequest, { database, schema }: StudioSource): Promise<Reply> {
	const headers = { 'content-type': 'application/json; charset=utf-8', ...corsHeaders(request) }
	try {
		const answer = await answerDrizzleStudio(readJson(await request.text()), database, schema)
		return { headers, body: studioJson(answer) }
	} catch (error) {
		// The front end looks at "status", not at the status of HTTP.
		return { headers, body: studioJson(studioError(error)) }
	}
}

/** What a browser asks before a page of elsewhere may: the guard has let only one page through. */
function preflight(request: LocalRequest): Reply {
	return {
		status: 204,
		headers: {
			...corsHeaders(request),
			'access-control-allow-methods': 'POST',
			'access-control-allow-headers': 'content-type',
			'access-control-max-age': '600',
		},
		body: '',
	}
}

/** The second header lets a page of the internet ask a server of this machine (Private Network Access). */
function corsHeaders({ headers }: LocalRequest): Readonly<Record<string, string>> {
	if (headers.origin !== DRIZZLE_STUDIO) return {}
	return { 'access-control-allow-origin': DRIZZLE_STUDIO, 'access-control-allow-private-network': 'true', vary: 'origin' }
}

function readJson(text: string): unknown {
	try {
		return parseJson(text)
	} catch (cause) {
		throw new SQLakeError('REQUEST_INVALID', 'request of Drizzle Studio: expected JSON, found something else', { cause })
	}
}
