import { describe, expect, it } from 'vitest'
import { bindValue } from '../../src/session/bind-value.ts'
import { splitInsert, takeInsertApart } from '../../src/session/bulk-insert.ts'
import { asOfMoment, betweenMoment, momentMs, snapshotMoment } from '../../src/session/moment.ts'
import { MappedQuery, PipelinedQuery } from '../../src/session/pipelined-query.ts'

const code = (value: string) => expect.objectContaining({ code: value })

describe('a bound value', () => {
	it('keeps its storage class', () => {
		expect(bindValue('a', 1)).toBe('a')
		expect(bindValue(1.5, 1)).toBe(1.5)
		expect(bindValue(2n ** 63n - 1n, 1)).toBe(2n ** 63n - 1n)
		expect(bindValue(-(2n ** 63n), 1)).toBe(-(2n ** 63n))
		expect(bindValue(true, 1)).toBe(1n)
		expect(bindValue(false, 1)).toBe(0n)
		expect(bindValue(null, 1)).toBeNull()
		expect(bindValue(new Uint16Array([258]).subarray(0), 1)).toEqual(new Uint8Array([2, 1]))
		expect(bindValue(new DataView(new Uint8Array([1, 2, 3]).buffer, 1, 2), 1)).toEqual(new Uint8Array([2, 3]))
	})

	it('is refused by position and kind where SQLite has no class for it', () => {
		expect(() => bindValue(undefined, 3)).toThrow(/parameter 3.*undefined/)
		expect(() => bindValue([1], 1)).toThrow(/an array/)
		expect(() => bindValue(new Map(), 1)).toThrow(/class Map/)
		expect(() => bindValue(-(2n ** 63n) - 1n, 1)).toThrow(code('VALUE_UNSUPPORTED'))
		expect(() => bindValue(2n ** 63n, 1)).toThrow(code('VALUE_UNSUPPORTED'))
		expect(() => bindValue(new Date(), 1)).toThrow(expect.objectContaining({ hint: expect.stringContaining('getTime()') }))
	})
})

describe('a moment', () => {
	it('is a Date, ISO 8601 text with its offset, or milliseconds', () => {
		expect(momentMs(new Date(5))).toBe(5)
		expect(momentMs(5.9)).toBe(5)
		expect(momentMs('2026-01-01')).toBe(1767225600000)
		expect(momentMs('2026-01-01T01:00:00.250+01:00')).toBe(1767225600250)
		expect(asOfMoment('1969-12-31T23:59:59Z')).toEqual({ kind: 'asOf', at: -1000 })
		expect(betweenMoment(1, 1)).toEqual({ kind: 'between', from: 1, to: 1 })
		expect(snapshotMoment('12')).toEqual({ kind: 'snapshot', id: 12n })
	})

	it('is refused in any other form', () => {
		for (const moment of [
			'',
			'now',
			'01/02/2026',
			'2026-02-30T00:00:00',
			Number.POSITIVE_INFINITY,
			9e15,
			new Date(Number.NaN),
			null,
			{},
			true,
		]) {
			expect(() => momentMs(moment as never), String(moment)).toThrow(code('TIME_INVALID'))
		}
		expect(() => betweenMoment(2, 1)).toThrow(/runs forward/)
		expect(() => snapshotMoment('x')).toThrow(code('TIME_INVALID'))
	})
})

describe('an insert taken apart', () => {
	const bulk = (rows: number, params: number, suffixParams = 0) => ({
		prefix: 'insert into t values ',
		suffix: suffixParams > 0 ? ' on conflict do update set a = ?' : '',
		suffixParams,
		rows: Array.from({ length: rows }, () => ({ text: `(${Array.from({ length: params }, () => '?').join(', ')})`, params })),
	})

	it('fills each statement up to 100 parameters, in the order of the rows', () => {
		const params = [...Array.from({ length: 5 * 30 }, (_, i) => i), 'last']
		const statements = splitInsert(bulk(5, 30, 1), params)
		expect(statements.map((statement) => statement.params.length)).toEqual([91, 61])
		expect(statements.flatMap((statement) => statement.params.slice(0, -1))).toEqual(params.slice(0, -1))
		expect(statements.every((statement) => statement.params.at(-1) === 'last' && statement.sql.endsWith('set a = ?'))).toBe(true)
	})

	it('is refused where one row is too wide, or where there are too many statements', () => {
		expect(() =>
			splitInsert(
				bulk(2, 101),
				Array.from({ length: 202 }, () => 0),
			),
		).toThrow(code('STATEMENT_LIMIT'))
		expect(() =>
			splitInsert(
				bulk(1001, 100),
				Array.from({ length: 100_100 }, () => 0),
			),
		).toThrow(/at most 1000/)
	})

	it('is left whole where the text is not laid out as expected', () => {
		expect(takeInsertApart([[]], 'insert into t values ', { sql: 'insert into t default values', params: [] })).toBeNull()
	})
})

describe('a pipelined query', () => {
	it('runs once, when it is first awaited', async () => {
		let runs = 0
		const query = new PipelinedQuery(async () => ++runs)
		expect(runs).toBe(0)
		expect([await query, await query, await query.execute()]).toEqual([1, 1, 1])
	})

	it('maps with a bound, keeps the order, and passes errors on', async () => {
		let [running, most] = [0, 0]
		const list = new PipelinedQuery(async () => Array.from({ length: 20 }, (_, i) => i))
		const mapped = await list.map(
			async (n) => {
				most = Math.max(most, ++running)
				await new Promise((resolve) => setTimeout(resolve, (20 - n) / 4))
				running--
				return n * 2
			},
			{ concurrency: 3 },
		)
		expect(mapped).toEqual(Array.from({ length: 20 }, (_, i) => i * 2))
		expect(most).toBe(3)
		await expect(list.map((n) => (n === 3 ? Promise.reject(new Error('three')) : n))).rejects.toThrow('three')
		expect(await new PipelinedQuery(async () => null).map(() => 1)).toEqual([])
		expect(
			() =>
				new MappedQuery(
					async () => [],
					() => 1,
					{ concurrency: 0 },
				),
		).toThrow(code('CONFIG_INVALID'))
	})
})
