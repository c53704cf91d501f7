import { deepStrictEqual, ok } from 'node:assert/strict'
import { drizzle, SQLakeError, type SQLakeErrorCode, sqlake } from 'sqlake'
import { lakes } from '../schema.ts'
import type { Env } from '../worker.ts'

/** Fails by throwing. */
export type Scenario = (env: Env) => Promise<void>

/** The database of one of the lakes. */
export function open<TName extends keyof typeof lakes>(env: Env, lake: TName) {
	return drizzle(clientOf(env, lake))
}

/** What `sqlake()` answers for one of the lakes. */
export function clientOf<TName extends keyof typeof lakes>(env: Env, lake: TName) {
	return sqlake(env, { schema: lakes[lake], durableObject: `${lake.toUpperCase()}_DO` })
}

/** Delivers what the shards of the main lake have, and says the moment after. */
export async function deliver(env: Env, ...shards: readonly string[]): Promise<number> {
	for (const shard of shards) ok((await env.MAIN_DO.get(env.MAIN_DO.idFromName(shard)).flush()).drained)
	return moment()
}

/** A moment that lies strictly between what came before and what comes after. */
export async function moment(): Promise<number> {
	await scheduler.wait(3)
	const now = Date.now()
	await scheduler.wait(3)
	return now
}

/** Expects a typed error with a message and a hint. */
export async function refused(code: SQLakeErrorCode, call: () => unknown): Promise<SQLakeError> {
	let answer: unknown
	try {
		answer = await call()
	} catch (error) {
		ok(SQLakeError.is(error), `expected ${code}, found ${error instanceof Error ? error.stack : String(error)}`)
		deepStrictEqual(error.code, code, error.message)
		ok(error.message.length > 10, `${code}: a message`)
		ok((error.hint ?? '').length > 5, `${code}: expected a hint, found none: ${error.message}`)
		return error
	}
	throw new Error(
		`expected ${code}, found an answer: ${JSON.stringify(answer, (_, value) => (typeof value === 'bigint' ? `${value}n` : value))}`,
	)
}
