import { SQLakeError } from '../../../src/errors.ts'
import type { StoredObject } from '../../../src/lake/storage/object-store.ts'

/**
 * What befalls one call.
 *
 * - `fail-before`: it fails without effect; `fail-after`: it takes effect, and its answer is lost.
 * - `hang`: no effect, no answer; `hang-after`: it takes effect, no answer.
 * - `late`: no answer in time, and the effect comes when the caller has long given up.
 * - `delay`: it takes its time, and succeeds.
 * - `refuse`: a conditional put is told that its condition did not hold, as when another writer wins.
 * - `stale`: a read is answered as it was before the last change of the answer; not found where there is no earlier answer.
 * - `truncated`: a body comes short; `swapped`: another object's body comes in its place.
 * - `kill-before`, `kill-after`: the object dies before the call, or after its effect.
 */
export const faultKinds = [
	'fail-before',
	'fail-after',
	'hang',
	'hang-after',
	'late',
	'delay',
	'refuse',
	'stale',
	'truncated',
	'swapped',
	'kill-before',
	'kill-after',
] as const
export type FaultKind = (typeof faultKinds)[number]

/** Milliseconds that a simulated object waits for a call that will not answer, and that a late effect comes after. */
export const CALL_TIMEOUT = 250
const LATE = 350

/** Which calls fail, counted over store and catalog together from 0. */
export class FaultPlan {
	readonly faults: ReadonlyMap<number, FaultKind>
	/** Names of the calls so far. */
	readonly calls: string[] = []
	/** How many faults have struck. */
	struck = 0
	/** Effects that are still to come. */
	readonly late: Promise<unknown>[] = []

	constructor(faults: Iterable<readonly [number, FaultKind]> = []) {
		this.faults = new Map(faults)
	}

	/** Whether a call will not answer in time: then the objects wait shortly, else long enough for a slow machine. */
	get hangs(): boolean {
		return [...this.faults.values()].some((kind) => kind === 'hang' || kind === 'hang-after' || kind === 'late')
	}

	/** The fault of the next call. */
	next(call: string): FaultKind | undefined {
		const fault = this.faults.get(this.calls.length)
		this.calls.push(call)
		if (fault !== undefined) this.struck++
		return fault
	}
}

const never = <T>(): Promise<T> => new Promise<T>(() => {})
const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

function isStored(answer: unknown): answer is StoredObject {
	return typeof answer === 'object' && answer !== null && 'bytes' in answer && answer.bytes instanceof Uint8Array
}

function isConditional(options: unknown): boolean {
	return typeof options === 'object' && options !== null && ('ifMatch' in options || 'ifNoneMatch' in options)
}

/** Remembers what calls were answered, also by an object that has died since. */
export class Answers {
	readonly #answers = new Map<string, { readonly last: unknown; readonly before: unknown }>()

	remember(call: string, answer: unknown): void {
		const known = this.#answers.get(call)
		if (known === undefined) this.#answers.set(call, { last: answer, before: null })
		else if (JSON.stringify(known.last) !== JSON.stringify(answer)) {
			this.#answers.set(call, { last: answer, before: known.last })
		}
	}

	before(call: string): unknown {
		return this.#answers.get(call)?.before ?? null
	}

	/** What another call was answered, that brought bytes. */
	other(call: string): StoredObject | undefined {
		return [...this.#answers].flatMap(([other, { last }]) => (other !== call && isStored(last) ? [last] : [])).at(-1)
	}
}

/** What each simulated object was answered, by its name. */
const answersOf = new Map<string, Answers>()

const READS: ReadonlySet<PropertyKey> = new Set(['get', 'head', 'position'])

/**
 * Wraps every method of a store or a catalog with the faults of the plan that holds when it is called.
 *
 * @param object Name of the object whose store or catalog it is.
 */
export function faulty<T extends object>(target: T, name: string, object: string, plan: () => FaultPlan, kill: () => void): T {
	const answers = answersOf.get(object) ?? new Answers()
	answersOf.set(object, answers)
	return new Proxy(target, {
		get(wrapped, property) {
			const member: unknown = Reflect.get(wrapped, property, wrapped)
			if (typeof member !== 'function') return member
			return async (...values: unknown[]): Promise<unknown> => {
				const current = plan()
				const id = `${name}.${String(property)} ${JSON.stringify(values[0])}`
				const call = async (): Promise<unknown> => {
					const answer: unknown = await member.apply(wrapped, values)
					if (READS.has(property)) answers.remember(id, answer)
					return answer
				}
				const lost = (when: string) =>
					new SQLakeError('STORE_UNAVAILABLE', `simulated: ${name}.${String(property)} failed ${when}`)
				switch (current.next(`${name}.${String(property)}`)) {
					case 'fail-before':
						throw lost('before')
					case 'fail-after':
						await call()
						throw lost('after')
					case 'hang':
						return never()
					case 'hang-after':
						await call()
						return never()
					case 'late':
						current.late.push(
							after(LATE)
								.then(call)
								.catch(() => undefined),
						)
						return never()
					case 'refuse':
						return property === 'put' && isConditional(values[2]) ? null : call()
					case 'stale':
						if (!READS.has(property)) return call()
						await call()
						return answers.before(id)
					case 'truncated': {
						const answer = await call()
						return isStored(answer) ? { ...answer, bytes: answer.bytes.slice(0, answer.bytes.length >> 1) } : answer
					}
					case 'swapped': {
						const answer = await call()
						const other = answers.other(id)
						return isStored(answer) && other !== undefined ? { ...answer, size: other.size, bytes: other.bytes } : answer
					}
					case 'delay':
						await after(5)
						return call()
					case 'kill-before':
						kill()
						return never()
					case 'kill-after':
						await call()
						kill()
						return never()
					default:
						return call()
				}
			}
		},
	})
}
