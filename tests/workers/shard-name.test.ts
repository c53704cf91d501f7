import { env, runInDurableObject } from 'cloudflare:test'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SQLakeError } from '../../src/errors.ts'
import { shardIdFromKey } from '../../src/schema/shard-id.ts'
import { encodeShardPath } from '../../src/schema/shard-path.ts'
import type { Affinity } from '../../src/schema/table-schema.ts'

const parameters = { numRuns: 500 }
const affinities: readonly Affinity[] = ['TEXT', 'INTEGER', 'NUMERIC', 'REAL']

/** What SQLite prints of a value once a column of each affinity has stored it. */
function printedBySQLite(sql: SqlStorage, expression: string, value: string | number): ReadonlyMap<Affinity, unknown> {
	sql.exec('DELETE FROM stored')
	sql.exec(`INSERT INTO stored SELECT v, v, v, v FROM (SELECT ${expression} AS v)`, value)
	const row = sql
		.exec(
			'SELECT CAST(t AS TEXT) AS TEXT, CAST(i AS TEXT) AS INTEGER, CAST(n AS TEXT) AS NUMERIC, CAST(r AS TEXT) AS REAL FROM stored',
		)
		.one()
	return new Map(affinities.map((affinity) => [affinity, row[affinity]]))
}

/** The name of the shard, or null where the text may be rounded on its way into the column. */
function nameOrNull(text: string, affinity: Affinity): string | null {
	try {
		return shardIdFromKey([text], [affinity])
	} catch (error) {
		if (SQLakeError.is(error, 'SHARD_ID_INVALID')) return null
		throw error
	}
}

function withSQLite(test: (sql: SqlStorage) => void): Promise<void> {
	return runInDurableObject(env.PLAIN_DO.get(env.PLAIN_DO.idFromName('printing')), (_, { storage }) => {
		storage.sql.exec('CREATE TABLE IF NOT EXISTS stored (t TEXT, i INTEGER, n NUMERIC, r REAL)')
		test(storage.sql)
	})
}

describe('a shard is named as SQLite prints its key', () => {
	it('for integers', () =>
		withSQLite((sql) => {
			fc.assert(
				fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
					for (const [affinity, printed] of printedBySQLite(sql, 'CAST(? AS INTEGER)', String(value))) {
						// Beyond 15 digits the text of a REAL depends on SQLite's version; the name does not.
						if (affinity !== 'REAL') expect(shardIdFromKey([value], [affinity])).toBe(printed)
					}
				}),
				parameters,
			)
		}))

	it('for numbers from JavaScript, which are bound as REAL', () =>
		withSQLite((sql) => {
			const dyadic = fc
				.tuple(fc.integer({ min: -(2 ** 26), max: 2 ** 26 }), fc.constantFrom(1, 2, 4, 1024))
				.map(([n, scale]) => n / scale)
			fc.assert(
				fc.property(fc.oneof(dyadic, fc.integer()), (value) => {
					for (const [affinity, printed] of printedBySQLite(sql, '?', value))
						expect(shardIdFromKey([value], [affinity])).toBe(printed)
				}),
				parameters,
			)
		}))

	it('for text, also where it looks like a number', () =>
		withSQLite((sql) => {
			const numeral = fc
				.array(fc.constantFrom(' ', '+', '-', '.', 'e', 'E', '0', '1', '5', '9', 'x', '\t', 'a'), { minLength: 1, maxLength: 7 })
				.map((characters) => characters.join(''))
			fc.assert(
				fc.property(
					fc.oneof(
						numeral,
						fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !text.includes('\0')),
					),
					(text) => {
						for (const [affinity, printed] of printedBySQLite(sql, '?', text)) {
							// Beyond 1e15 the text of a REAL depends on SQLite's version, and of some texts no name is made.
							if (affinity === 'REAL' && Math.abs(Number(text)) >= 1e15) continue
							expect([text, affinity, nameOrNull(text, affinity) ?? printed]).toEqual([text, affinity, printed])
						}
					},
				),
				{ ...parameters, numRuns: 2_000 },
			)
		}))
})

describe('a shard id', () => {
	it.each(['user-123', 'a/b', '..', '%', '😀', ' ', 'x'.repeat(2_000), '😀'.repeat(1_000)])(
		'names a Durable Object of its own: %j',
		(name) => {
			const id = env.PLAIN_DO.idFromName(shardIdFromKey([name], ['TEXT']))
			expect(id.equals(env.PLAIN_DO.idFromName(`${name}.`))).toBe(false)
			expect(id.equals(env.PLAIN_DO.idFromName(name))).toBe(true)
		},
	)

	it.each(['..', 'a/b', '%2F', '\0', '😀'.repeat(1_000)])('is part of a key that R2 stores and lists: %j', async (name) => {
		const key = `data/users/_shard=${encodeShardPath(name)}/cdc_1700000000000_1.parquet`
		await env.SQLAKE_BUCKET.put(key, 'x')
		const listed = await env.SQLAKE_BUCKET.list({ prefix: `data/users/_shard=${encodeShardPath(name)}/` })
		expect(listed.objects.map((object) => object.key)).toEqual([key])
	})
})
