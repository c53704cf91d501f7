import { expect, it } from 'vitest'
import { SQLakeError } from '../../src/errors.ts'
import { mergeSplit } from '../../src/session/split-outcome.ts'

const written = (shard: string, changes: number) => ({
	shard,
	result: { columns: [], rows: [], changes, lastInsertRowid: null, bookmark: { shard, seq: 7n, epoch: 1 }, stats: null },
})

it('an INSERT that failed in one of its shards tells how many rows each has: none, some, or nobody knows', () => {
	const refused = new SQLakeError('QUERY_FAILED', 'UNIQUE constraint failed')
	const lost = new SQLakeError('SHARD_UNAVAILABLE', 'no answer', { details: { outcome: 'unknown' } })
	let thrown: unknown
	try {
		mergeSplit([
			written('a', 2),
			{ shard: 'b', error: refused },
			{ shard: 'c', error: lost },
			{ shard: 'd', error: new Error('x') },
		])
	} catch (error) {
		thrown = error
	}
	expect(SQLakeError.is(thrown, 'SPLIT_INCOMPLETE') && thrown.details?.shards).toEqual([
		{ shard: 'a', outcome: 'written', rowsAffected: 2, seq: 7, epoch: 1 },
		{ shard: 'b', outcome: 'not written', rowsAffected: 0, error: { code: 'QUERY_FAILED', message: refused.message } },
		{ shard: 'c', outcome: 'unknown', rowsAffected: null, error: { code: 'SHARD_UNAVAILABLE', message: lost.message } },
		{ shard: 'd', outcome: 'not written', rowsAffected: 0, error: { code: 'INTERNAL', message: 'x' } },
	])
})

it('an INSERT that all of its shards took counts the rows of all', () => {
	expect(mergeSplit([written('a', 2), written('b', 3)])).toMatchObject({
		changes: 5,
		shards: [
			{ shard: 'a', rowsAffected: 2 },
			{ shard: 'b', rowsAffected: 3 },
		],
	})
})
