import { afterAll, describe, expect, it } from 'vitest'
import { WrittenLengths } from '../../../src/analytics/dialect/written-length.ts'
import { SQLakeError } from '../../../src/errors.ts'
import { openNative } from './engines.ts'
import { ParityDatabase } from './parity.ts'

const lengths = new WrittenLengths(
	new Map([
		['_sl_twice', '_sl_twice(x) AS x + x'],
		['_sl_both', '_sl_both(a, b) AS _sl_twice(a), b'],
		['_sl_quoted', `_sl_quoted(x) AS 'x, (x' || "x)"`],
	]),
)

describe('the length of a statement with its macros written out', () => {
	it('has each argument as often as the macro names it', () => {
		const argument = 'abcdefghij'
		const grows = (call: (x: string) => string) => lengths.of(call(argument)) - lengths.of(call(''))
		expect(grows((x) => `SELECT ${x}`)).toBe(10)
		expect(grows((x) => `SELECT _sl_twice(${x})`)).toBe(20)
		expect(grows((x) => `SELECT _sl_twice(_sl_twice([1, _sl_twice(${x})]))`)).toBe(80)
		expect(grows((x) => `SELECT _sl_both(${x}, 1)`)).toBe(20)
		expect(grows((x) => `SELECT _sl_both((1, 2), f(1, ${x}))`)).toBe(10)
		expect(grows((x) => `SELECT _sl_quoted(${x})`)).toBe(0)
		expect(grows((x) => `SELECT '_sl_twice(', ${x}`)).toBe(10)
	})

	it('is found in one pass, however deep the calls are nested', () => {
		const sql = `${'_sl_twice('.repeat(100_000)}x${')'.repeat(100_000)}`
		const start = performance.now()
		expect(lengths.of(sql)).toBe(Number.POSITIVE_INFINITY)
		expect(performance.now() - start).toBeLessThan(5_000)
	})
})

/** Each makes the query a multiple of what it was. */
const NESTED: Readonly<Record<string, (n: number) => string>> = {
	CAST: (n) => `${'CAST(CAST('.repeat(n)}v${' AS TEXT) AS REAL)'.repeat(n)}`,
	'nullif()': (n) => `${'nullif('.repeat(n)}v${', 3)'.repeat(n)}`,
	'substr()': (n) => `${'substr('.repeat(n)}v${', 1, 3)'.repeat(n)}`,
	'quote()': (n) => `${'quote('.repeat(n)}v${')'.repeat(n)}`,
	'printf()': (n) => `${"printf('%s', ".repeat(n)}v${')'.repeat(n)}`,
	'date()': (n) => `${'date('.repeat(n)}v${')'.repeat(n)}`,
	LIKE: (n) => `${'(v LIKE '.repeat(n)}v${')'.repeat(n)}`,
	'%': (n) => `${'(v % '.repeat(n)}v${')'.repeat(n)}`,
	BETWEEN: (n) => `${'(v BETWEEN 1 AND '.repeat(n)}v${')'.repeat(n)}`,
	'comparisons by NOCASE': (n) => `${'(s COLLATE NOCASE = '.repeat(n)}s${')'.repeat(n)}`,
}

describe('an expression that macros make endless', async () => {
	const engine = await openNative()
	const database = await ParityDatabase.open(engine, ['CREATE TABLE t (v NUMERIC, s TEXT)', "INSERT INTO t VALUES (7, 'x')"])
	afterAll(async () => {
		await database.close()
		engine.close()
	})

	it.each(Object.entries(NESTED))('of %s within each other is refused before it is planned', async (_, nest) => {
		for (const levels of [20, 150]) {
			try {
				database.rewrite({ sql: `SELECT ${nest(levels)} FROM t` })
				expect.unreachable()
			} catch (error) {
				expect(SQLakeError.is(error, 'STATEMENT_LIMIT') && error.message).toMatch(/^the query becomes longer than/)
			}
		}
		expect(await database.compare({ sql: `SELECT ${nest(2)} FROM t` })).toEqual({ kind: 'equal' })
	})

	it('is not taken for a long one', () => {
		const terms = Array.from({ length: 500 }, (_, i) => `v <> ${i}`)
		for (const sql of [
			`SELECT count(*) FROM t WHERE ${terms.join(' AND ')}`,
			`SELECT ${Array.from({ length: 200 }, () => 'v').join(' + ')} FROM t`,
			`SELECT count(*) FROM t WHERE v IN (${Array.from({ length: 5_000 }, (_, i) => `${i}.5`).join(', ')})`,
		]) {
			expect(database.rewrite({ sql }).sql.length).toBeGreaterThan(0)
		}
	})
})
