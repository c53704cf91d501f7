/**
 * What a scan asks for, as far as files can be skipped by it: plain data over field ids. A predicate is a necessary condition:
 * a row for which it is not true may be left out, a file that may hold a row for which it is true is kept.
 *
 * @module
 */
import type { IcebergValue } from './types.ts'

/** A value that a column is compared with, in the column's own type: bigint for long and timestamps (microseconds). */
export type ScanValue = Exclude<IcebergValue, null>

/** Compares one column with one value. NULL compares as neither true nor false, so it never matches. */
export interface ScanComparison {
	readonly op: 'eq' | 'lt' | 'lte' | 'gt' | 'gte'
	readonly fieldId: number
	readonly value: ScanValue
}

/** A column is one of several values. */
export interface ScanMembership {
	readonly op: 'in'
	readonly fieldId: number
	readonly values: readonly ScanValue[]
}

/** A column is NULL, or is not. */
export interface ScanNullTest {
	readonly op: 'isNull' | 'notNull'
	readonly fieldId: number
}

/** A predicate on one column. */
export type ScanLeaf = ScanComparison | ScanMembership | ScanNullTest

/** A predicate for scan planning. There is no `not`: push it down to the leaves, or leave the part out by `alwaysTrue`. */
export type ScanPredicate =
	| { readonly op: 'alwaysTrue' }
	| { readonly op: 'alwaysFalse' }
	| ScanLeaf
	| { readonly op: 'and' | 'or'; readonly operands: readonly ScanPredicate[] }

/** The predicate that keeps everything. */
export const ALWAYS_TRUE: ScanPredicate = { op: 'alwaysTrue' }

/**
 * Decides a predicate from a judgement of its leaves. Sound for "may hold a matching row": a conjunction needs every operand to
 * be possible, a disjunction one of them.
 *
 * @param leafMayMatch Whether a row for which the leaf is true can be there.
 */
export function mayMatch(predicate: ScanPredicate, leafMayMatch: (leaf: ScanLeaf) => boolean): boolean {
	switch (predicate.op) {
		case 'alwaysTrue':
			return true
		case 'alwaysFalse':
			return false
		case 'and':
			return predicate.operands.every((operand) => mayMatch(operand, leafMayMatch))
		case 'or':
			return predicate.operands.some((operand) => mayMatch(operand, leafMayMatch))
		default:
			return leafMayMatch(predicate)
	}
}
