/** A Worker opens at most 6 connections at once (Workers limits, "Simultaneous open connections"); more only wait in a queue. */
export const MAX_CONCURRENT_REQUESTS = 6

/**
 * Maps items concurrently, at most `limit` at a time, keeping their order. After a failure no further item is started.
 *
 * @throws what `work` throws first.
 */
export async function mapLimit<T, R>(
	items: readonly T[],
	work: (item: T, index: number) => Promise<R>,
	limit: number = MAX_CONCURRENT_REQUESTS,
): Promise<R[]> {
	const results = new Array<R>(items.length)
	let next = 0
	let failed = false
	const worker = async () => {
		while (!failed && next < items.length) {
			const index = next++
			try {
				results[index] = await work(items[index] as T, index)
			} catch (error) {
				failed = true
				throw error
			}
		}
	}
	await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker))
	return results
}
