import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { filterDataFiles, filterManifestEntries, P, type Predicate } from '../../src/analytics/predicate.ts'
import type { IcebergDataFile, IcebergSchema } from '../../src/lake/iceberg/types.ts'

const schema: IcebergSchema = {
	type: 'struct',
	'schema-id': 0,
	fields: [
		{ id: 101, name: 'plan', required: false, type: 'string' },
		{ id: 102, name: 'created_at', required: false, type: 'timestamptz' },
		{ id: 103, name: 'n', required: false, type: 'long' },
	],
}

function file(path: string, plans: readonly [string, string], days: readonly [string, string]): IcebergDataFile {
	const micros = (day: string) => BigInt(Date.parse(day)) * 1000n
	return {
		filePath: path,
		fileFormat: 'PARQUET',
		partition: {},
		recordCount: 10,
		fileSizeInBytes: 1,
		columnSizes: new Map(),
		valueCounts: new Map([
			[101, 10],
			[102, 10],
		]),
		nullValueCounts: new Map([
			[101, 0],
			[102, 0],
		]),
		lowerBounds: new Map<number, string | bigint>([
			[101, plans[0]],
			[102, micros(days[0])],
		]),
		upperBounds: new Map<number, string | bigint>([
			[101, plans[1]],
			[102, micros(days[1])],
		]),
		splitOffsets: [],
	}
}

const files = [
	file('a', ['free', 'free'], ['2026-01-01', '2026-01-31']),
	file('b', ['free', 'pro'], ['2026-02-01', '2026-02-28']),
	file('c', ['pro', 'pro'], ['2026-03-01', '2026-03-31']),
]
const kept = (predicate: Predicate) => filterDataFiles(files, predicate, schema).files.map(({ filePath }) => filePath)

describe('choosing data files by a predicate', () => {
	it('keeps the files that may hold a matching row', () => {
		expect(kept(P.eq('plan', 'pro'))).toEqual(['b', 'c'])
		expect(kept(P.and(P.eq('plan', 'pro'), P.gte('created_at', new Date('2026-03-01'))))).toEqual(['c'])
		expect(kept(P.or(P.lt('created_at', new Date('2026-01-02')), P.eq('plan', 'pro')))).toEqual(['a', 'b', 'c'])
		expect(kept(P.in('plan', ['none', 'free']))).toEqual(['a', 'b'])
		expect(kept(P.between('created_at', new Date('2026-02-10'), new Date('2026-02-20')))).toEqual(['b'])
		expect(kept(P.isNull('plan'))).toEqual([])
		expect(filterDataFiles(files, P.eq('plan', 'basic'), schema)).toEqual({ files: [], pruned: 3 })
	})

	it('needs no schema for files that know theirs, and for zone maps by name', () => {
		const knowing = files.map((dataFile) => ({ ...dataFile, schema }))
		const pruned = filterDataFiles(knowing, P.and(P.eq('plan', 'pro'), P.gte('created_at', new Date('2026-03-01'))))
		expect(pruned).toMatchObject({ files: [{ filePath: 'c' }], pruned: 2 })
		const zones = [{ recordCount: 1, columns: { plan: { min: 'free', max: 'free' } } }]
		expect(filterDataFiles(zones, P.eq('plan', 'pro'))).toEqual({ files: [], pruned: 1 })
	})

	it('keeps every file where nothing is known', () => {
		expect(filterDataFiles(files, P.eq('plan', 'basic'))).toEqual({ files, pruned: 0 })
		expect(kept(P.eq('n', 5))).toEqual(['a', 'b', 'c'])
		expect(kept(P.eq('no such column', 5))).toEqual(['a', 'b', 'c'])
		expect(kept(P.eq('plan', 5))).toEqual(['a', 'b', 'c'])
		expect(kept(P.gt('created_at', 'text'))).toEqual(['a', 'b', 'c'])
	})

	it('leaves deleted entries of a manifest out', () => {
		const entries = files.map((dataFile, i) => ({ status: i === 2 ? ('deleted' as const) : ('added' as const), dataFile }))
		const result = filterManifestEntries(entries, P.eq('plan', 'pro'), schema)
		expect(result.files.map(({ dataFile }) => dataFile.filePath)).toEqual(['b'])
		expect(result.pruned).toBe(1)
	})

	it('never leaves a file out whose zone maps hold a matching row', () => {
		const value = fc.integer({ min: -5, max: 5 })
		const leaf: fc.Arbitrary<Predicate> = fc.oneof(
			fc.tuple(fc.constantFrom('eq', 'lt', 'lte', 'gt', 'gte'), value).map(([op, v]) => P[op as 'eq']('n', v)),
			fc.array(value, { maxLength: 3 }).map((values) => P.in('n', values)),
			fc.constantFrom(P.isNull('n'), P.notNull('n')),
		)
		const { predicate } = fc.letrec<{ predicate: Predicate }>((tie) => ({
			predicate: fc.oneof(
				{ depthSize: 'small' },
				leaf,
				fc.array(tie('predicate'), { maxLength: 3 }).map((operands) => P.and(...operands)),
				fc.array(tie('predicate'), { maxLength: 3 }).map((operands) => P.or(...operands)),
			),
		}))
		const holds = (p: Predicate, n: number | null): boolean => {
			if (p.op === 'and') return p.operands.every((operand) => holds(operand, n))
			if (p.op === 'or') return p.operands.some((operand) => holds(operand, n))
			if (p.op === 'isNull') return n === null
			if (n === null) return false
			if (p.op === 'notNull') return true
			if (p.op === 'in') return p.values.some((v) => v === n)
			const v = p.value as number
			return { eq: n === v, lt: n < v, lte: n <= v, gt: n > v, gte: n >= v }[p.op]
		}
		fc.assert(
			fc.property(fc.array(fc.option(value), { minLength: 1 }), predicate, (rows, p) => {
				const values = rows.filter((n) => n !== null)
				const zone = { min: Math.min(...values), max: Math.max(...values), nullCount: rows.length - values.length }
				const zoned = { recordCount: rows.length, columns: { n: values.length === 0 ? { nullCount: rows.length } : zone } }
				if (rows.some((n) => holds(p, n))) expect(filterDataFiles([zoned], p).files).toHaveLength(1)
			}),
			{ numRuns: 500 },
		)
	})
})
