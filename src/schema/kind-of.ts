/** A value in words, for messages: primitives as they are written, others by their kind. */
export function kindOf(value: unknown): string {
	if (typeof value === 'string') return JSON.stringify(value)
	if (value === null || typeof value !== 'object') return typeof value === 'function' ? 'a function' : String(value)
	if (Array.isArray(value)) return 'an array'
	const name: unknown = value.constructor?.name
	if (name === 'Object' || typeof name !== 'string') return Object.keys(value).length === 0 ? 'an empty object' : 'an object'
	return `a ${name}`
}
