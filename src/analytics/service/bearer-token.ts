/**
 * Bearer tokens, compared so that the time it takes tells nothing of them.
 *
 * @module
 */

/** Tells whether a request's `Authorization` header bears one of the tokens (RFC 6750, section 2.1). */
export async function bearsToken(header: string | null, tokens: readonly string[]): Promise<boolean> {
	const found = /^Bearer (.+)$/i.exec(header ?? '')?.[1] ?? ''
	let matches = false
	// All tokens are compared, whichever matches.
	for (const token of tokens) matches = (await isSameToken(found, token)) || matches
	return matches && found !== ''
}

/** Compares digests: they are of one length, and say nothing of how much of a token was right. */
export async function isSameToken(found: string, token: string): Promise<boolean> {
	const [left, right] = await Promise.all([sha256(found), sha256(token)])
	return equal(left, right)
}

async function sha256(text: string): Promise<Uint8Array> {
	return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
}

function equal(left: Uint8Array, right: Uint8Array): boolean {
	let difference = 0
	for (let i = 0; i < left.length; i++) difference |= (left[i] ?? 0) ^ (right[i] ?? 0)
	return difference === 0
}
