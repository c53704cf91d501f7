import { SQLakeError } from '../../errors.ts'

/** How often something that may be repeated without harm is tried, and how long in between. */
export interface RetryPolicy {
	readonly attempts: number
	/** Milliseconds before the second attempt; doubled for each further one. */
	readonly baseDelay: number
	/** Milliseconds. */
	readonly maxDelay: number
}

/** For reads, and for puts of objects that have a name of their own. */
export const STORE_RETRY: RetryPolicy = { attempts: 3, baseDelay: 50, maxDelay: 1000 }

/** Waits before attempt `attempt + 1`, a random time so that rivals part ("full jitter"). */
export async function backOff({ baseDelay, maxDelay }: RetryPolicy, attempt: number): Promise<void> {
	const delay = Math.random() * Math.min(maxDelay, baseDelay * 2 ** (attempt - 1))
	await new Promise((resolve) => setTimeout(resolve, delay))
}

/**
 * Repeats an operation while the store is unavailable. Only for what may run twice.
 *
 * @throws what the last attempt threw.
 */
export async function retryUnavailable<T>(operation: () => Promise<T>, policy: RetryPolicy = STORE_RETRY): Promise<T> {
	for (let attempt = 1; ; attempt++) {
		try {
			return await operation()
		} catch (error) {
			if (attempt >= policy.attempts || !SQLakeError.is(error, 'STORE_UNAVAILABLE')) throw error
			await backOff(policy, attempt)
		}
	}
}
