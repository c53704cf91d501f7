/**
 * Maps elements, at most `concurrency` at a time, keeping their order. The first failure is the answer; what runs then goes on.
 */
export async function mapConcurrently<T, U>(
	elements: readonly T[],
	fn: (element: T, index: number) => U | PromiseLike<U>,
	concurrency: number,
): Promise<U[]> {
	const results: U[] = new Array(elements.length)
	const queue = elements.entries()
	const work = async (): Promise<void> => {
		for (const [index, element] of queue) results[index] = await fn(element, index)
	}
	await Promise.all(Array.from({ length: Math.min(concurrency, elements.length) }, work))
	return results
}
