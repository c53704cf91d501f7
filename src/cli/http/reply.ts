/**
 * What a local server answers.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { SQLakeError, type SQLakeErrorCode } from '../../errors.ts'

/** An answer. A body of several parts is sent as they come. */
export interface Reply {
	/** Default 200. */
	readonly status?: number
	readonly headers?: Readonly<Record<string, string>>
	readonly body: string | AsyncIterable<string>
}

/** An error as it stands in an answer. */
export interface ErrorBody {
	readonly error: { readonly code: string; readonly message: string; readonly hint: string }
}

/** An answer in JSON. */
export function jsonReply(value: unknown, status = 200): Reply {
	return { status, headers: { 'content-type': 'application/json; charset=utf-8' }, body: `${JSON.stringify(value)}\n` }
}

/**
 * A page. It may use nothing from elsewhere, and run no script and no style but those that bear its nonce.
 *
 * @param html - of a nonce, which the page's own `<style>` and `<script>` bear
 */
export function htmlReply(html: (nonce: string) => string): Reply {
	const nonce = randomBytes(16).toString('base64')
	return {
		headers: {
			'content-type': 'text/html; charset=utf-8',
			'content-security-policy': [
				"default-src 'none'",
				`script-src 'nonce-${nonce}'`,
				`style-src 'nonce-${nonce}'`,
				"connect-src 'self'",
				"base-uri 'none'",
				"form-action 'none'",
				"frame-ancestors 'none'",
			].join('; '),
		},
		body: html(nonce),
	}
}

/** The answer to a request that failed. */
export function errorReply(error: unknown): Reply {
	return jsonReply(errorBody(error), statusOf(error))
}

/** The error as it stands in an answer. What is no error of sqlake's is a fault in it. */
export function errorBody(error: unknown): ErrorBody {
	const { code, message, hint } = SQLakeError.wrap(error, 'INTERNAL', 'a fault in sqlake itself')
	return { error: { code, message, hint } }
}

/** Statuses of codes that are neither the mistake of whoever asked (400) nor a fault (500). */
const statuses: Partial<Record<SQLakeErrorCode, number>> = {
	REQUEST_REFUSED: 403,
	SHARD_NOT_FOUND: 404,
	SNAPSHOT_NOT_FOUND: 404,
	HISTORY_REWOUND: 409,
	IN_USE: 409,
	LAKE_SCHEMA_BEHIND: 409,
	MIGRATION_AHEAD: 409,
	MIGRATION_CHECKSUM: 409,
	MIGRATION_FAILED: 409,
	MIGRATION_MISSING: 409,
	MIGRATION_ORDER: 409,
	MIGRATION_PENDING: 409,
	STORE_CONFLICT: 409,
	ANALYTICS_ABORTED: 499,
	ANALYTICS_FAILED: 400,
	ANALYTICS_MEMORY: 507,
	BUFFER_FULL: 503,
	SHARD_UNAVAILABLE: 503,
	STORE_UNAVAILABLE: 503,
	ANALYTICS_TIMEOUT: 504,
	CAUSAL_TIMEOUT: 504,
}

/** Codes that tell of something broken here, not of a mistake in the request. */
const faults =
	/^(?:INTERNAL|LAKE_CORRUPT|FLUSH_FAILED|CAPTURE_INSTALL|COMMIT_|CATALOG_|SCHEMA_|DEPENDENCY_|RUNTIME_|ANALYTICS_|CONFIG_)/

/** The HTTP status that fits an error; one that brings its own in `details.status` knows best. */
export function statusOf(error: unknown): number {
	if (!SQLakeError.is(error)) return 500
	const own = error.details?.status
	if (typeof own === 'number') return own
	const known = statuses[error.code]
	if (known !== undefined) return known
	// A row that breaks a constraint is in conflict with what is there.
	if (error.code === 'QUERY_FAILED' && /constraint failed/i.test(error.message)) return 409
	return faults.test(error.code) ? 500 : 400
}
