/**
 * Finds the changes that cannot be encoded, so that they do not hold up the rest.
 *
 * @module
 */
import { messageOf } from '../errors.ts'
import type { DataFilePlan } from './plan-files.ts'

/** A change that cannot be encoded. */
export interface Poison {
	readonly seq: number
	readonly message: string
}

/** Attempts to encode a part before what is left of a failing part is given up as a whole. */
const MAX_PROBES = 2_000

/**
 * The poisonous changes of a file that failed to encode, found by bisection: `log2(n)` attempts for each. Where so many fail
 * that {@link MAX_PROBES} attempts do not tell them apart, all of a failing part count; dead letters can be delivered again.
 *
 * Nothing is poisonous where the changes fail together only, each half being fine.
 *
 * @param encode encodes rows `[from, to)`; throws where one of them is poisonous
 * @param error what the whole file failed with
 */
export function findPoison(plan: DataFilePlan, encode: (from: number, to: number) => unknown, error: unknown): Poison[] {
	const poison: Poison[] = []
	let probes = 0
	const search = (from: number, to: number, cause: unknown): void => {
		if (to - from === 1 || probes >= MAX_PROBES) {
			for (let row = from; row < to; row++) poison.push({ seq: plan.changes.seq[row] ?? 0, message: messageOf(cause) })
			return
		}
		const middle = (from + to) >>> 1
		for (const [start, end] of [
			[from, middle],
			[middle, to],
		] as const) {
			probes++
			try {
				encode(start, end)
			} catch (failure) {
				search(start, end, failure)
			}
		}
	}
	search(plan.from, plan.to, error)
	return poison
}
