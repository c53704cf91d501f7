import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromJsonValue } from '../../../src/cli/http/json-values.ts'
import { CsvFormatter } from '../../../src/cli/rows/csv-formatter.ts'
import { JsonFormatter, NdjsonFormatter } from '../../../src/cli/rows/json-formatter.ts'
import type { Row, RowFormatter } from '../../../src/cli/rows/row-formatter.ts'
import { TableFormatter } from '../../../src/cli/rows/table-formatter.ts'
import { cutText, textWidth } from '../../../src/cli/rows/text-width.ts'

const plain = { bold: (text: string) => text, dim: (text: string) => text }

/** The text of rows that come in batches. */
function format(formatter: RowFormatter, rows: readonly Row[], batch = 3): string {
	let text = ''
	for (let start = 0; start < rows.length; start += batch) text += formatter.rows(rows.slice(start, start + batch))
	return text + formatter.end()
}

const value = fc.oneof(
	fc.string({ unit: 'binary' }),
	fc.double({ noNaN: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
	fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
	fc.uint8Array(),
	fc.constant(null),
)
const table = fc.integer({ min: 1, max: 4 }).chain((width) =>
	fc.record({
		columns: fc.array(fc.string(), { minLength: width, maxLength: width }),
		rows: fc.array(fc.array(value, { minLength: width, maxLength: width }), { maxLength: 8 }),
	}),
)

describe('rows as JSON', () => {
	it('keep every value, whatever the columns are called', () => {
		fc.assert(
			fc.property(table, ({ columns, rows }) => {
				const read = (object: object) => Object.values(object).map((member) => fromJsonValue(member, 'value'))
				const parsed: object[] = JSON.parse(format(new JsonFormatter(columns), rows))
				expect(parsed).toHaveLength(rows.length)
				for (const [index, row] of rows.entries()) {
					const object = parsed[index] ?? {}
					expect(Object.keys(object)).toHaveLength(columns.length)
					expect(new Set(read(object).map(String))).toEqual(new Set(row.map((member) => String(member))))
				}
				const lines = format(new NdjsonFormatter(columns), rows).split('\n').slice(0, -1)
				expect(lines.map((line) => JSON.parse(line))).toEqual(parsed)
			}),
			{ numRuns: 200 },
		)
	})

	it('have the columns in their order, and both of one name', () => {
		expect(format(new NdjsonFormatter(['b', '1', 'b', 'b:1']), [[1, 2, 3, 4]])).toBe('{ "b": 1, "1": 2, "b:1": 3, "b:1:1": 4 }\n')
	})

	it('are an empty array where there are none', () => {
		expect(format(new JsonFormatter(['a']), [])).toBe('[]\n')
	})
})

describe('rows as CSV', () => {
	it('read back as they were, text and NULL apart', () => {
		fc.assert(
			fc.property(table, ({ columns, rows }) => {
				const [header, ...lines] = parseCsv(format(new CsvFormatter(columns), rows))
				expect(header).toEqual(columns)
				expect(lines).toEqual(
					rows.map((row) =>
						row.map((member) =>
							member instanceof Uint8Array
								? `x'${Buffer.from(member).toString('hex')}'`
								: member === null
									? null
									: String(member),
						),
					),
				)
			}),
			{ numRuns: 200 },
		)
	})
})

describe('rows as a table', () => {
	it('are as wide as their widest value, numbers on the right', () => {
		const rows = [
			['ada', 9.5],
			['grace', 10],
			[null, null],
		]
		expect(format(new TableFormatter(['id', 'n'], plain), rows).split('\n')).toEqual([
			'id        n',
			'─────  ────',
			'ada     9.5',
			'grace    10',
			'NULL   NULL',
			'',
		])
	})

	it('fit a terminal: what is too wide is cut', () => {
		const text = format(new TableFormatter(['short', 'long'], { ...plain, width: 30 }), [['a', 'x'.repeat(100)]])
		expect(text.split('\n').map(textWidth)).toEqual([11, 30, 30, 0])
		expect(text).toContain('x…')
	})

	it('count wide characters twice and marks not at all', () => {
		expect(['日本', 'e\u0301', '👍', 'abc', ''].map(textWidth)).toEqual([4, 1, 2, 3, 0])
		expect(cutText('日本語', 5)).toBe('日本…')
		expect(cutText('abc', 3)).toBe('abc')
	})

	it('cannot move the cursor or colour what follows', () => {
		expect(format(new TableFormatter(['a'], plain), [['\u001b[31mred\u0007\u009b']])).toContain('\\x1b[31mred\\x07\\x9b')
	})

	it('do not wait for all rows', () => {
		const formatter = new TableFormatter(['n'], plain)
		const rows = Array.from({ length: 500 }, (_, n) => [n])
		expect(formatter.rows(rows.slice(0, 499))).toBe('')
		expect(formatter.rows(rows.slice(499))).toContain('499')
		expect(formatter.rows([[500]])).toBe('500\n')
		expect(formatter.end()).toBe('')
	})
})

/** Fields of RFC 4180; null for an empty one without quotes. */
function parseCsv(text: string): (string | null)[][] {
	const lines: (string | null)[][] = [[]]
	let at = 0
	while (at < text.length) {
		let field: string | null = null
		if (text[at] === '"') {
			field = ''
			for (at++; text[at] !== '"' || text[at + 1] === '"'; at++) {
				if (text[at] === '"') at++
				field += text[at]
			}
			at++
		} else {
			const end = text.slice(at).search(/[,\n]/)
			field = end === 0 ? null : text.slice(at, at + end)
			at += end
		}
		lines.at(-1)?.push(field)
		if (text[at] === '\n') lines.push([])
		at++
	}
	return lines.slice(0, -1)
}
