import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DuckDBServiceError } from '../src/analytics/service/duckdb-service-error.ts'
import { errorCodes, messageOf, SQLakeError, type SQLakeErrorCode } from '../src/errors.ts'

const code = fc.constantFrom(...(Object.keys(errorCodes) as SQLakeErrorCode[]))
const plainDetails = fc.dictionary(
	fc.string({ minLength: 1 }).filter((key) => key !== '__proto__'),
	fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.string())),
)
const options = fc.record({ hint: fc.string(), details: plainDetails }, { requiredKeys: [] })

describe('SQLakeError', () => {
	it('carries code, message, hint, details and cause', () => {
		const cause = new TypeError('disk full')
		const error = new SQLakeError('FLUSH_FAILED', 'shard "a": 3 changes stay', { hint: 'wait', cause, details: { changes: 3 } })
		expect(error).toBeInstanceOf(Error)
		expect(error).toMatchObject({
			name: 'SQLakeError',
			code: 'FLUSH_FAILED',
			message: 'shard "a": 3 changes stay',
			hint: 'wait',
			details: { changes: 3 },
		})
		expect(error.cause).toBe(cause)
	})

	it('has no cause where none was given', () => {
		expect('cause' in new SQLakeError('INTERNAL', 'x')).toBe(false)
	})

	it('survives its plain form, as JSON and as a structured clone', () => {
		fc.assert(
			fc.property(code, fc.string(), options, fc.option(fc.string(), { nil: undefined }), (code, message, options, cause) => {
				const error = new SQLakeError(code, message, {
					...options,
					...(cause === undefined ? {} : { cause: new RangeError(cause) }),
				})
				for (const plain of [JSON.parse(JSON.stringify(error)), structuredClone(error.toJSON())]) {
					const revived = SQLakeError.fromJSON(plain)
					expect(revived.toJSON()).toEqual(error.toJSON())
					expect(revived).toBeInstanceOf(SQLakeError)
					if (cause !== undefined) expect(revived.cause).toMatchObject({ name: 'RangeError', message: cause })
				}
			}),
			{ numRuns: 200 },
		)
	})

	it('keeps the code and the hint of a cause that is an SQLakeError itself', () => {
		const inner = new SQLakeError('STORE_UNAVAILABLE', 'R2 answered 503', { hint: 'retry' })
		const outer = new SQLakeError('FLUSH_FAILED', 'flush', {
			cause: new SQLakeError('COMMIT_CONFLICT', 'lost', { cause: inner }),
		})
		const revived = SQLakeError.fromJSON(JSON.parse(JSON.stringify(outer)))
		expect(SQLakeError.is(revived.cause, 'COMMIT_CONFLICT')).toBe(true)
		expect((revived.cause as SQLakeError).cause).toMatchObject({
			code: 'STORE_UNAVAILABLE',
			message: 'R2 answered 503',
			hint: 'retry',
		})
	})

	it('keeps the name of a class of its own, in the error and in its cause', () => {
		const error = new DuckDBServiceError('no answer', 503, { cause: new DuckDBServiceError('no route', null) })
		const revived = SQLakeError.fromJSON(JSON.parse(JSON.stringify(error)))
		expect(revived.name).toBe('DuckDBServiceError')
		expect(revived.cause).toMatchObject({ name: 'DuckDBServiceError', message: 'analytics service: no route' })
		expect(String(revived)).toBe('DuckDBServiceError: analytics service: no answer')
		expect(SQLakeError.fromJSON(new SQLakeError('INTERNAL', 'x').toJSON()).name).toBe('SQLakeError')
	})

	it('keeps a cause that is no Error as its text', () => {
		expect(new SQLakeError('INTERNAL', 'x', { cause: 'broken pipe' }).toJSON().cause).toEqual({
			name: 'Error',
			message: 'broken pipe',
		})
	})
})

describe('SQLakeError.is', () => {
	it('tells SQLakeErrors from others, by code where one is named, across copies of the package', () => {
		const error = new SQLakeError('READ_ONLY', 'x')
		const copy = Object.assign(new Error('x'), { code: 'READ_ONLY' })
		for (const value of [error, copy]) {
			expect(SQLakeError.is(value)).toBe(true)
			expect(SQLakeError.is(value, 'READ_ONLY')).toBe(true)
			expect(SQLakeError.is(value, 'INTERNAL')).toBe(false)
		}
	})

	it('knows errors of Node, plain objects and names of Object.prototype as foreign', () => {
		for (const value of [
			Object.assign(new Error('x'), { code: 'ENOENT' }),
			Object.assign(new Error('x'), { code: 'toString' }),
			Object.assign(new Error('x'), { code: 5 }),
			{ code: 'READ_ONLY' },
			null,
		]) {
			expect(SQLakeError.is(value)).toBe(false)
		}
	})
})

describe('SQLakeError.wrap', () => {
	it('shows no more than the beginning and the end of what it was told, however long that is', () => {
		const long = `begins ${'1'.repeat(3_000_000)} ends`
		const error = new SQLakeError('SQL_PARSE', long, { hint: long, details: { sql: long, offset: 7 }, cause: new Error(long) })
		expect(error.message).toMatch(/^begins 1+…1+ ends$/)
		expect(JSON.stringify(error.toJSON()).length).toBeLessThan(5_000)
		expect(error.details?.offset).toBe(7)
		const [half] = '🚀'
		expect(new SQLakeError('SQL_PARSE', `${'x'.repeat(798)}${half}${'🚀'.repeat(500)}`).message.isWellFormed()).toBe(true)
	})

	it('leaves an SQLakeError as it is and wraps everything else with its message', () => {
		const own = new SQLakeError('READ_ONLY', 'x')
		expect(SQLakeError.wrap(own, 'INTERNAL', 'context')).toBe(own)
		const foreign = new Error('no such table: users')
		const wrapped = SQLakeError.wrap(foreign, 'QUERY_FAILED', 'shard "a"', { hint: 'h' })
		expect(wrapped).toMatchObject({ code: 'QUERY_FAILED', message: 'shard "a": no such table: users', hint: 'h', cause: foreign })
		expect(messageOf(7)).toBe('7')
	})
})
