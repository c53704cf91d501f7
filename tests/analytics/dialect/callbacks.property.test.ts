import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CALLBACKS } from '../../../src/analytics/dialect/callbacks/callbacks.ts'
import { decodeSqlValue, encodeSqlValue, type SqlValue } from '../../../src/analytics/dialect/callbacks/sql-value.ts'
import { messageOf } from '../../../src/errors.ts'

type Scalar = null | bigint | number | string

const sqlite = new DatabaseSync(':memory:')
const options = { numRuns: 6_000 }

function expected(name: string, args: readonly Scalar[]): unknown {
	try {
		const statement = sqlite.prepare(`SELECT ${name}(${args.map(() => '?').join(', ')}) AS x`)
		statement.setReadBigInts(true)
		return statement.get(...args)?.x
	} catch (error) {
		return `sqlite: ${messageOf(error)}`
	}
}

/** @returns undefined for what the lake refuses. */
function found(name: string, args: readonly (string | null)[], read: (text: string | null) => unknown): unknown {
	try {
		return read(CALLBACKS.get(name)?.call(...args) ?? null)
	} catch (error) {
		const message = messageOf(error)
		return message.startsWith('sqlake: ') ? undefined : message
	}
}

function same(name: string, args: readonly Scalar[], answer: unknown): void {
	if (answer !== undefined) expect({ name, args, answer }).toEqual({ name, args, answer: expected(name, args) })
}

const decoded = (text: string | null): SqlValue => decodeSqlValue(text)

const two = (most: number) => fc.integer({ min: 0, max: most }).map((n) => String(n).padStart(2, '0'))
const day = fc
	.tuple(fc.integer({ min: 0, max: 9999 }), two(13), two(32))
	.map(([y, m, d]) => `${String(y).padStart(4, '0')}-${m}-${d}`)
const clock = fc
	.tuple(
		two(24),
		two(60),
		fc.option(two(60)),
		fc.constantFrom('', '.5', '.678', '.99999'),
		fc.constantFrom('', '', 'Z', '+02:00', ' -05:30', 'x'),
	)
	.map(([h, m, s, f, z]) => `${h}:${m}${s === null ? '' : `:${s}${f}`}${z}`)
const moment = fc.oneof(
	day,
	clock,
	fc.tuple(day, fc.constantFrom(' ', 'T', ''), clock).map((parts) => parts.join('')),
	fc.bigInt({ min: -(10n ** 11n), max: 3n * 10n ** 11n }),
	fc.double({ min: -1e6, max: 6e6, noNaN: true }),
	fc.constantFrom('', 'x', '2460000.5', ' 12 ', '2024-02-29\0', null),
)
const modifier = fc.oneof(
	fc
		.tuple(
			fc.constantFrom('+', '-', ''),
			fc.oneof(fc.integer({ min: 0, max: 400 }), fc.constantFrom(1.5, 0.001, 99_999)),
			fc.constantFrom('second', 'minute', 'hours', 'day', 'months', 'year', 'week'),
		)
		.map(([sign, n, unit]) => `${sign}${n} ${unit}`),
	fc.constantFrom(
		'start of month',
		'start of year',
		'start of day',
		'weekday 0',
		'weekday 6',
		'weekday 7',
		'unixepoch',
		'julianday',
		'auto',
		'floor',
		'ceiling',
		'subsec',
		'x',
		'',
	),
	fc.tuple(fc.constantFrom('+', '-'), clock).map((parts) => parts.join('')),
	fc.tuple(fc.constantFrom('+', '-'), day).map((parts) => parts.join('')),
)

test('dates and times are those of SQLite, or refused', () => {
	const name = fc.constantFrom('date', 'time', 'datetime', 'julianday', 'unixepoch')
	fc.assert(
		fc.property(name, moment, fc.array(modifier, { maxLength: 3 }), (name, value, modifiers) => {
			const args = [value, ...modifiers]
			same(name, args, found(`_slf_${name}`, ['0', ...args.map(encodeSqlValue)], decoded))
		}),
		options,
	)
})

test('strftime() and timediff() are those of SQLite, or refused', () => {
	const format = fc
		.array(fc.constantFrom(...'defFgGHIjJklmMpPRsSTuUVwWY%x'), { maxLength: 3 })
		.map((letters) => letters.map((c) => `%${c}|`).join(''))
	fc.assert(
		fc.property(format, moment, fc.array(modifier, { maxLength: 2 }), moment, (format, value, modifiers, other) => {
			const args = [value, ...modifiers]
			same('strftime', [format, ...args], found('_slf_strftime', ['0', format, ...args.map(encodeSqlValue)], decoded))
			same('timediff', [value, other], found('_slf_timediff', ['0', ...[value, other].map(encodeSqlValue)], decoded))
		}),
		options,
	)
})

test('printf() is that of SQLite, or refused', () => {
	const directive = fc
		.tuple(
			fc.array(fc.constantFrom('-', '+', ' ', '0', ',', '!', '#'), { maxLength: 2 }),
			fc.constantFrom('', '', '5', '12', '*'),
			fc.constantFrom('', '', '.0', '.2', '.10', '.*'),
			fc.constantFrom(...'duxXosscqQwfegGE%irpzkv'),
		)
		.map(([flags, width, precision, letter]) => `%${flags.join('')}${width}${precision}${letter}`)
	const value = fc.oneof(
		fc.constantFrom<Scalar>(null, 0n, -5n, 9_223_372_036_854_775_807n, 'abc', "it's", '12x', '', '日本語', 'x\0y', '1e3'),
		fc.double({ noNaN: true }),
		fc.bigInt({ min: -(10n ** 7n), max: 10n ** 7n }),
	)
	fc.assert(
		fc.property(
			fc.array(fc.oneof(directive, fc.constantFrom('a', '|', '%')), { maxLength: 3 }),
			fc.array(value, { maxLength: 4 }),
			(parts, args) => {
				const format = parts.join('')
				same(
					'printf',
					[format, ...args],
					found('_slf_printf', [format, ...args.map(encodeSqlValue)], (text) => text),
				)
			},
		),
		options,
	)
})

test('LIKE and GLOB with a pattern of the row are those of SQLite', () => {
	const text = fc.string({
		unit: fc.constantFrom('a', 'b', 'A', '%', '_', '*', '?', '[', ']', '^', '-', 'é', 'É', '!', '\0'),
		maxLength: 8,
	})
	fc.assert(
		fc.property(text, text, (pattern, subject) => {
			const truth = (text: string | null) => BigInt(text ?? 0)
			same('like', [pattern, subject], found('_slf_like', [pattern, subject], truth))
			same('like', [pattern, subject, '!'], found('_slf_like', [pattern, subject, '!'], truth))
			same('glob', [pattern, subject], found('_slf_glob', [pattern, subject], truth))
		}),
		options,
	)
})

/** The farthest that each unit moves a moment (aXformType in SQLite's date.c), and units that there are not. */
const UNIT_LIMITS = {
	second: 4.6427e14,
	minute: 7.7379e12,
	hour: 1.2897e11,
	day: 5_373_485,
	month: 176_546,
	year: 14_713,
	week: 0,
	fortnight: 0,
}

test('a moment moves by no more than SQLite moves it', () => {
	for (const [unit, limit] of Object.entries(UNIT_LIMITS)) {
		for (const amount of [limit, limit - 1, limit - 0.5, limit / 2, limit / 1000, 1e15, 1].flatMap((each) => [each, -each])) {
			for (const start of ['2024-01-31', '-4713-11-24 12:00:00', '9999-12-31 23:59:59', '0000-01-01']) {
				for (const name of [unit, `${unit}s`]) {
					const args = [start, `${amount} ${name}`]
					same('datetime', args, found('_slf_datetime', ['0', ...args.map((each) => encodeSqlValue(each))], decoded))
				}
			}
		}
	}
})
