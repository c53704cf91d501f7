/**
 * Writing JSON, and what its values are in SQL.
 *
 * @module
 */
import { isInt64 } from '../../../schema/int64.ts'
import { JsonKind, type JsonNode } from './json-node.ts'
import type { SqlValue } from './sql-value.ts'
import { dialectFailure, sqliteFailure } from './sqlite-failure.ts'

/** A value as JSON without spaces; what JSON5 allows is written as JSON. */
export function jsonText(node: JsonNode): string {
	const { kind, text, nodes } = node
	switch (kind) {
		case JsonKind.ARRAY:
			return `[${nodes.map(jsonText).join(',')}]`
		case JsonKind.OBJECT:
			return `{${members(nodes, (label, value) => `${jsonText(label)}:${jsonText(value)}`).join(',')}}`
		default:
			return leafText(kind, text)
	}
}

/** A value as JSON on several lines. */
export function prettyJsonText(node: JsonNode, indent: string, level = 0): string {
	const { kind, nodes } = node
	if (nodes.length === 0) return jsonText(node)
	const inner = level + 1
	const items =
		kind === JsonKind.ARRAY
			? nodes.map((item) => prettyJsonText(item, indent, inner))
			: members(nodes, (label, value) => `${jsonText(label)}: ${prettyJsonText(value, indent, inner)}`)
	const lines = items.map((item) => indent.repeat(inner) + item).join(',\n')
	const [open, close] = kind === JsonKind.ARRAY ? '[]' : '{}'
	return `${open}\n${lines}\n${indent.repeat(level)}${close}`
}

/** What is made of each member of an object. */
export function members<T>(nodes: readonly JsonNode[], make: (label: JsonNode, value: JsonNode) => T): T[] {
	const made: T[] = []
	for (let i = 0; i + 1 < nodes.length; i += 2) {
		const [label, value] = [nodes[i], nodes[i + 1]]
		if (label !== undefined && value !== undefined) made.push(make(label, value))
	}
	return made
}

/** The integer that decimal or hexadecimal digits stand for; null beyond 64 bits. Many digits take no more than linear time. */
function unsignedInteger(digits: string): bigint | null {
	const [, base = '', significant = ''] = /^(0x)?0*(.+)$/i.exec(digits) ?? []
	if (significant.length > 20) return null
	const value = BigInt(`${base}${significant}`)
	return value < 2n ** 64n ? value : null
}

function leafText(kind: JsonKind, text: string): string {
	switch (kind) {
		case JsonKind.NULL:
			return 'null'
		case JsonKind.TRUE:
			return 'true'
		case JsonKind.FALSE:
			return 'false'
		case JsonKind.INT5: {
			const [sign, digits] = signOf(text)
			// SQLite gives up at the first digit that does not fit, leading zeros aside.
			return `${sign}${unsignedInteger(digits) ?? '9.0e999'}`
		}
		case JsonKind.FLOAT5: {
			const [sign, digits] = signOf(text)
			return `${sign}${digits.replace(/^\./, '0.').replace(/\.(?!\d)/, '.0')}`
		}
		case JsonKind.TEXT:
		case JsonKind.TEXTJ:
			return `"${text}"`
		case JsonKind.TEXT5:
			return `"${text.replace(/\\(?:x[\s\S]{2}|\r\n|[\s\S])|"|\p{Cc}/gu, standardEscape)}"`
		case JsonKind.TEXTRAW:
			return quoteJson(text)
		default:
			return text
	}
}

function signOf(text: string): readonly [sign: string, digits: string] {
	return text.startsWith('-') ? ['-', text.slice(1)] : ['', text]
}

/** An escape of JSON5, or a character that JSON does not allow, as JSON writes it. */
function standardEscape(found: string): string {
	if (found[0] !== '\\') return quoteJson(found).slice(1, -1)
	switch (found[1]) {
		case "'":
			return "'"
		case 'v':
			return '\\u000b'
		case '0':
			return '\\u0000'
		case 'x':
			return `\\u00${found.slice(2)}`
		case '\r':
		case '\n':
		case '\u2028':
		case '\u2029':
			return ''
		default:
			return found
	}
}

/** Text as a JSON string. */
export function quoteJson(text: string): string {
	return `"${text.replace(/["\\]|\p{Cc}/gu, escaped)}"`
}

function escaped(character: string): string {
	const code = character.charCodeAt(0)
	return SHORT_ESCAPES[character] ?? (code > 0x1f ? character : `\\u${code.toString(16).padStart(4, '0')}`)
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
	'"': '\\"',
	'\\': '\\\\',
	'\b': '\\b',
	'\f': '\\f',
	'\n': '\\n',
	'\r': '\\r',
	'\t': '\\t',
}

/** The text that a JSON string stands for. @throws the lake's failure for half a surrogate pair, which no text of DuckDB can hold. */
export function stringText({ kind, text }: JsonNode): string {
	if (kind !== JsonKind.TEXTJ && kind !== JsonKind.TEXT5) return text
	const plain = text.replace(/\\(?:u([0-9a-f]{4})|x([0-9a-f]{2})|(\r\n|[\s\S]))/gi, (_, code, byte, character) => {
		if (code !== undefined || byte !== undefined) return String.fromCharCode(Number.parseInt(code ?? byte, 16))
		return UNESCAPED[character] ?? ('\r\n\u2028\u2029'.includes(character) ? '' : character)
	})
	if (!plain.isWellFormed()) throw dialectFailure('half a surrogate pair in JSON')
	return plain
}

const UNESCAPED: Readonly<Record<string, string>> = {
	b: '\b',
	f: '\f',
	n: '\n',
	r: '\r',
	t: '\t',
	v: '\v',
	0: '\0',
}

/** A value in SQL: arrays and objects are JSON text. @throws SQLite's failure for a hexadecimal number of more than 64 bits. */
export function sqlValue(node: JsonNode): SqlValue {
	const { kind, text } = node
	switch (kind) {
		case JsonKind.NULL:
			return null
		case JsonKind.TRUE:
			return 1n
		case JsonKind.FALSE:
			return 0n
		case JsonKind.INT:
		case JsonKind.INT5: {
			const [sign, digits] = signOf(text)
			const size = unsignedInteger(digits)
			if (size === null && kind === JsonKind.INT5) throw sqliteFailure('malformed JSON')
			const value = size === null ? null : sign === '' ? size : -size
			if (value === null) return Number(`${sign}${digits}`)
			return isInt64(value) && !(kind === JsonKind.INT5 && value === -(2n ** 63n)) ? value : Number(value)
		}
		case JsonKind.FLOAT:
		case JsonKind.FLOAT5:
			return Number(text)
		case JsonKind.ARRAY:
		case JsonKind.OBJECT:
			return { json: jsonText(node) }
		default:
			return stringText(node)
	}
}
