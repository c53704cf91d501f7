/**
 * The endpoints of the admin handler that look after a fleet.
 *
 * @module
 */
import type { Fleet } from '../fleet/fleet.ts'
import {
	validateMigrateRequest,
	validateResumeOptions,
	validateRollbackOptions,
	validateRolloutOptions,
	validateShardFilter,
} from '../fleet/validate-rollout.ts'
import { AdminRefusal } from './admin-refusal.ts'
import { readJson } from './admin-request.ts'

/** What an endpoint is called with. */
interface Call {
	readonly fleet: Fleet
	/** The segment of the path that names the shard or the roll-out; empty where there is none. */
	readonly name: string
	readonly request: Request
}

/** What answers to a method, as plain data. */
type Endpoint = Readonly<Record<string, (call: Call) => Promise<unknown>>>

/** By the path below `/fleet`, with `*` for a name. */
const endpoints: Readonly<Record<string, Endpoint>> = {
	'': { GET: ({ fleet }) => fleet.summary() },
	shards: { GET: ({ fleet, request }) => fleet.shards(validateShardFilter(filterOf(new URL(request.url).searchParams))) },
	'shards/*': {
		GET: ({ fleet, name }) => fleet.shard(name),
		DELETE: async ({ fleet, name }) => {
			await fleet.forgetShard(name)
			return { forgotten: name }
		},
	},
	'shards/*/migrate': {
		POST: async ({ fleet, name, request }) => fleet.migrateShard(name, validateMigrateRequest(await readJson(request))),
	},
	rollouts: {
		GET: async ({ fleet }) => ({ rollouts: await fleet.rollouts() }),
		POST: async ({ fleet, request }) => fleet.startRollout(validateRolloutOptions(await readJson(request))),
	},
	'rollouts/*': { GET: ({ fleet, name }) => fleet.rollout(name) },
	'rollouts/*/pause': { POST: ({ fleet, name, request }) => withoutBody(request, () => fleet.pause(name)) },
	'rollouts/*/resume': {
		POST: async ({ fleet, name, request }) => fleet.resume(name, validateResumeOptions(await readJson(request))),
	},
	'rollouts/*/cancel': { POST: ({ fleet, name, request }) => withoutBody(request, () => fleet.cancel(name)) },
	'rollouts/*/rollback': {
		POST: async ({ fleet, name, request }) => fleet.rollback(name, validateRollbackOptions(await readJson(request))),
	},
}

/**
 * Answers a request for a path below `/fleet`.
 *
 * @param segments of the path, as they stand in the URL
 * @throws AdminRefusal 404, 405 and what {@link readJson} throws; what the fleet throws
 */
export async function answerFleet(segments: readonly string[], request: Request, open: () => Fleet): Promise<unknown> {
	const [area = '', name, ...action] = segments
	const path = name === undefined ? area : [area, '*', ...action].join('/')
	const endpoint = Object.hasOwn(endpoints, path) ? endpoints[path] : undefined
	if (endpoint === undefined || name === '') throw new AdminRefusal(404, 'path: expected an endpoint of the fleet, found none')
	const answer = Object.hasOwn(endpoint, request.method) ? endpoint[request.method] : undefined
	if (answer === undefined) {
		const allowed = Object.keys(endpoint).join(', ')
		throw new AdminRefusal(405, `method: expected ${allowed}, found ${request.method}`, { headers: { allow: allowed } })
	}
	return answer({ fleet: open(), name: decode(name ?? ''), request })
}

/** What a query string says, as the filter's own types; what it leaves out stays out. */
function filterOf(query: URLSearchParams): Record<string, unknown> {
	const filter: Record<string, unknown> = Object.fromEntries(query)
	// No tag is empty: this way the shards without any migration are asked for.
	if (filter.version === '') filter.version = null
	if (filter.limit !== undefined) filter.limit = Number(filter.limit)
	return filter
}

/** An empty object may stand where nothing is expected. */
async function withoutBody<T>(request: Request, call: () => Promise<T>): Promise<T> {
	const body = await readJson(request)
	if (typeof body !== 'object' || body === null || Object.keys(body).length > 0) {
		throw new AdminRefusal(400, 'body: expected none, or {}, found something else')
	}
	return call()
}

function decode(segment: string): string {
	try {
		return decodeURIComponent(segment)
	} catch {
		throw new AdminRefusal(400, 'path: expected percent-encoded UTF-8, found something else')
	}
}
