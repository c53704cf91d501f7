import { describe, expect, it } from 'vitest'
import { parseSQL } from '../../src/router/parse-sql.ts'

describe('parseSQL', () => {
	it('parses one statement, with a semicolon or without', () => {
		expect(parseSQL('SELECT 1').statement.type).toBe('SelectStmt')
		expect(parseSQL('DELETE FROM t; ').statement.type).toBe('DeleteStmt')
	})

	it('counts parameters as SQLite does', () => {
		expect(parseSQL('SELECT ?, ?5, ?, :a, :a, @b').parameterCount).toBe(8)
	})

	it('says where a statement does not parse', () => {
		expect(() => parseSQL('SELECT *\n  FROM FROM users')).toThrow(
			expect.objectContaining({
				code: 'SQL_PARSE',
				message: expect.stringContaining('line 2, column 8'),
				details: expect.objectContaining({ offset: 16, line: 2, column: 8 }),
			}),
		)
	})

	it.each(['', '  ', '-- nothing', ';'])('refuses %j, which holds no statement', (sql) => {
		expect(() => parseSQL(sql)).toThrow(expect.objectContaining({ code: 'SQL_PARSE' }))
	})

	it('refuses several statements', () => {
		expect(() => parseSQL('SELECT 1; SELECT 2')).toThrow(
			expect.objectContaining({ code: 'SQL_PARSE', message: expect.stringContaining('expected one statement, found several') }),
		)
	})

	it('gives the same tree for the same text', () => {
		expect(parseSQL('SELECT 42')).toBe(parseSQL('SELECT 42'))
	})
})
