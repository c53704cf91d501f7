/**
 * Which runtime this is.
 *
 * @module
 */

/** A runtime, as far as the choice of an engine depends on it. */
export type DuckDBEnvironment = 'workerd' | 'node' | 'other'

/**
 * The runtime that this code runs in. A Worker says so in `navigator.userAgent`
 * (https://developers.cloudflare.com/workers/runtime-apis/web-standards/); with `nodejs_compat` it has a `process` as Node does,
 * so that is asked last.
 */
export function detectEnvironment(): DuckDBEnvironment {
	const { navigator, process }: { navigator?: { userAgent?: unknown }; process?: { versions?: { node?: unknown } } } = globalThis
	if (navigator?.userAgent === 'Cloudflare-Workers') return 'workerd'
	return typeof process?.versions?.node === 'string' ? 'node' : 'other'
}
