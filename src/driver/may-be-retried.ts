/**
 * Tells whether a call to a Durable Object that failed may succeed if it is made again
 * (https://developers.cloudflare.com/durable-objects/best-practices/error-handling/). An overloaded object is only burdened by
 * another attempt; the platform marks errors that may pass.
 */
export function mayBeRetried(error: unknown): boolean {
	if (typeof error !== 'object' || error === null) return false
	if ('overloaded' in error && error.overloaded === true) return false
	return (
		('retryable' in error && error.retryable === true) || ('durableObjectReset' in error && error.durableObjectReset === true)
	)
}
