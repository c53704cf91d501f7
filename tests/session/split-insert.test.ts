import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { WireValue } from '../../src/driver/transport.ts'
import { splitByShard } from '../../src/session/split-insert.ts'

const split = (sql: string, params: readonly WireValue[], shards: readonly string[]) =>
	Object.fromEntries(splitByShard({ sql, params, built: undefined, placeholders: {} }, shards))

describe('an INSERT over several shards', () => {
	it('becomes one for each, with the rows and the values that belong there', () => {
		expect(split('INSERT INTO t (a, b) VALUES (?, 1), (?, ?), (?, 3)', ['x', 'y', 2n, 'x'], ['x', 'y', 'x'])).toEqual({
			x: [{ sql: 'INSERT INTO t (a, b) VALUES (?, 1), (?, 3)', params: ['x', 'x'] }],
			y: [{ sql: 'INSERT INTO t (a, b) VALUES (?, ?)', params: ['y', 2n] }],
		})
	})

	it('keeps numbered and named parameters, brackets in texts, comments and what follows the rows', () => {
		const sql = `INSERT OR REPLACE INTO t (a, b) VALUES /* VALUES ( */ (?2, ':)'), -- ),(
			(:b, (1 + 2) * ?2)
			ON CONFLICT (a) DO UPDATE SET b = max(b, ?1) RETURNING (a), b;`
		expect(split(sql, [1n, 'two', 'bee'], ['s', 'u'])).toEqual({
			s: [
				{
					sql: "INSERT OR REPLACE INTO t (a, b) VALUES (?, ':)') ON CONFLICT (a) DO UPDATE SET b = max(b, ?) RETURNING (a), b",
					params: ['two', 1n],
				},
			],
			u: [
				{
					sql: 'INSERT OR REPLACE INTO t (a, b) VALUES (?, (1 + 2) * ?) ON CONFLICT (a) DO UPDATE SET b = max(b, ?) RETURNING (a), b',
					params: ['bee', 'two', 1n],
				},
			],
		})
	})

	it('is cut further where the rows of one shard bind too many values for one statement', () => {
		const sql = `INSERT INTO t (a) VALUES ${Array.from({ length: 150 }, () => '(?)').join(', ')}`
		const params = Array.from({ length: 150 }, (_, i) => `v${i}`)
		const { even, odd } = split(
			sql,
			params,
			params.map((_, i) => (i < 120 ? 'even' : 'odd')),
		)
		expect(even?.map((statement) => statement.params.length)).toEqual([100, 20])
		expect(even?.flatMap((statement) => statement.params)).toEqual(params.slice(0, 120))
		expect(odd?.map((statement) => statement.params.length)).toEqual([30])
	})

	it('writes over all shards together what the whole statement writes', () => {
		const value = fc.oneof(
			fc.constantFrom(
				'?',
				'?1',
				':n',
				"'),('",
				'NULL',
				'(1, 2) = (1, 2)',
				"x'2829'",
				'max(1, ?)',
				'/* ),( */ 4',
				'-?',
				"'' || ?",
			),
		)
		const rows = fc.array(fc.tuple(value, value, fc.constantFrom('p', 'q', 'r')), { minLength: 1, maxLength: 12 })
		fc.assert(
			fc.property(rows, (cells) => {
				const sql = `INSERT INTO t (a, b) VALUES ${cells.map(([a, b]) => `(${a}, ${b})`).join(', ')} ON CONFLICT DO NOTHING`
				const params = Array.from({ length: 60 }, (_, i) => `v${i}`)
				const used = sql.match(/\?|:n/g)?.length ?? 0
				const parts = split(
					sql,
					params.slice(0, Math.max(1, used)),
					cells.map(([, , shard]) => shard),
				)
				const stored = (statements: readonly { sql: string; params: readonly WireValue[] }[]) => {
					const db = new DatabaseSync(':memory:')
					db.exec('CREATE TABLE t (a, b)')
					for (const statement of statements) db.prepare(statement.sql).run(...(statement.params as string[]))
					const found = db.prepare('SELECT quote(a) AS a, quote(b) AS b FROM t ORDER BY 1, 2').all()
					db.close()
					return found
				}
				const whole = new DatabaseSync(':memory:')
				whole.exec('CREATE TABLE t (a, b)')
				const statement = whole.prepare(sql)
				// The same values by number, as SQLite numbers the parameters of the whole text.
				const numbers = numbersOf(sql)
				statement.setAllowUnknownNamedParameters(true)
				const named = numbers.named === null ? {} : { ':n': params[numbers.named - 1] ?? null }
				statement.run(named, ...numbers.positional.map((number) => params[number - 1] ?? null))
				const expected = whole.prepare('SELECT quote(a) AS a, quote(b) AS b FROM t ORDER BY 1, 2').all()
				whole.close()
				expect(stored(Object.values(parts).flat())).toEqual(expected)
			}),
			{ numRuns: 200 },
		)
	})
})

/** The numbers of the anonymous and numbered parameters, each once, and that of `:n`. */
function numbersOf(sql: string): { positional: number[]; named: number | null } {
	let highest = 0
	let named: number | null = null
	const positional = new Set<number>()
	for (const [text] of sql
		.replaceAll(/'[^']*'/g, '')
		.replaceAll(/\/\*.*?\*\//g, '')
		.matchAll(/\?1|\?|:n/g)) {
		if (text === ':n') {
			named ??= highest + 1
			highest = Math.max(highest, named)
			continue
		}
		const number = text === '?1' ? 1 : highest + 1
		highest = Math.max(highest, number)
		if (number !== named) positional.add(number)
	}
	return { positional: [...positional].sort((a, b) => a - b), named }
}
