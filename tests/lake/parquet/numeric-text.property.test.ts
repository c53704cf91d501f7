import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { resultValue, storageClassOf } from '../../../src/analytics/dialect/result.ts'
import { literal } from '../../../src/analytics/engines/duckdb-sql.ts'
import { fromLakeValue, numericText } from '../../../src/lake/parquet/lake-types.ts'
import type { ColumnSchema } from '../../../src/schema/table-schema.ts'
import { openNative, openWasm } from '../../analytics/dialect/engines.ts'

const column: ColumnSchema = {
	name: 'n',
	property: 'n',
	fieldId: 101,
	declaredType: 'numeric',
	affinity: 'NUMERIC',
	mode: 'numeric',
	lakeType: 'string',
	notNull: false,
	generated: false,
}

/** Texts that have something of a number. */
const numberLike = fc
	.array(fc.constantFrom(...'0123456789+-.eE_ x:/\t\0', 'inf', 'nan', 'Infinity', '0x', '0b', '2024-01-05', '1e', ','), {
		maxLength: 7,
	})
	.map((parts) => parts.join(''))
const value = fc.oneof(
	numberLike,
	fc.string(),
	fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
	fc.double({ noNaN: true }),
	fc.integer({ min: -1000, max: 1000 }).map((n) => n / 100),
	fc.constantFrom<bigint | number>(
		2n ** 53n + 1n,
		-(2n ** 63n),
		2n ** 63n - 1n,
		2 ** 63,
		-(2 ** 63),
		1e21,
		5e-324,
		1.7976931348623157e308,
	),
)

describe.each([
	['native', openNative],
	['wasm', openWasm],
])('a value of a numeric column as text, on the %s engine', (_name, open) => {
	it('comes back as the very value, of the same class', async () => {
		const engine = await open()
		await fc.assert(
			fc.asyncProperty(fc.array(value, { minLength: 30, maxLength: 60 }), async (values) => {
				const held = values.flatMap((each) => {
					const text = numericText(column, each)
					return text === undefined ? [] : [{ each, text }]
				})
				for (const { each, text } of held) expect(fromLakeValue(column, text)).toBe(each)
				if (held.length === 0) return
				const rows = held.map(({ text }, i) => `(${i}, CAST(${literal(text)} AS VARCHAR))`).join(', ')
				const found = await engine.rows(`SELECT _sl_any_encode(_sl_numeric(x)) FROM (VALUES ${rows}) AS v(i, x) ORDER BY i`)
				for (const [i, { each }] of held.entries()) {
					const encoded = found[i]?.[0] ?? null
					const kind = { name: 'n', kind: 'any' } as const
					const class_ = typeof each === 'bigint' ? 'integer' : typeof each === 'number' ? 'real' : 'text'
					expect({ each, class: storageClassOf(kind, encoded) }).toEqual({ each, class: class_ })
					const back = resultValue(kind, encoded)
					expect(typeof each === 'bigint' ? BigInt(back as number) : back).toBe(each)
				}
			}),
			{ numRuns: 60 },
		)
		engine.close()
	}, 60_000)
})
