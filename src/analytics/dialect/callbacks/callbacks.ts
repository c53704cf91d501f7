/**
 * The functions that rewritten queries call and that the engine calls back.
 *
 * @module
 */
import type { EngineFunction } from '../../query-engine.ts'
import { DATE_CALLBACKS } from './date-functions.ts'
import { JSON_CALLBACKS } from './json-functions.ts'
import { VALUE_CALLBACKS } from './value-functions.ts'

/** By name, all with a prefix that no function of a user's should have. */
export const CALLBACKS: ReadonlyMap<string, EngineFunction> = new Map(
	Object.entries({ ...JSON_CALLBACKS, ...DATE_CALLBACKS, ...VALUE_CALLBACKS }).map(([name, call]) => [name, { name, call }]),
)

const CALLBACK_NAME = /\b_slf_\w+/g

/** Prints a call. DuckDB-WASM does not call back with a NULL that has no type. */
export function callBack(name: string, args: readonly string[]): string {
	return `${name}(${args.map((arg) => `CAST(${arg} AS VARCHAR)`).join(', ')})`
}

/** Whether an expression calls back, and so may fail on the value of some row. */
export function mayFail(sql: string): boolean {
	return sql.includes('_slf_')
}

/** The functions that statements name. */
export function callbacksFor(statements: readonly string[]): EngineFunction[] {
	const names = new Set(statements.flatMap((sql) => [...sql.matchAll(CALLBACK_NAME)].map(([name]) => name)))
	return [...names].flatMap((name) => CALLBACKS.get(name) ?? [])
}
