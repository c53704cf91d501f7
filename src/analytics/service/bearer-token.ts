/**
 * Bearer tokens, compared so that the time it takes tells nothing of them.
 *
 * @module
 */

/** Tells whether a request's `Authorization` header bears one of the tokens (RFC 6750, section 2.1). */
export async function bearsToken(header: string | null, tokens: readonly string[]): Promise<boolean> {
	const found = /^Bearer (.+)$/i.exec(header ?? '')?.[1] ?? ''
	const digest = await sha256(found)
	let matches = false
	// All tokens are compared, whichever matches. Digests are of one length, and say nothing of how much of a token was right.
	for (const token of tokens) matches = equal(digest, await sha256(token)) || matches
	return matches && found !== ''
}

async function sha256(text: string): Promise<Uint8Array> {
	return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
}

function equal(left: Uint8Array, right: Uint8Array): boolean {
	let difference = 0
	for (let i = 0; i < left.length; i++) difference |= (left[i] ?? 0) ^ (right[i] ?? 0)
	return difference === 0
}
