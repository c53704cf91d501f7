/**
 * Drizzle's `is()`, which walks a value's classes at each call, with a memory.
 *
 * @module
 */
import { is } from 'drizzle-orm'

/** A class of Drizzle's. */
type EntityClass = Parameters<typeof is>[1]

/** By prototype and class. What a value is does not change with the value: Drizzle looks at nothing but its classes. */
const answers = new WeakMap<object, Map<EntityClass, boolean>>()

/** Tells whether a value is of a class of Drizzle's, of whichever copy of Drizzle. */
export function isEntity<T extends EntityClass>(value: unknown, type: T): value is InstanceType<T> {
	if (typeof value !== 'object' || value === null) return false
	const prototype: unknown = Object.getPrototypeOf(value)
	if (typeof prototype !== 'object' || prototype === null) return false
	let known = answers.get(prototype)
	if (known === undefined) {
		known = new Map()
		answers.set(prototype, known)
	}
	let answer = known.get(type)
	if (answer === undefined) {
		answer = is(value, type)
		known.set(type, answer)
	}
	return answer
}
