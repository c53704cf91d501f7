import { afterAll, describe, expect, it } from 'vitest'
import { resultValue } from '../../../src/analytics/dialect/result.ts'
import { openNative, openWasm } from './engines.ts'
import { ParityDatabase } from './parity.ts'

const rows = (...values: readonly string[]) => values.map((value) => `SELECT ${value} AS x`).join(' UNION ALL ')
const tenths = rows(...Array.from({ length: 10 }, () => '0.1'))

/** Sums in which the correction shows, is none, or comes to nothing. */
const SUMS = [
	`SELECT sum(x), total(x), avg(x) FROM (${tenths})`,
	// Each 1.0 alone is lost beside the first.
	`SELECT sum(x), avg(x), total(x) FROM (SELECT 1e16 AS x UNION ALL SELECT 1.0 FROM t AS a, t AS b, t AS c)`,
	`SELECT sum(x), total(x), avg(x), typeof(sum(x)) FROM (${rows('1e308', '1e308')})`,
	`SELECT sum(x), total(x) FROM (${rows('-1e308', '-1e308', '5.0')})`,
	`SELECT sum(x), total(x) FROM (${rows('9e999', '1.0')})`,
	`SELECT sum(x) IS NULL, total(x) FROM (${rows('9e999', '-9e999')})`,
	`SELECT sum(x), typeof(sum(x)) FROM (${rows('1', '2.5', "'3'", "'4x'", "x'35'")})`,
	`SELECT sum(x), typeof(sum(x)), total(x), avg(x) FROM (${rows('1', "'2'", "' 3 '")})`,
	// In whatever order the parts come, a window goes over all of them.
	`SELECT max(s), count(p) FROM (SELECT sum(x) OVER (ROWS UNBOUNDED PRECEDING) AS s, lag(x) OVER () AS p FROM (${rows('0.5', '0.25', '3.0')}))`,
]

/** SQLite takes a value from 0 to negate it, and rounds to whole numbers through integers. */
const ZEROS = [
	'SELECT -x FROM (SELECT 0.0 * k AS x FROM t)',
	'SELECT -(-x) FROM (SELECT 0.0 * k AS x FROM t)',
	"SELECT -x FROM (SELECT CASE k WHEN 9 THEN 0.0 WHEN 2 THEN 0 WHEN 7 THEN '-0.0' ELSE 'x' END AS x FROM t)",
	'SELECT round(-0.04 * k) FROM t',
	'SELECT round(-0.04 * k, 0) FROM t',
]

/** Without ORDER BY a compound that makes rows distinct comes sorted, any other as its parts come: a LIMIT shows it. */
const COMPOUNDS = [
	'SELECT 3 UNION SELECT 1 UNION SELECT 2 LIMIT 2',
	'SELECT 3 UNION ALL SELECT 1 UNION ALL SELECT 2 LIMIT 2',
	'SELECT 3 UNION ALL SELECT 1 UNION SELECT 2 LIMIT 2',
	"SELECT 'b' UNION SELECT NULL UNION SELECT 'a' LIMIT 2",
	'SELECT 5 EXCEPT SELECT 1 LIMIT 1',
	'SELECT k FROM t INTERSECT SELECT k FROM t LIMIT 2',
	'SELECT k FROM t EXCEPT SELECT 7 LIMIT 2',
	'SELECT k FROM t UNION SELECT 4 ORDER BY 1 DESC LIMIT 2',
	'SELECT count(*) FROM (SELECT k FROM t UNION ALL SELECT 1 LIMIT 3)',
]

describe.each([
	['native', openNative],
	['wasm', openWasm],
])('answers to the last bit, on the %s engine', { timeout: 30_000 }, async (_name, open) => {
	const engine = await open()
	const database = await ParityDatabase.open(engine, ['CREATE TABLE t (k INTEGER)', 'INSERT INTO t VALUES (9), (2), (7), (5)'])
	afterAll(async () => {
		await database.close()
		engine.close()
	})

	it.each(SUMS)('of the sum %s', async (sql) => {
		expect(await database.compare({ sql, ordered: true })).toEqual({ kind: 'equal' })
	})

	it.each(ZEROS)('of zeros without a sign: %s', async (sql) => {
		const { sql: printed, columns } = database.rewrite({ sql })
		const [column] = columns
		if (column === undefined) throw new Error('expected a column')
		const found = (await engine.rows(printed)).map(([value = null]) => resultValue(column, value))
		expect(found).toEqual([0, 0, 0, 0])
	})

	it.each(COMPOUNDS)('of the compound %s', async (sql) => {
		expect(await database.compare({ sql, ordered: true })).toEqual({ kind: 'equal' })
	})
})
