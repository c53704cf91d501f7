/**
 * The fleet of a deployed Worker, over HTTP.
 *
 * @module
 */
import { errorCodes, messageOf, SQLakeError, type SQLakeErrorCode } from '../errors.ts'
import type { MigrateRequest } from '../migrator/migration-status.ts'
import type {
	Fleet,
	FleetSummary,
	ResumeOptions,
	RollbackOptions,
	Rollout,
	RolloutOptions,
	ShardDetails,
	ShardFilter,
	ShardMigration,
	ShardPage,
} from './fleet.ts'

/** How to reach the admin handler of a Worker. */
export interface FleetHttpClientOptions {
	/** Where it is mounted, such as `https://app.example.com/_sqlake`; of a URL without a path `/_sqlake` is taken. */
	readonly url: string | URL
	/** The token that the handler was given. */
	readonly token: string
	/** Milliseconds that a call may take. Default 60,000. */
	readonly timeoutMs?: number
	/** In place of the runtime's own, such as a service binding's. */
	readonly fetch?: (request: Request) => Promise<Response>
}

/** Where `createAdminHandler` listens unless it was told otherwise. */
export const DEFAULT_ADMIN_PATH = '/_sqlake'

/** Milliseconds. */
const CALL_TIMEOUT = 60_000

/** Hosts to which a token may go without encryption. */
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * Speaks to what `createAdminHandler` mounts in a Worker.
 *
 * @example
 * ```ts
 * const fleet = new FleetHttpClient({ url: 'https://app.example.com', token })
 * const { shards, versions } = await fleet.summary()
 * ```
 */
export class FleetHttpClient implements Fleet {
	readonly #base: string
	readonly #token: string
	readonly #timeoutMs: number
	readonly #fetch: (request: Request) => Promise<Response>

	/** @throws SQLakeError CONFIG_INVALID for a malformed URL, and for one that would send the token unencrypted */
	constructor(options: FleetHttpClientOptions) {
		this.#base = baseOf(options.url)
		this.#token = options.token
		this.#timeoutMs = options.timeoutMs ?? CALL_TIMEOUT
		this.#fetch = options.fetch ?? ((request) => fetch(request))
	}

	summary(): Promise<FleetSummary> {
		return this.#call('GET', '')
	}

	shards({ state, version, cursor, limit }: ShardFilter = {}): Promise<ShardPage> {
		const query = new URLSearchParams()
		if (state !== undefined) query.set('state', state)
		// No tag is empty.
		if (version !== undefined) query.set('version', version ?? '')
		if (cursor !== undefined) query.set('cursor', cursor)
		if (limit !== undefined) query.set('limit', String(limit))
		return this.#call('GET', `/shards?${query}`)
	}

	shard(name: string): Promise<ShardDetails> {
		return this.#call('GET', shardPath(name))
	}

	migrateShard(name: string, request: MigrateRequest = {}): Promise<ShardMigration> {
		return this.#call('POST', `${shardPath(name)}/migrate`, request)
	}

	async forgetShard(name: string): Promise<void> {
		await this.#call('DELETE', shardPath(name))
	}

	startRollout(options: RolloutOptions = {}): Promise<Rollout> {
		return this.#call('POST', '/rollouts', options)
	}

	async rollouts(): Promise<readonly Rollout[]> {
		const { rollouts } = await this.#call<{ rollouts: readonly Rollout[] }>('GET', '/rollouts')
		return rollouts
	}

	rollout(id: string): Promise<Rollout> {
		return this.#call('GET', rolloutPath(id))
	}

	pause(id: string): Promise<Rollout> {
		return this.#call('POST', `${rolloutPath(id)}/pause`)
	}

	resume(id: string, options: ResumeOptions = {}): Promise<Rollout> {
		return this.#call('POST', `${rolloutPath(id)}/resume`, options)
	}

	rollback(id: string, options: RollbackOptions = {}): Promise<Rollout> {
		return this.#call('POST', `${rolloutPath(id)}/rollback`, options)
	}

	cancel(id: string): Promise<Rollout> {
		return this.#call('POST', `${rolloutPath(id)}/cancel`)
	}

	async #call<T>(method: string, path: string, body?: object): Promise<T> {
		const url = `${this.#base}/fleet${path}`
		const headers = new Headers({ authorization: `Bearer ${this.#token}`, accept: 'application/json' })
		if (method === 'POST') headers.set('content-type', 'application/json')
		const timeout = new AbortController()
		const request = new Request(url, {
			method,
			headers,
			// To follow a redirect would show the token to another host.
			redirect: 'manual',
			signal: timeout.signal,
			...(method === 'POST' ? { body: JSON.stringify(body ?? {}) } : {}),
		})
		// Raced as well: a request that its fetch lets go of is collected, and its signal then aborts nothing.
		const { promise: late, reject } = Promise.withResolvers<never>()
		const timer = setTimeout(() => {
			const reason = new DOMException(`no answer in ${this.#timeoutMs} ms`, 'TimeoutError')
			timeout.abort(reason)
			reject(reason)
		}, this.#timeoutMs)
		let response: Response
		let text: string
		try {
			response = await Promise.race([this.#fetch(request), late])
			text = await Promise.race([response.text(), late])
		} catch (error) {
			throw unavailable(url, messageOf(error), error)
		} finally {
			clearTimeout(timer)
		}
		const answer = parse(text)
		if (response.ok && answer !== undefined) return answer as T
		throw errorOf(answer) ?? unavailable(url, `expected the admin handler, found status ${response.status}`)
	}
}

function baseOf(input: string | URL): string {
	const text = String(input)
	if (!URL.canParse(text)) throw badUrl(text, 'a URL')
	const url = new URL(text)
	const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.has(url.hostname))
	if (!isSafe) throw badUrl(`${url.protocol}//${url.host}`, 'https (http for this machine alone)')
	const path = url.pathname.replace(/\/+$/, '')
	return `${url.origin}${path === '' ? DEFAULT_ADMIN_PATH : path}`
}

function shardPath(name: string): string {
	return `/shards/${encodeURIComponent(name)}`
}

function rolloutPath(id: string): string {
	return `/rollouts/${encodeURIComponent(id)}`
}

function parse(text: string): unknown {
	try {
		return JSON.parse(text)
	} catch {
		// A page of a proxy, say: the status tells more than it does.
		return undefined
	}
}

/** The error that a handler sent; undefined where the answer is something else. */
function errorOf(answer: unknown): SQLakeError | undefined {
	if (typeof answer !== 'object' || answer === null || !('error' in answer)) return undefined
	const { error } = answer
	if (typeof error !== 'object' || error === null || !('code' in error) || !('message' in error)) return undefined
	const hint = 'hint' in error && typeof error.hint === 'string' ? error.hint : undefined
	// A newer handler may know codes that this client does not.
	return new SQLakeError(isCode(error.code) ? error.code : 'INTERNAL', String(error.message), { hint })
}

function isCode(code: unknown): code is SQLakeErrorCode {
	return typeof code === 'string' && Object.hasOwn(errorCodes, code)
}

function badUrl(found: string, expected: string): SQLakeError {
	return new SQLakeError('CONFIG_INVALID', `url of the fleet: expected ${expected}, found ${JSON.stringify(found)}`, {
		hint: 'name the Worker that mounts createAdminHandler(): https://app.example.com',
	})
}

function unavailable(url: string, why: string, cause?: unknown): SQLakeError {
	return new SQLakeError('FLEET_UNAVAILABLE', `${url}: ${why}`, {
		cause,
		hint: 'is createAdminHandler() mounted there?',
	})
}
