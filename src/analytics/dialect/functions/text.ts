/**
 * Functions of texts and bytes.
 *
 * @module
 */
import { callBack } from '../callbacks/callbacks.ts'
import { asEncoded, asInteger, asText } from '../convert.ts'
import { constant, NULL } from '../literals.ts'
import { withArguments } from '../macros/let.ts'
import { constantText } from '../operators.ts'
import { anySql, BLOB_CLASS, TEXT_CLASS, type TypedSql, typed } from '../typed-sql.ts'
import { unsupported } from '../unsupported.ts'
import { expectArguments, ofOne, type ScalarCall, type ScalarFunction } from './scalar-function.ts'

export const TEXT_FUNCTIONS: Readonly<Record<string, ScalarFunction>> = {
	length: ofOne((e) => {
		if (e.kind === 'blob') return typed('integer', `octet_length(${e.sql})`)
		if (e.kind === 'text') return typed('integer', `_sl_length(${e.sql})`)
		return typed('integer', e.kind === 'any' ? `_sl_any_length(${e.sql})` : `length(${asText(e)})`)
	}),
	octet_length: ofOne((e) =>
		typed('integer', e.kind === 'blob' ? `octet_length(${e.sql})` : `octet_length(encode(${asText(e)}))`),
	),
	lower: ofOne((e) => typed('text', `_sl_lower(${asText(e)})`)),
	upper: ofOne((e) => typed('text', `_sl_upper(${asText(e)})`)),
	trim: (call) => trim(call, 'trim'),
	ltrim: (call) => trim(call, 'ltrim'),
	rtrim: (call) => trim(call, 'rtrim'),
	replace: (call) => {
		expectArguments(call, 3)
		const [subject = NULL, pattern = NULL] = call.args
		if (subject.kind === 'null' || pattern.kind === 'null') return NULL
		return typed('text', replaced(call.args))
	},
	instr: (call) => {
		expectArguments(call, 2)
		if (call.args.some(({ kind }) => kind === 'null')) return NULL
		if (call.args.some(({ classes }) => (classes & BLOB_CLASS) !== 0)) {
			const [whole, searched] = call.args.map((arg) => asEncoded({ ...arg, json: undefined }, call.position))
			return typed('integer', `CAST(${callBack('_slf_instr', [whole ?? '', searched ?? ''])} AS BIGINT)`)
		}
		const [text, part] = call.args.map((arg) => asText(arg))
		return typed('integer', `CAST(instr(${text}, ${part}) AS BIGINT)`)
	},
	substr: substring,
	substring,
	hex: (call) => {
		expectArguments(call, 1)
		const [e = NULL] = call.args
		if (e.kind === 'null') return constant('')
		return typed(
			'text',
			`COALESCE(${e.kind === 'any' ? `_sl_any_hex(${e.sql})` : `hex(${e.kind === 'blob' ? e.sql : `encode(${asText(e)})`})`}, '')`,
		)
	},
	unhex: (call) => {
		expectArguments(call, 1, 2)
		const [e = NULL] = call.args
		if (call.args.some(({ kind }) => kind === 'null')) return NULL
		const text = asText(e)
		const ignored = call.args[1]
		if (ignored !== undefined) return typed('blob', `from_hex(substr(${callBack('_slf_unhex', [text, asText(ignored)])}, 2))`)
		return typed('blob', `(CASE WHEN regexp_full_match(${text}, '([0-9A-Fa-f][0-9A-Fa-f])*') THEN unhex(${text}) END)`)
	},
	unicode: ofOne((e) => {
		const text = asText(e)
		return typed('integer', `(CASE WHEN ${text} <> '' THEN NULLIF(CAST(unicode(${text}) AS BIGINT), 0) END)`)
	}),
	char: ({ args, position }) => {
		if (args.length === 0) return constant('')
		const characters = args.map((arg) => {
			const value = arg.constant?.value
			if (typeof value === 'bigint' && (value < 0n || value > 0x10ffffn || (value >= 0xd800n && value <= 0xdfffn))) {
				throw unsupported('char() of what is no Unicode character', position)
			}
			return `chr(CAST(COALESCE(${asInteger(arg)}, 0) AS INTEGER))`
		})
		return typed('text', `(${characters.join(' || ')})`)
	},
	concat: ({ args }) => typed('text', `concat(${args.map((arg) => asText(arg)).join(', ')})`),
	concat_ws: ({ args }) => {
		const [separator = NULL, ...values] = args
		if (separator.kind === 'null') return NULL
		return typed('text', `concat_ws(${[separator, ...values].map((arg) => asText(arg)).join(', ')})`)
	},
}

/** A pattern that begins with NUL is none to SQLite. */
/** Bytes up to which a text may grow where it is put together of others; SQLite's own limit is 1,000,000,000. */
const MAX_GROWN_BYTES = 4 * 1024 * 1024

/** `replace()`: replacing nothing changes nothing, not even with NULL. */
function replaced(args: readonly TypedSql[]): string {
	const [pattern, replacement] = args.slice(1).map(constantText)
	const [text = '', from = '', to = ''] = args.map((arg) => asText(arg))
	const isPlain = pattern !== undefined && pattern !== '' && !pattern.startsWith('\0')
	if (isPlain && replacement !== undefined && bytesOf(replacement) <= bytesOf(pattern)) return `replace(${text}, ${from}, ${to})`
	const grown = 'CAST(strlen(p.a) AS HUGEINT) * strlen(p.t) // greatest(1, strlen(p.f))'
	const empty = isPlain ? '' : "WHEN p.f = '' OR starts_with(p.f, chr(0)) THEN p.a "
	const tooBig = `WHEN ${grown} > greatest(${MAX_GROWN_BYTES}, strlen(p.a)) THEN error('sqlite: string or blob too big')`
	return withArguments({ a: text, f: from, t: to }, `CASE ${empty}${tooBig} ELSE replace(p.a, p.f, p.t) END`)
}

function bytesOf(text: string): number {
	return new TextEncoder().encode(text).length
}

function trim(call: ScalarCall, name: string): TypedSql {
	expectArguments(call, 1, 2)
	if (call.args.some(({ kind }) => kind === 'null')) return NULL
	const [text, characters] = call.args.map((arg) => asText(arg))
	return typed('text', `${name}(${text}, ${characters ?? "' '"})`)
}

function substring(call: ScalarCall): TypedSql {
	expectArguments(call, 2, 3)
	if (call.args.some(({ kind }) => kind === 'null')) return NULL
	const [text = NULL, start = NULL, count] = call.args
	const first = asInteger(start)
	const length = count === undefined ? "CAST('2147483647' AS BIGINT)" : asInteger(count)
	if (text.kind === 'blob') return typed('blob', `_sl_substr_bytes(${text.sql}, ${first}, ${length})`)
	if (text.classes & BLOB_CLASS) return anySql(`_sl_any_substr(${text.sql}, ${first}, ${length})`, TEXT_CLASS | BLOB_CLASS)
	const sql = asText(text)
	const from = start.constant?.value
	const known = count === undefined ? 2_147_483_647n : count.constant?.value
	if (typeof from === 'bigint' && typeof known === 'bigint' && from >= 1n && known >= 0n && from + known < 2n ** 32n) {
		return typed('text', `substring(_sl_to_nul(${sql}), ${from}${count === undefined ? '' : `, ${known}`})`)
	}
	return typed('text', `_sl_substr(${sql}, ${first}, ${length})`)
}
