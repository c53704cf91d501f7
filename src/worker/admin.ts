/**
 * The HTTP handler by which a fleet is looked after from outside.
 *
 * @module
 */
import { SQLakeError, type SQLakeErrorCode } from '../errors.ts'
import type { Fleet } from '../fleet/fleet.ts'
import { DEFAULT_ADMIN_PATH } from '../fleet/fleet-http-client.ts'
import { createObservability } from '../observability/create-observability.ts'
import type { Observability } from '../observability/observability.ts'
import { assertAccess, assertToken } from './admin-access.ts'
import { answerFleet } from './admin-fleet.ts'
import { AdminRefusal } from './admin-refusal.ts'
import { createFleetClient, type FleetClientOptions } from './create-fleet-client.ts'

/** The options of {@link createAdminHandler}. */
export interface AdminHandlerOptions<TEnv extends object = object> extends FleetClientOptions {
	/** What a caller has to show, at least 16 characters; from the Worker's secrets, most often. */
	readonly token: string | ((env: TEnv) => string | undefined)
	/** Where it listens. Default `'/_sqlake'`. */
	readonly path?: string
	/** Opens the fleet. Default: `createFleetClient(env, { schema })`. */
	readonly fleet?: (env: TEnv) => Fleet
	/** Where failures are logged; nowhere unless set. */
	readonly observability?: Observability
}

/** Answers a request for the admin path; null for any other. */
export type AdminHandler<TEnv extends object = object> = (request: Request, env: TEnv, ctx?: unknown) => Promise<Response | null>

/** Statuses of errors that are not the handler's own. */
const STATUSES: Partial<Record<SQLakeErrorCode, number>> = {
	ROLLOUT_INVALID: 409,
	ROLLOUT_NOT_FOUND: 404,
	SHARD_NOT_FOUND: 404,
	RPC_INVALID: 400,
	SHARD_UNAVAILABLE: 502,
	FLEET_UNAVAILABLE: 503,
}

const HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }

/**
 * A handler for a Worker's `fetch`, which does nothing unless it is mounted. It answers below its path alone, as JSON, and to
 * whoever shows the token. Endpoints: docs/fleet.md.
 *
 * @throws SQLakeError CONFIG_INVALID for a token of less than 16 characters, or a path that does not begin with a slash
 * @example
 * ```ts
 * const admin = createAdminHandler({ token: (env: Env) => env.SQLAKE_ADMIN_TOKEN, schema })
 *
 * export default {
 *   async fetch(request, env, ctx) {
 *     return (await admin(request, env, ctx)) ?? app.fetch(request, env, ctx)
 *   },
 * } satisfies ExportedHandler<Env>
 * ```
 */
export function createAdminHandler<TEnv extends object = object>(options: AdminHandlerOptions<TEnv>): AdminHandler<TEnv> {
	const { token, path = DEFAULT_ADMIN_PATH, observability = createObservability() } = options
	if (typeof token !== 'function') assertToken(token)
	if (!/^(\/[^/?#]+)+$/.test(path)) {
		throw new SQLakeError(
			'CONFIG_INVALID',
			`path of the admin handler: expected one such as "/_sqlake", found ${JSON.stringify(path)}`,
		)
	}
	const open = options.fleet ?? ((env: TEnv) => createFleetClient(env, options))
	return async (request, env) => {
		const { pathname } = new URL(request.url)
		if (pathname !== path && !pathname.startsWith(`${path}/`)) return null
		try {
			const secret = typeof token === 'function' ? token(env) : token
			assertToken(secret)
			await assertAccess(request, secret)
			const [area, ...segments] = pathname.slice(path.length + 1).split('/')
			if (area !== 'fleet') throw new AdminRefusal(404, `path: expected one below ${path}/fleet, found another`)
			return Response.json(await answerFleet(segments, request, () => open(env)), { headers: HEADERS })
		} catch (error) {
			return refusalOf(error, observability)
		}
	}
}

/** What a caller is told of an error. Causes stay here: they may hold what is nobody's business. */
function refusalOf(thrown: unknown, { logger }: Observability): Response {
	const error = SQLakeError.wrap(thrown, 'INTERNAL', 'the admin handler failed')
	const status = statusOf(error)
	if (status >= 500) logger.error(`admin: ${error.message}`, { 'error.type': error.code })
	const { code, message, hint } = error
	const headers = error instanceof AdminRefusal ? error.headers : {}
	return Response.json({ error: { code, message, hint } }, { status, headers: { ...HEADERS, ...headers } })
}

function statusOf(error: SQLakeError): number {
	if (error instanceof AdminRefusal) return error.status
	// An option out of range is the caller's; a roll-out in another state is not.
	if (error.code === 'ROLLOUT_INVALID' && error.details?.option !== undefined) return 400
	return STATUSES[error.code] ?? (error.code.startsWith('MIGRATION_') ? 409 : 500)
}
