/**
 * What a dev server answers.
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'
import type { LocalRequest } from '../http/local-server.ts'
import { errorBody, htmlReply, jsonReply, type Reply } from '../http/reply.ts'
import { answerQuery } from './answer-query.ts'
import { listShards, showShard } from './list-shards.ts'
import { listTables } from './list-tables.ts'
import type { ProjectHost } from './project-host.ts'
import { readQueryRequest } from './query-request.ts'
import { statusPage } from './status-page.ts'

type Route = (request: LocalRequest, host: ProjectHost) => Promise<Reply>

const routes: Readonly<Record<string, Route>> = {
	'GET /': async ({ headers }, host) =>
		htmlReply(await host.current.use((router) => statusPage(router, host, headers.host ?? 'localhost'))),
	'GET /health': async (_request, { project, problem }) =>
		jsonReply({
			status: problem === null ? 'ok' : 'stale',
			migrations: project.source,
			tables: project.schema.lake.tables.size,
			...(problem === null ? {} : errorBody(problem)),
		}),
	'GET /tables': async (_request, { current }) => jsonReply(await current.use(listTables)),
	'GET /shards': async ({ query }, { current }) => jsonReply(await current.use((router) => listShards(router, query))),
	'GET /shards/<name>': async ({ path }, { current }) =>
		jsonReply(await current.use((router) => showShard(router, shardOf(path)))),
	'POST /query': query,
	'POST /flush': async (_request, { current }) => jsonReply(await current.use((router) => router.flush())),
}

/** The routes over a project. */
export function devRoutes(host: ProjectHost): (request: LocalRequest) => Promise<Reply> {
	return async (request) => findRoute(request)(request, host)
}

function findRoute({ method, path }: LocalRequest): Route {
	const pattern = path.startsWith('/shards/') ? '/shards/<name>' : path
	const route = routes[`${method === 'HEAD' ? 'GET' : method} ${pattern}`]
	if (route !== undefined) return route
	const others = Object.keys(routes).filter((name) => name.endsWith(` ${pattern}`))
	if (others.length > 0) {
		throw new SQLakeError('REQUEST_INVALID', `${method} ${path}: expected ${others.join(' or ')}`, { details: { status: 405 } })
	}
	throw new SQLakeError('REQUEST_INVALID', `${path}: expected one of ${Object.keys(routes).join(', ')}`, {
		hint: 'queries go to POST /query',
		details: { status: 404 },
	})
}

async function query(request: LocalRequest, { current }: ProjectHost): Promise<Reply> {
	const { signal } = request
	const parsed = readQueryRequest(await request.text())
	const { router, release } = await current.acquire()
	try {
		const reply = await answerQuery(router, parsed, signal)
		// The rows of a streamed answer need the router until they are all sent, or nobody wants them any more.
		if (parsed.format === 'ndjson' && !signal.aborted) signal.addEventListener('abort', release, { once: true })
		else release()
		return reply
	} catch (error) {
		release()
		throw error
	}
}

function shardOf(path: string): string {
	const encoded = path.slice('/shards/'.length)
	try {
		return decodeURIComponent(encoded)
	} catch (cause) {
		throw new SQLakeError('REQUEST_INVALID', `shard ${encoded}: expected a name in the form of an address`, {
			cause,
			hint: 'encodeURIComponent(name)',
		})
	}
}
