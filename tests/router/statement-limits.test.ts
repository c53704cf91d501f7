import { describe, expect, it } from 'vitest'
import { SQLakeError } from '../../src/errors.ts'
import { determineRoute } from '../../src/router/determine-route.ts'
import { parseSQL } from '../../src/router/parse-sql.ts'
import { schema } from './fixture.ts'

/** One expression of many levels. */
const deep: Readonly<Record<string, (levels: number) => string>> = {
	'a sum': (n) => Array(n).fill('1').join('+'),
	'a chain of texts': (n) => Array(n).fill('id').join('||'),
	NOT: (n) => `${'NOT '.repeat(n)}1`,
	'minus signs': (n) => `${'- '.repeat(n)}1`,
	parentheses: (n) => `${'('.repeat(n)}1${')'.repeat(n)}`,
	CASE: (n) => `${'CASE WHEN 1 THEN '.repeat(n)}1${' END'.repeat(n)}`,
	'calls of functions': (n) => `${'abs('.repeat(n)}1${')'.repeat(n)}`,
	'scalar sub-queries': (n) => `${'(SELECT '.repeat(n)}1${')'.repeat(n)}`,
	EXISTS: (n) => `${'EXISTS (SELECT 1 WHERE '.repeat(n)}1${')'.repeat(n)}`,
	IN: (n) => `${'1 IN ('.repeat(n)}1${')'.repeat(n)}`,
	'AND and OR in turn': (n) => `${'('.repeat(n)}1${' AND 1 OR 1)'.repeat(n)}`,
	COLLATE: (n) => `'a'${' COLLATE NOCASE'.repeat(n)}`,
	CAST: (n) => `${'CAST('.repeat(n)}1${' AS TEXT)'.repeat(n)}`,
}

/** Where an expression may stand. */
const places: Readonly<Record<string, (expression: string) => string>> = {
	'the columns': (e) => `SELECT ${e} FROM users WHERE id = 'u'`,
	WHERE: (e) => `SELECT 1 FROM users WHERE id = 'u' AND (${e})`,
	'a shard key': (e) => `SELECT 1 FROM users WHERE id = ${e}`,
	ON: (e) => `SELECT 1 FROM users JOIN orders ON users.id = orders.user_id AND (${e})`,
	'ORDER BY and LIMIT': (e) => `DELETE FROM users WHERE id = 'u' ORDER BY ${e} LIMIT ${e}`,
	VALUES: (e) => `INSERT INTO users (id) VALUES (${e})`,
	SET: (e) => `UPDATE users SET email = ${e} WHERE id = 'u'`,
	'ON CONFLICT': (e) => `INSERT INTO users (id) VALUES ('u') ON CONFLICT (id) DO UPDATE SET email = ${e} RETURNING ${e}`,
}

const route = (sql: string, params: readonly (string | number)[] = []) => determineRoute(sql, { schema, params })

/** The code that something throws; what is no error of sqlake's is thrown on. */
function codeOf(run: () => unknown): string | null {
	try {
		run()
		return null
	} catch (error) {
		if (SQLakeError.is(error)) return error.code
		throw error
	}
}

describe('a statement beyond its limits', { timeout: 30_000 }, () => {
	it.each(Object.keys(deep))('of %s 5,000 or 20,000 levels deep is refused wherever it stands', (name) => {
		for (const levels of [5_000, 20_000]) {
			const expression = deep[name]?.(levels) ?? ''
			for (const [place, sql] of Object.entries(places)) {
				expect([place, codeOf(() => route(sql(expression)))]).toEqual([place, 'STATEMENT_LIMIT'])
			}
		}
	})

	it.each(Object.keys(deep))('of %s at any depth below is routed, or refused with an error of sqlake', (name) => {
		for (const levels of [100, 150, 290, 390, 590, 1_190]) {
			for (const sql of Object.values(places)) codeOf(() => route(sql(deep[name]?.(levels) ?? '')))
		}
	})

	it.each([
		['in FROM', (n: number) => `SELECT 1 FROM ${'(SELECT * FROM '.repeat(n)}users${')'.repeat(n)}`],
		[
			'in a chain of WITH',
			(n: number) =>
				`WITH ${Array.from({ length: n }, (_, i) => `c${i} AS (SELECT * FROM ${i === 0 ? 'users' : `c${i - 1}`})`).join(', ')} SELECT 1 FROM c${n - 1}`,
		],
	])('of queries %s that lie too deep within each other is refused', (_, sql) => {
		for (const levels of [400, 2_000]) expect(codeOf(() => route(sql(levels)))).toBe('STATEMENT_LIMIT')
		expect(route(sql(100))).toMatchObject({ kind: 'scatter' })
	})

	it('of more than a million characters is refused before it is parsed', () => {
		const start = performance.now()
		expect(codeOf(() => parseSQL(`SELECT ${'1'.repeat(3_000_000)}`))).toBe('STATEMENT_LIMIT')
		expect(codeOf(() => parseSQL(`SELECT '${'x'.repeat(30_000_000)}`))).toBe('STATEMENT_LIMIT')
		expect(performance.now() - start).toBeLessThan(5_000)
	})

	it('has an error that shows no more than its beginning', () => {
		for (const sql of [
			`SELECT ${'1'.repeat(3_000_000)}`,
			`SELECT ${'1'.repeat(900_000)}x`,
			`SELECT * FROM ${'t'.repeat(900_000)}`,
		]) {
			try {
				route(sql)
				expect.unreachable()
			} catch (error) {
				if (!SQLakeError.is(error)) throw error
				expect(JSON.stringify(error.toJSON()).length).toBeLessThan(5_000)
			}
		}
	})
})

describe('a statement within its limits', { timeout: 30_000 }, () => {
	it.each([' AND ', ' OR '])('may join 1,000 conditions by %s', (word) => {
		const conditions = Array.from({ length: 1_000 }, (_, i) => `age <> ${i}`).join(word)
		expect(route(`SELECT 1 FROM users WHERE id = 'u' AND (${conditions})`)).toMatchObject({ kind: 'shard', shard: 'u' })
	})

	it('may list 50,000 values', () => {
		const values = Array.from({ length: 50_000 }, (_, i) => i).join(', ')
		expect(route(`SELECT 1 FROM users WHERE id = 'u' AND age IN (${values})`)).toMatchObject({ kind: 'shard', shard: 'u' })
	})

	it('takes time in proportion to the digits of a number, in its text and in a bound value', () => {
		const digits = '1'.repeat(900_000)
		const start = performance.now()
		for (const sign of ['', '-']) {
			route(`SELECT 1 FROM sensors WHERE id = ${sign}${digits}`)
			codeOf(() => route(`INSERT INTO sensors (id) VALUES (${sign}${digits})`))
		}
		codeOf(() => route('SELECT 1 FROM sensors WHERE id = ?', ['9'.repeat(20_000_000)]))
		codeOf(() => route('INSERT INTO sensors (id) VALUES (?)', [`${'0'.repeat(20_000_000)}x`]))
		expect(performance.now() - start).toBeLessThan(15_000)
	})
})
