/**
 * Who may use the admin handler.
 *
 * @module
 */
import { isSameToken } from '../analytics/service/bearer-token.ts'
import { SQLakeError } from '../errors.ts'
import { AdminRefusal } from './admin-refusal.ts'

/** The shortest token that is taken. */
export const MIN_TOKEN_LENGTH = 16

/** What a header can carry. */
const PRINTABLE = /^[\x21-\x7e]*$/

/** @throws SQLakeError CONFIG_INVALID for a token that could be guessed, could not be sent, or is not there; it is not in the message */
export function assertToken(token: unknown): asserts token is string {
	const found =
		typeof token !== 'string' || token === ''
			? 'none'
			: !PRINTABLE.test(token)
				? 'a space, a line end or a character beyond ASCII'
				: token.length < MIN_TOKEN_LENGTH
					? `${token.length}`
					: null
	if (found === null) return
	throw new SQLakeError(
		'CONFIG_INVALID',
		`token of the admin handler: expected at least ${MIN_TOKEN_LENGTH} characters, found ${found}`,
		{
			hint: 'set a secret: openssl rand -hex 32 | wrangler secret put SQLAKE_ADMIN_TOKEN',
		},
	)
}

/**
 * Lets a request in that carries the token, and that no page of another origin has sent.
 *
 * @throws AdminRefusal 401, 403
 */
export async function assertAccess(request: Request, token: string): Promise<void> {
	const origin = request.headers.get('origin')
	const site = request.headers.get('sec-fetch-site')
	const isFromHere = site === null || site === 'none' || site === 'same-origin'
	if ((origin !== null && origin !== new URL(request.url).origin) || !isFromHere) {
		throw new AdminRefusal(403, 'origin of the request: expected this one or none, found another', {
			hint: 'call it from a server or the command line, not from a page of another site',
		})
	}
	const [, found] = /^Bearer +(\S+) *$/i.exec(request.headers.get('authorization') ?? '') ?? []
	if (found === undefined || !(await isSameToken(found, token))) {
		throw new AdminRefusal(401, `Authorization: expected the token, found ${found === undefined ? 'none' : 'another'}`, {
			headers: { 'www-authenticate': 'Bearer realm="sqlake"' },
		})
	}
}
