/**
 * The rows of `json_each()` and `json_tree()` (https://www.sqlite.org/json1.html section 4.24).
 *
 * @module
 */
import { isBranch, JsonKind, type JsonNode, typeName } from './json-node.ts'
import { type FoundJson, findJson } from './json-path.ts'
import { sqlValue, stringText } from './json-text.ts'
import type { SqlValue } from './sql-value.ts'
import { dialectFailure } from './sqlite-failure.ts'

/** One row. */
export interface JsonEachRow {
	readonly key: SqlValue
	readonly value: SqlValue
	readonly type: string
	readonly atom: SqlValue
	readonly id: number
	readonly parent: number | null
	readonly fullkey: string
	readonly path: string
}

/** @param path Where to begin, `$` for the whole. */
export function jsonEachRows(root: JsonNode, path: string, recursive: boolean): JsonEachRow[] {
	const found = findJson(root, path)
	if (found === undefined) return []
	const rows: JsonEachRow[] = []
	const at = placeOf(found)
	const { node } = found
	if (recursive || !isBranch(node)) {
		const [parentPath, key] = recursive ? splitPath(path, found) : [path, null]
		rows.push(row(node, key, at.id, null, path, parentPath))
	}
	if (isBranch(node)) children(node, at.value, recursive ? at.id : null, path, recursive, rows)
	return rows
}

/** @param at Place of the node itself. */
function children(
	node: JsonNode,
	at: number,
	parent: number | null,
	path: string,
	recursive: boolean,
	rows: JsonEachRow[],
): void {
	let place = at + headerSize(payloadSize(node))
	const isObject = node.kind === JsonKind.OBJECT
	for (let i = isObject ? 1 : 0; i < node.nodes.length; i += isObject ? 2 : 1) {
		const child = node.nodes[i]
		const label = isObject ? node.nodes[i - 1] : undefined
		if (child === undefined) continue
		const fullkey = label === undefined ? `${path}[${i}]` : `${path}${pathName(label)}`
		rows.push(row(child, label === undefined ? BigInt(i) : stringText(label), place, parent, fullkey, path))
		const value = place + (label === undefined ? 0 : sizeOf(label))
		if (recursive && isBranch(child)) children(child, value, place, fullkey, true, rows)
		place = value + sizeOf(child)
	}
}

function row(node: JsonNode, key: SqlValue, id: number, parent: number | null, fullkey: string, path: string): JsonEachRow {
	const value = sqlValue(node)
	return { key, value, type: typeName(node), atom: isBranch(node) ? null : value, id, parent, fullkey, path }
}

/** A label in a path: in quotes unless it is letters and digits. */
function pathName({ text }: JsonNode): string {
	return /^[A-Za-z][A-Za-z0-9]*$/.test(text) ? `.${text}` : `."${text}"`
}

/** The path of the parent and the key in it, where `json_tree()` begins below the root. */
function splitPath(path: string, found: FoundJson): readonly [parent: string, key: SqlValue] {
	const last = found.trail.at(-1)
	if (last === undefined) return [path, null]
	const at = path.length - last.rest
	const label = last.parent.nodes[last.index - 1]
	const escaped = last.parent.kind === JsonKind.OBJECT && (label?.kind === JsonKind.TEXTJ || label?.kind === JsonKind.TEXT5)
	// SQLite does not find the parent of these.
	if (escaped || path.startsWith('[#', at)) throw dialectFailure('json_tree() from a path with # or to a label with escapes')
	const name = path.slice(at)
	if (name[0] === '[') return [path.slice(0, at), BigInt(/^\[(\d+)/.exec(name)?.[1] ?? 0)]
	return [path.slice(0, at), name[1] === '"' ? name.slice(2, -1) : name.slice(1)]
}

/** Where a value stands in SQLite's JSONB, and where its label does: that is its `id`. */
function placeOf({ trail }: FoundJson): { readonly id: number; readonly value: number } {
	let id = 0
	let value = 0
	for (const { parent, index } of trail) {
		value += headerSize(payloadSize(parent))
		const isObject = parent.kind === JsonKind.OBJECT
		for (let i = 0; i < (isObject ? index - 1 : index); i++) value += sizeOf(parent.nodes[i] ?? parent)
		id = value
		if (isObject) value += sizeOf(parent.nodes[index - 1] ?? parent)
	}
	return { id, value }
}

const SIZES = new WeakMap<JsonNode, number>()
const encoder = new TextEncoder()

/** Bytes of a value in JSONB. */
function sizeOf(node: JsonNode): number {
	const payload = payloadSize(node)
	return headerSize(payload) + payload
}

function payloadSize(node: JsonNode): number {
	if (!isBranch(node)) return bytesOf(node.text)
	let size = SIZES.get(node)
	if (size === undefined) {
		size = node.nodes.reduce((sum, child) => sum + sizeOf(child), 0)
		SIZES.set(node, size)
	}
	return size
}

/** Numbers and most texts are ASCII, of which the encoder need not be asked. */
function bytesOf(text: string): number {
	return /^[\0-\x7f]*$/.test(text) ? text.length : encoder.encode(text).length
}

function headerSize(payload: number): number {
	if (payload <= 11) return 1
	return payload <= 0xff ? 2 : payload <= 0xffff ? 3 : 5
}
