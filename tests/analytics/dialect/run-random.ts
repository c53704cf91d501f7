/**
 * Runs random queries on SQLite and on an engine.
 *
 * @module
 */
import { SETUP } from './cases/data.ts'
import { type DialectEngine, type Outcome, ParityDatabase } from './parity.ts'
import { ARITHMETIC_SETUP, RandomArithmetic } from './random-arithmetic.ts'
import { RandomQueries } from './random-query.ts'

/** What the queries are like. */
export const RANDOM_KINDS = {
	functions: { setup: SETUP, queries: RandomQueries },
	arithmetic: { setup: ARITHMETIC_SETUP, queries: RandomArithmetic },
} as const

export type RandomKind = keyof typeof RANDOM_KINDS

/** What came of random queries. */
export interface RandomResult {
	readonly counts: Readonly<Record<Outcome['kind'], number>>
	readonly wrong: readonly { readonly query: string; readonly message: string }[]
}

export async function runRandom(
	engine: DialectEngine,
	{ kind, seed, count }: { readonly kind: RandomKind; readonly seed: number; readonly count: number },
): Promise<RandomResult> {
	const { setup, queries: Queries } = RANDOM_KINDS[kind]
	const database = await ParityDatabase.open(engine, setup)
	const queries = new Queries(seed)
	const counts: Record<Outcome['kind'], number> = { equal: 0, invalid: 0, refused: 0, wrong: 0 }
	const wrong: { query: string; message: string }[] = []
	for (let i = 0; i < count; i++) {
		const query = queries.next()
		const outcome = await database.compare({ sql: query })
		// SQLite computes constants before it looks for positions among the terms, and refuses `ORDER BY ('a' IS NULL)`.
		if (outcome.kind === 'wrong' && outcome.message.includes('BY term out of range')) continue
		// A sum that leaves 64 bits for a while only: how far it gets depends on the order of adding.
		if (outcome.kind === 'wrong' && outcome.message.includes('(integer overflow)')) continue
		counts[outcome.kind] += 1
		if (outcome.kind === 'wrong') wrong.push({ query, message: outcome.message })
	}
	await database.close()
	return { counts, wrong }
}
