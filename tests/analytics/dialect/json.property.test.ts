import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { JSON_CALLBACKS } from '../../../src/analytics/dialect/callbacks/json-functions.ts'
import { realText } from '../../../src/analytics/dialect/callbacks/real-text.ts'
import { decodeSqlValue, encodeSqlValue, type SqlValue } from '../../../src/analytics/dialect/callbacks/sql-value.ts'
import { messageOf } from '../../../src/errors.ts'

const sqlite = new DatabaseSync(':memory:')

/** What SQLite answers, or why it does not. */
function expected(expression: string, args: readonly (string | bigint | number | null)[]): unknown {
	try {
		const statement = sqlite.prepare(`SELECT ${expression} AS x`)
		statement.setReadBigInts(true)
		return statement.get(...args)?.x
	} catch (error) {
		return `sqlite: ${messageOf(error)}`
	}
}

function found(name: string, args: readonly (string | null)[], read: (text: string | null) => unknown = (text) => text): unknown {
	try {
		return read(JSON_CALLBACKS[name]?.(...args) ?? null)
	} catch (error) {
		return messageOf(error)
	}
}

const plain = (value: SqlValue) => (value !== null && typeof value === 'object' && 'json' in value ? value.json : value)
const decoded = (text: string | null) => plain(decodeSqlValue(text))

const atom = fc.constantFrom(
	...'1|-1|0|1.5|-0|-0.0|1e5|1E-3|null|true|false|""|"a"|"a b"|9223372036854775807|9223372036854775808|123456789012345678901|1.0'.split(
		'|',
	),
	...[
		"'a'",
		"'it\\'s'",
		'+1',
		'.5',
		'5.',
		'0x1F',
		'-0xff',
		'Infinity',
		'NaN',
		'"a\tb"',
		'"\\x41"',
		'01',
		'-',
		'"\\q"',
		'tru',
		'"abc',
		'"\\u00e9\\n"',
	],
)
const label = fc.constantFrom('"a"', '"b"', '""', '"a b"', '"a.b"', '"\\u0061"', '"é"', '"0"', 'a', "'k'", '$x', '1')
const space = fc.constantFrom('', '', '', ' ', '\n', '/*x*/')
const { json } = fc.letrec<{ json: string }>((tie) => {
	const member = fc.tuple(space, label, space, tie('json')).map(([s, l, t, v]) => `${s}${l}${t}:${v}`)
	const end = fc.constantFrom('', '', '', '', ',')
	return {
		json: fc.oneof(
			{ depthSize: 'small', withCrossShrink: true },
			atom,
			fc.tuple(space, fc.array(tie('json'), { maxLength: 3 }), end).map(([s, items, e]) => `${s}[${items.join(',')}${e}]`),
			fc.tuple(space, fc.array(member, { maxLength: 3 }), end).map(([s, items, e]) => `{${items.join(',')}${e}${s}}`),
		),
	}
})
const path = fc.constantFrom(
	'$',
	'$.a',
	'$.b',
	'$.a.b',
	'$[0]',
	'$[1]',
	'$[#-1]',
	'$[#]',
	'$.a[0]',
	'$."a b"',
	'$.é',
	'$[#-9]',
	'a',
	'$.',
	'$[',
	'$.n[0].x',
)

const same = (expression: string, args: readonly (string | bigint | number | null)[], answer: unknown) =>
	expect({ expression, args, answer }).toEqual({ expression, args, answer: expected(expression, args) })

describe('JSON functions, text by text, are those of SQLite', () => {
	const options = { numRuns: 2_000 }

	test('json(), json_valid(), json_error_position(), json_pretty()', () => {
		fc.assert(
			fc.property(json, (text) => {
				same('json(?)', [text], found('_slf_json', [text]))
				same(
					'json_valid(?)',
					[text],
					found('_slf_json_valid', [text], (x) => BigInt(x ?? 0)),
				)
				same(
					'json_valid(?, 6)',
					[text],
					found('_slf_json_valid', [text, '6'], (x) => BigInt(x ?? 0)),
				)
				same(
					'json_error_position(?)',
					[text],
					found('_slf_json_error_position', [text], (x) => BigInt(x ?? 0)),
				)
				same('json_pretty(?)', [text], found('_slf_json_pretty', [text]))
			}),
			options,
		)
	})

	test('json_extract(), ->, ->>, json_type()', () => {
		fc.assert(
			fc.property(json, fc.oneof(path, fc.constantFrom('b', '0', 'a.b', '[0]', '[#-1]', 'a b')), (text, at) => {
				same('json_extract(?, ?)', [text, at], found('_slf_json_extract', [text, at], decoded))
				same('? -> ?', [text, at], found('_slf_json_arrow', [text, encodeSqlValue(at)]))
				same('? ->> ?', [text, at], found('_slf_json_arrow_value', [text, encodeSqlValue(at)], decoded))
				same('json_type(?, ?)', [text, at], found('_slf_json_type', [text, at]))
			}),
			options,
		)
	})

	test('json_set(), json_insert(), json_replace(), json_remove(), json_patch()', () => {
		const value = fc.constantFrom<SqlValue & (null | bigint | number | string)>(null, 1n, 1.5, 1 / 3, 'x"y\n', '')
		fc.assert(
			fc.property(json, path, value, json, (text, at, added, other) => {
				for (const op of ['set', 'insert', 'replace'] as const) {
					same(`json_${op}(?, ?, ?)`, [text, at, added], found(`_slf_json_${op}`, [text, at, encodeSqlValue(added)]))
				}
				same('json_remove(?, ?)', [text, at], found('_slf_json_remove', [text, at]))
				same('json_patch(?, ?)', [text, other], found('_slf_json_patch', [text, other]))
			}),
			options,
		)
	})
})

test('a REAL as text has the digits that SQLite gives it', () => {
	fc.assert(
		fc.property(fc.double({ noNaN: true }), fc.integer({ min: 0, max: 15 }), (value, digits) => {
			for (const each of [value, Number(value.toPrecision(digits + 1)), Math.trunc(value), value % 1000]) {
				if (!Number.isNaN(each)) same(`? || ''`, [each], realText(each))
			}
		}),
		{ numRuns: 20_000 },
	)
})
