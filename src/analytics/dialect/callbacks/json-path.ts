/**
 * Finding and changing a value in JSON by a path (https://www.sqlite.org/json1.html section 3.3).
 *
 * @module
 */
import { branch, JsonKind, type JsonNode, leaf } from './json-node.ts'
import { stringText } from './json-text.ts'
import { sqliteFailure } from './sqlite-failure.ts'

/** What is to happen where a path leads: nothing, or a change of the value there, or of its absence. */
export type JsonEdit =
	| { readonly op: 'remove' }
	/** `replace` changes what is there, `insert` adds what is not, `set` does both. */
	| { readonly op: 'replace' | 'insert' | 'set'; readonly value: JsonNode }

/** The value that a path leads to, the label it has in its object, and the steps before it. */
export interface FoundJson {
	readonly node: JsonNode
	/** Nodes from the root to the value's parent, with the position of the next one in each. */
	readonly trail: readonly {
		readonly parent: JsonNode
		readonly index: number
		/** Length of the path from here on. */
		readonly rest: number
	}[]
}

/** A part of a path. A malformed one is only noticed where the search gets to it. */
type Step =
	| { readonly label: string; readonly raw: boolean; readonly rest: string }
	| { readonly index: (length: number) => number | null; readonly rest: string }

/** @throws SQLite's failure for a malformed path. */
export function badPath(path: string): Error {
	return sqliteFailure(`bad JSON path: '${path.replaceAll("'", "''")}'`)
}

/**
 * The value at a path.
 *
 * @param path Begins with `$`.
 * @returns undefined if there is none.
 * @throws SQLite's failure for a malformed path, where the search gets to its fault.
 */
export function findJson(root: JsonNode, path: string): FoundJson | undefined {
	if (path[0] !== '$') throw badPath(path)
	return findFrom(root, path.slice(1), path)
}

/** As {@link findJson}, of a path without its `$`. @param whole The path as the failure names it. */
export function findFrom(root: JsonNode, steps: string, whole: string): FoundJson | undefined {
	const trail: { parent: JsonNode; index: number; rest: number }[] = []
	let node = root
	for (let rest = steps; rest !== ''; ) {
		const step = stepOf(node, rest, whole)
		if (step === undefined) return undefined
		const index = indexOf(node, step)
		const next = index === null ? undefined : node.nodes[index]
		if (index === null || next === undefined) return undefined
		trail.push({ parent: node, index, rest: rest.length })
		node = next
		rest = step.rest
	}
	return { node, trail }
}

/**
 * JSON after a change at a path.
 *
 * @returns the same node where nothing changes.
 * @throws as {@link findJson} does.
 */
export function editJson(root: JsonNode, path: string, edit: JsonEdit): JsonNode {
	if (path[0] !== '$') throw badPath(path)
	return editAt(root, path.slice(1), edit, path) ?? root
}

/** @returns undefined for what is removed. */
function editAt(node: JsonNode, rest: string, edit: JsonEdit, path: string): JsonNode | undefined {
	if (rest === '') {
		if (edit.op === 'remove') return undefined
		return edit.op === 'insert' ? node : edit.value
	}
	const step = stepOf(node, rest, path)
	if (step === undefined) return node
	const index = indexOf(node, step)
	const child = index === null ? undefined : node.nodes[index]
	if (index !== null && child !== undefined) {
		const changed = editAt(child, step.rest, edit, path)
		if (changed === child) return node
		const width = node.kind === JsonKind.OBJECT && changed === undefined ? 2 : 1
		const nodes = node.nodes.toSpliced(
			changed === undefined ? index - width + 1 : index,
			width,
			...(changed === undefined ? [] : [changed]),
		)
		return { ...node, nodes }
	}
	if (edit.op !== 'insert' && edit.op !== 'set') return node
	if ('index' in step && step.index(node.nodes.length) !== node.nodes.length) return node
	const added = substructure(step.rest, edit, path)
	if (added === undefined) return node
	const label = 'label' in step ? [leaf(step.raw ? JsonKind.TEXTRAW : JsonKind.TEXT5, step.label)] : []
	return { ...node, nodes: [...node.nodes, ...label, added] }
}

/** The value with the arrays and objects around it that the rest of a path asks for. */
function substructure(rest: string, edit: JsonEdit & { readonly value: JsonNode }, path: string): JsonNode | undefined {
	if (rest === '') return edit.value
	const empty = branch(rest[0] === '.' ? JsonKind.OBJECT : JsonKind.ARRAY, [])
	const filled = editAt(empty, rest, edit, path)
	return filled === empty ? undefined : filled
}

/** The first step of a path; undefined if the value cannot have such a part. @throws SQLite's failure for a malformed step. */
function stepOf({ kind, nodes }: JsonNode, path: string, whole: string): Step | undefined {
	if (path[0] === '.') {
		const quoted = /^\."((?:\\[^\0]|[^"])*?)"/.exec(path)
		if (path[1] === '"' && quoted === null) throw badPath(whole)
		const label = quoted?.[1] ?? /^\.([^.[]*)/.exec(path)?.[1] ?? ''
		if (quoted === null && label === '') throw badPath(whole)
		if (kind !== JsonKind.OBJECT) return undefined
		const length = quoted === null ? label.length + 1 : quoted[0].length
		return { label, raw: quoted === null || !label.includes('\\'), rest: path.slice(length) }
	}
	if (path[0] !== '[') throw badPath(whole)
	if (kind !== JsonKind.ARRAY) return undefined
	const found = /^\[(?:(\d+)|#(?:-(\d+))?)\]/.exec(path)
	if (found === null) {
		// Too far from the end is noticed before the closing bracket is missed.
		const [, back] = /^\[#-(\d+)/.exec(path) ?? []
		if (back !== undefined && asUint32(back) > nodes.length) return undefined
		throw badPath(whole)
	}
	const [text, position, back = '0'] = found
	const index = (length: number) => {
		if (position !== undefined) return asUint32(position)
		const skipped = asUint32(back)
		return skipped > length ? null : length - skipped
	}
	return { index, rest: path.slice(text.length) }
}

/** Digits as SQLite counts with them: 32 bits that wrap. */
function asUint32(digits: string): number {
	let value = 0
	for (const digit of digits) value = (value * 10 + Number(digit)) % 2 ** 32
	return value
}

function indexOf(node: JsonNode, step: Step): number | null {
	if ('index' in step) return step.index(node.nodes.length)
	const { label, raw } = step
	const wanted = raw ? label : stringText(leaf(JsonKind.TEXT5, label))
	for (let i = 0; i + 1 < node.nodes.length; i += 2) {
		const name = node.nodes[i]
		if (name !== undefined && sameLabel(name, wanted)) return i + 1
	}
	return null
}

/** Whether a label stands for a text. */
export function sameLabel(label: JsonNode, text: string): boolean {
	const plain = label.kind === JsonKind.TEXT || label.kind === JsonKind.TEXTRAW
	return (plain ? label.text : stringText(label)) === text
}
