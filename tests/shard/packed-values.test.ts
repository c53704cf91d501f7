import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { WireValue } from '../../src/driver/transport.ts'
import { bindable } from '../../src/shard/bind-values.ts'
import { MAX_BOUND_VALUES } from '../../src/shard/packed-values.ts'

const database = new DatabaseSync(':memory:')
database.exec(`CREATE TABLE t (i INTEGER, r REAL, s TEXT, n NUMERIC, b BLOB, c TEXT COLLATE NOCASE);
	INSERT INTO t VALUES (1, 1.5, 'a', 5, 'a', 'A'), (5, -0.1, '5', '5x', x'05', 'b'), (NULL, 1e300, '5.0', 0.1, 5, NULL)`)

/** Node binds more values than a Durable Object, each as it is. */
function direct(sql: string, params: readonly WireValue[]): unknown {
	const statement = database.prepare(sql)
	statement.setReadBigInts(true)
	statement.setReturnArrays(true)
	return statement.all(...params.map((value) => (value instanceof ArrayBuffer ? new Uint8Array(value) : value)))
}

/** As a Durable Object is given it. */
function packed(sql: string, params: readonly WireValue[]): unknown {
	const bound = bindable({ sql, params })
	expect(bound.params.length).toBeLessThanOrEqual(MAX_BOUND_VALUES)
	return direct(bound.sql, bound.params)
}

const held: fc.Arbitrary<WireValue> = fc.oneof(
	fc.constant(null),
	fc.string(),
	fc.string({ unit: 'grapheme' }),
	fc.constantFrom('a', 'A', '5', '5.0', '1', 'null', '"', '\\', '[1]', '{"a":1}', '\u001f', '\u2028'),
	fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
	fc.constantFrom(0n, 1n, 5n),
	fc.maxSafeInteger().map((n) => n % 1e15),
	fc.integer({ min: -1e6, max: 1e6 }).map((n) => n / 1000),
	fc.constantFrom(0, 1, 5, 0.1, 1.5, -0.5, 1e22, Number.NaN),
)
/** JSON might hold them otherwise: they are bound, as long as there is room. */
const notHeld: fc.Arbitrary<WireValue> = fc.oneof(
	fc.double(),
	fc.constantFrom(5e-324, 1e300, 0.30000000000000004, -0, Number.POSITIVE_INFINITY, 'nul\0', new Uint8Array([5])),
)
const many = fc
	.tuple(fc.array(held, { minLength: MAX_BOUND_VALUES, maxLength: 300 }), fc.array(notHeld, { minLength: 1, maxLength: 40 }))
	.chain(([a, b]) => fc.shuffledSubarray([...a, ...b], { minLength: a.length + b.length }))

describe('a statement with more values than a Durable Object binds', () => {
	it('gives each of them in its storage class, to the bit', () => {
		fc.assert(
			fc.property(many, (values) => {
				const sql = `SELECT ${values.map((_, i) => `?${i + 1}, typeof(?${i + 1})`).join(', ')}`
				expect(packed(sql, values)).toEqual(direct(sql, values))
			}),
		)
	})

	it('compares them with columns as if each were bound', () => {
		const column = fc.constantFrom('i', 'r', 's', 'n', 'b', 'c', '+i', "s || ''")
		fc.assert(
			fc.property(column, many, (name, values) => {
				const list = values.map(() => '?').join(', ')
				const cases = values.map((_, i) => `WHEN ? THEN ${i}`).join(' ')
				const sql = `SELECT rowid, ${name} IN (${list}), CASE ${name} ${cases} END FROM t WHERE ${name} NOT IN (${list}) OR 1`
				const all = [...values, ...values, ...values].map((value) => (Number.isNaN(value) ? null : value))
				const bytes = all.filter((value) => typeof value === 'object' && value !== null).length
				fc.pre(bytes < 90)
				try {
					expect(packed(sql, all)).toEqual(direct(sql, all))
				} catch (error) {
					// Three times as many of those that must be bound may be too many.
					if ((error as { code?: string }).code !== 'STATEMENT_LIMIT') throw error
				}
			}),
		)
	})

	it('keeps the first ones bound as ever, and numbers that repeat one', () => {
		const values = Array.from({ length: 250 }, (_, i) => `id-${i}`)
		const { sql, params } = bindable({ sql: `SELECT ?3 || ?250 || ?3`, params: values })
		expect({ sql, params }).toEqual({ sql: 'SELECT ?2 || ?3 || ?2', params: ['[]', 'id-2', 'id-249'] })
		expect(direct(sql, params)).toEqual([['id-2id-249id-2']])
		const all = bindable({ sql: `SELECT ${values.map(() => '?').join()}`, params: values })
		expect(all.params.slice(1)).toEqual(values.slice(0, 99))
		expect(all.sql).toContain(',?100,(?1->>0),(?1->>1)')
	})

	it('is left as it is where it has another number of parameters, for SQLite to refuse', () => {
		const params = Array.from({ length: 101 }, (_, i) => i)
		expect(bindable({ sql: 'SELECT ?', params })).toEqual({ sql: 'SELECT ?', params })
		expect(bindable({ sql: 'SELECT 1', params })).toEqual({ sql: 'SELECT 1', params })
	})

	it('is refused where too many of its values are of a kind that JSON does not hold', () => {
		const bytes = Array.from({ length: 101 }, () => new Uint8Array([1]))
		expect(() => bindable({ sql: `SELECT ${bytes.map(() => '?')}`, params: bytes })).toThrow(
			expect.objectContaining({ code: 'STATEMENT_LIMIT', details: { found: 101, limit: 99 } }),
		)
	})
})
