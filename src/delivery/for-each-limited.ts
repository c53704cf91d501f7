/**
 * Runs `task` for each item, at most `limit` at once, and starts none after a failure. It waits for what is running before it
 * rejects, so that nothing goes on behind the caller's back.
 */
export async function forEachLimited<T>(items: Iterable<T>, limit: number, task: (item: T) => Promise<void>): Promise<void> {
	const iterator = items[Symbol.iterator]()
	const failures: unknown[] = []
	const worker = async (): Promise<void> => {
		while (failures.length === 0) {
			const next = iterator.next()
			if (next.done === true) return
			try {
				await task(next.value)
			} catch (error) {
				failures.push(error)
			}
		}
	}
	await Promise.all(Array.from({ length: limit }, worker))
	if (failures.length > 0) throw failures[0]
}
