/** Everything that an asynchronous iterable gives. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
	const collected: T[] = []
	for await (const item of items) collected.push(item)
	return collected
}
