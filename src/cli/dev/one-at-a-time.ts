/** Runs work again where it was asked for while it ran, once for however many asked. */
export function oneAtATime(work: () => Promise<void>): () => Promise<void> {
	let running: Promise<void> | null = null
	let next: Promise<void> | null = null
	const start = (): Promise<void> => {
		running = work().finally(() => {
			running = null
		})
		return running
	}
	return () => {
		if (running === null) return start()
		next ??= running.then(() => {
			next = null
			return start()
		})
		return next
	}
}
