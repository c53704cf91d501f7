/**
 * SQLite's functions of JSON (https://www.sqlite.org/json1.html), on values as {@link file://./sql-value.ts} writes them.
 *
 * @module
 */
import { jsonEachRows } from './json-each.ts'
import { isBranch, JsonKind, type JsonNode, leaf, typeName } from './json-node.ts'
import { jsonErrorPosition, parseJson, tryParseJson } from './json-parse.ts'
import { patchJson } from './json-patch.ts'
import { badPath, editJson, type FoundJson, findFrom, findJson } from './json-path.ts'
import { jsonText, prettyJsonText, quoteJson, sqlValue } from './json-text.ts'
import { realText } from './real-text.ts'
import { decodeSqlValue, encodeSqlValue, type SqlValue } from './sql-value.ts'
import { sqliteFailure } from './sqlite-failure.ts'

/** A function of texts, as an engine calls it. */
export type TextFunction = (...args: readonly (string | null)[]) => string | null

/** Between the fields of a row, and between rows; both are escaped in what stands there. */
const FIELD_END = '\u001f'
const ROW_END = '\u001e'

/** Functions that begin with a JSON text are NULL for NULL. */
const ofJson =
	(make: (root: JsonNode, args: readonly (string | null)[]) => string | null): TextFunction =>
	(json, ...args) =>
		json === null || json === undefined ? null : make(cachedJson(json), args)

export const JSON_CALLBACKS: Readonly<Record<string, TextFunction>> = {
	/** The value at one path, encoded. */
	_slf_json_extract: ofJson((root, [path = null]) => {
		const found = path === null ? undefined : findJson(root, path)
		return found === undefined ? null : encodeSqlValue(sqlValue(found.node))
	}),
	/** The values at several paths, as a JSON array. */
	_slf_json_extract_all: ofJson((root, paths) => {
		const values: string[] = []
		for (const path of paths) {
			if (path === null) return null
			const found = findJson(root, path)
			values.push(found === undefined ? 'null' : jsonText(found.node))
		}
		return `[${values.join(',')}]`
	}),
	/** `->`: JSON text. The path is encoded, as an INTEGER is another than its digits. */
	_slf_json_arrow: ofJson((root, [path = null]) => {
		const found = arrow(root, path)
		return found === undefined ? null : jsonText(found.node)
	}),
	/** `->>`, encoded. */
	_slf_json_arrow_value: ofJson((root, [path = null]) => {
		const found = arrow(root, path)
		if (found === undefined) return null
		return isBranch(found.node) ? `t${jsonText(found.node)}` : encodeSqlValue(sqlValue(found.node))
	}),
	_slf_json_type: ofJson((root, paths) => {
		const found = paths.length === 0 ? root : at(root, paths[0] ?? null)
		return found === undefined ? null : typeName(found)
	}),
	_slf_json_array_length: ofJson((root, paths) => {
		const found = paths.length === 0 ? root : at(root, paths[0] ?? null)
		if (found === undefined) return null
		return String(found.kind === JsonKind.ARRAY ? found.nodes.length : 0)
	}),
	_slf_json_valid: (json = null, flags = '1') => {
		const level = Number(flags)
		if (!(level >= 1 && level <= 15)) throw sqliteFailure('FLAGS parameter to json_valid() must be between 1 and 15')
		if (json === null) return null
		if ((level & 3) === 0) return '0'
		const parsed = tryParseJson(json)
		return parsed !== undefined && (parsed.isStandard || (level & 2) !== 0) ? '1' : '0'
	},
	_slf_json_error_position: (json = null) => (json === null ? null : String(jsonErrorPosition(json))),
	_slf_json: ofJson((root) => jsonText(root)),
	_slf_json_pretty: ofJson((root, [indent = null]) => prettyJsonText(root, indent ?? '    ')),
	/** A value, encoded, as JSON. */
	_slf_json_quote: (value = null) => jsonOf(decodeSqlValue(value)),
	_slf_json_patch: ofJson((root, [patch = null]) => (patch === null ? null : jsonText(patchJson(root, cachedJson(patch))))),
	_slf_json_remove: ofJson((root, paths) => {
		let node = root
		for (const path of paths) {
			if (path === null) return null
			if (path === '$') return null
			node = editJson(node, path, { op: 'remove' })
		}
		return jsonText(node)
	}),
	_slf_json_set: ofJson((root, args) => edited(root, 'set', args)),
	_slf_json_insert: ofJson((root, args) => edited(root, 'insert', args)),
	_slf_json_replace: ofJson((root, args) => edited(root, 'replace', args)),
	_slf_json_each: ofJson((root, [path = '$']) => eachRows(root, path, false)),
	_slf_json_tree: ofJson((root, [path = '$']) => eachRows(root, path, true)),
}

let lastText: string | undefined
let lastRoot: JsonNode | undefined

/** A query often asks one text several times in a row. */
function cachedJson(text: string): JsonNode {
	if (text !== lastText || lastRoot === undefined) {
		lastRoot = parseJson(text)
		lastText = text
	}
	return lastRoot
}

function at(root: JsonNode, path: string | null): JsonNode | undefined {
	return path === null ? undefined : findJson(root, path)?.node
}

/** The right side of `->` may be a path, the name of a member, or the number of an item. */
function arrow(root: JsonNode, encoded: string | null): FoundJson | undefined {
	const path = decodeSqlValue(encoded)
	if (path === null) return undefined
	if (typeof path === 'bigint') return findFrom(root, path < 0n ? `[#${path}]` : `[${path}]`, String(path))
	const text = typeof path === 'number' ? realText(path) : typeof path === 'string' ? path : 'json' in path ? path.json : ''
	if (text.startsWith('$')) return findJson(root, text)
	if (text === '') throw badPath('')
	if (/^\w+$/.test(text)) return findFrom(root, `.${text}`, text)
	return findFrom(root, /^\[[\s\S]+\]$/.test(text) ? text : `."${text}"`, text)
}

function edited(root: JsonNode, op: 'set' | 'insert' | 'replace', args: readonly (string | null)[]): string {
	let node = root
	for (let i = 0; i + 1 < args.length; i += 2) {
		const path = args[i] ?? null
		if (path === null) continue
		node = editJson(node, path, { op, value: nodeOf(decodeSqlValue(args[i + 1] ?? null)) })
	}
	return jsonText(node)
}

/** A value of SQL in JSON. */
function nodeOf(value: SqlValue): JsonNode {
	if (value === null) return leaf(JsonKind.NULL)
	switch (typeof value) {
		case 'bigint':
			return leaf(JsonKind.INT, String(value))
		case 'number':
			return leaf(JsonKind.FLOAT, Number.isFinite(value) ? realText(value) : value > 0 ? '9e999' : '-9e999')
		case 'string':
			return leaf(JsonKind.TEXTRAW, value)
		default:
			if (value instanceof Uint8Array) throw sqliteFailure('JSON cannot hold BLOB values')
			return parseJson(value.json)
	}
}

function jsonOf(value: SqlValue): string {
	if (typeof value === 'string') return quoteJson(value)
	if (typeof value === 'number') return Number.isFinite(value) ? realText(value) : value > 0 ? '9.0e+999' : '-9.0e+999'
	if (value !== null && typeof value === 'object' && 'json' in value) return value.json
	return jsonText(nodeOf(value))
}

/** Rows as one text, for the engine to take apart. */
function eachRows(root: JsonNode, path: string | null, recursive: boolean): string | null {
	if (path === null) return null
	const rows = jsonEachRows(root, path, recursive).map(({ key, value, type, atom, id, parent, fullkey, path }) =>
		[
			encodeSqlValue(key),
			encodeSqlValue(value),
			type,
			encodeSqlValue(atom),
			String(id),
			parent === null ? null : String(parent),
			fullkey,
			path,
		]
			.map((field) => (field === null ? '' : `=${field.replace(/\p{Cc}/gu, (c) => ESCAPES[c] ?? c)}`))
			.join(FIELD_END),
	)
	return rows.length === 0 ? null : rows.join(ROW_END)
}

const ESCAPES: Readonly<Record<string, string>> = { '\u001b': '\u001be', '\u001e': '\u001br', '\u001f': '\u001bf' }
