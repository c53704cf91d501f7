/**
 * Functions of texts and bytes.
 *
 * @module
 */
import { asEncoded, asInteger, asText } from '../convert.ts'
import { constant, NULL } from '../literals.ts'
import { BLOB_CLASS, type TypedSql, typed } from '../typed-sql.ts'
import { type Position, unsupported } from '../unsupported.ts'
import { expectArguments, ofOne, type ScalarCall, type ScalarFunction } from './scalar-function.ts'

export const TEXT_FUNCTIONS: Readonly<Record<string, ScalarFunction>> = {
	length: ofOne((e, { position }) => {
		if (e.kind === 'blob') return typed('integer', `octet_length(${e.sql})`)
		if (e.kind === 'text') return typed('integer', `_sl_length(${e.sql})`)
		return typed('integer', `length(${textOf(e, position)})`)
	}),
	octet_length: ofOne((e) =>
		typed('integer', e.kind === 'blob' ? `octet_length(${e.sql})` : `octet_length(encode(${asText(e)}))`),
	),
	lower: ofOne((e, { position }) => typed('text', `_sl_lower(${textOf(e, position)})`)),
	upper: ofOne((e, { position }) => typed('text', `_sl_upper(${textOf(e, position)})`)),
	trim: (call) => trim(call, 'trim'),
	ltrim: (call) => trim(call, 'ltrim'),
	rtrim: (call) => trim(call, 'rtrim'),
	replace: (call) => {
		expectArguments(call, 3)
		const [subject = NULL, pattern = NULL] = call.args
		if (subject.kind === 'null' || pattern.kind === 'null') return NULL
		const [text, from, to] = call.args.map((arg) => textOf(arg, call.position))
		// Replacing nothing changes nothing, not even with NULL.
		return typed('text', `(CASE WHEN ${from} = '' THEN ${text} ELSE replace(${text}, ${from}, ${to}) END)`)
	},
	instr: (call) => {
		expectArguments(call, 2)
		if (call.args.some(({ kind }) => kind === 'null')) return NULL
		if (call.args.some(({ classes }) => (classes & BLOB_CLASS) !== 0)) {
			const [whole, searched] = call.args.map((arg) => asEncoded({ ...arg, json: undefined }, call.position))
			return typed('integer', `CAST(_slf_instr(${whole}, ${searched}) AS BIGINT)`)
		}
		const [text, part] = call.args.map((arg) => textOf(arg, call.position))
		return typed('integer', `CAST(instr(${text}, ${part}) AS BIGINT)`)
	},
	substr: substring,
	substring,
	hex: (call) => {
		expectArguments(call, 1)
		const [e = NULL] = call.args
		if (e.kind === 'null') return constant('')
		return typed('text', `COALESCE(hex(${e.kind === 'blob' ? e.sql : `encode(${textOf(e, call.position)})`}), '')`)
	},
	unhex: (call) => {
		expectArguments(call, 1, 2)
		const [e = NULL] = call.args
		if (call.args.some(({ kind }) => kind === 'null')) return NULL
		const text = textOf(e, call.position)
		const ignored = call.args[1]
		if (ignored !== undefined) return typed('blob', `from_hex(substr(_slf_unhex(${text}, ${textOf(ignored, call.position)}), 2))`)
		return typed('blob', `(CASE WHEN regexp_full_match(${text}, '([0-9A-Fa-f][0-9A-Fa-f])*') THEN unhex(${text}) END)`)
	},
	unicode: ofOne((e, { position }) => {
		const text = textOf(e, position)
		return typed('integer', `(CASE WHEN ${text} <> '' THEN CAST(unicode(${text}) AS BIGINT) END)`)
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
	concat: ({ args, position }) => typed('text', `concat(${args.map((arg) => textOf(arg, position)).join(', ')})`),
	concat_ws: ({ args, position }) => {
		const [separator = NULL, ...values] = args
		if (separator.kind === 'null') return NULL
		return typed('text', `concat_ws(${[separator, ...values].map((arg) => textOf(arg, position)).join(', ')})`)
	},
}

function textOf(e: TypedSql, position: Position): string {
	if (e.classes & BLOB_CLASS) throw unsupported('a BLOB as text', position, 'CAST it to TEXT if it holds text.')
	return asText(e)
}

function trim(call: ScalarCall, name: string): TypedSql {
	expectArguments(call, 1, 2)
	if (call.args.some(({ kind }) => kind === 'null')) return NULL
	const [text, characters] = call.args.map((arg) => textOf(arg, call.position))
	return typed('text', `${name}(${text}, ${characters ?? "' '"})`)
}

function substring(call: ScalarCall): TypedSql {
	expectArguments(call, 2, 3)
	if (call.args.some(({ kind }) => kind === 'null')) return NULL
	const [text = NULL, start = NULL, count] = call.args
	const first = asInteger(start, call.position)
	const length = count === undefined ? "CAST('2147483647' AS BIGINT)" : asInteger(count, call.position)
	if (text.kind === 'blob') return typed('blob', `_sl_substr_bytes(${text.sql}, ${first}, ${length})`)
	const sql = textOf(text, call.position)
	const from = start.constant?.value
	const known = count === undefined ? 2_147_483_647n : count.constant?.value
	if (typeof from === 'bigint' && typeof known === 'bigint' && from >= 1n && known >= 0n && from + known < 2n ** 32n) {
		return typed('text', `substring(_sl_to_nul(${sql}), ${from}${count === undefined ? '' : `, ${known}`})`)
	}
	return typed('text', `_sl_substr(${sql}, ${first}, ${length})`)
}
