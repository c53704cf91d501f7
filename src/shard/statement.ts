/**
 * What a Durable Object looks at in a statement's text before it runs it: the tokens, never a pattern over the whole text.
 *
 * @module
 */
import { tokenize, tokenName } from 'sqlite3-parser'

/** A placeholder in the text. */
interface Placeholder {
	readonly offset: number
	readonly text: string
	/** Index of the value it stands for, from 0. */
	readonly index: number
}

/** A statement's text, looked through. */
export interface ScannedStatement {
	/** First keyword, in upper case; empty for a text without one. */
	readonly keyword: string
	/** More than one statement in the text. */
	readonly multiple: boolean
	/** Where the first statement ends: before its semicolon and before comments that follow. */
	readonly end: number
	readonly placeholders: readonly Placeholder[]
	/** Where RETURNING stands outside of parentheses; null without it. */
	readonly returning: number | null
	/** A name of sqlake's own tables that the text holds; null without one. */
	readonly internalName: string | null
	/** Whether it creates, changes or drops what is temporary, in SQLite's schema `temp`. */
	readonly temporary: boolean
}

/** Names of tables of capture, of sqlake and of the platform. SQLite compares names without regard to case. */
const INTERNAL_NAME = /^_(?:cdc|sqlake|cf)_/i

/** Statements that change tables, indexes, views and triggers. */
const SCHEMA_KEYWORDS: ReadonlySet<string> = new Set(['CREATE', 'DROP', 'ALTER'])

/** What stands before the name of an object that is created, changed or dropped. */
const BEFORE_OBJECT: ReadonlySet<string> = new Set(['TABLE', 'VIEW', 'TRIGGER', 'INDEX', 'EXISTS'])

const CACHE_SIZE = 200
const cache = new Map<string, ScannedStatement>()

/** Tells whether a statement changes the schema, so that capture must look at the tables again. */
export function changesSchema(sql: string): boolean {
	return SCHEMA_KEYWORDS.has(scanStatement(sql).keyword)
}

/** Looks through a statement's text; the last 200 texts are remembered. */
export function scanStatement(sql: string): ScannedStatement {
	const known = cache.get(sql)
	if (known !== undefined) return known
	const scanned = scan(sql)
	if (cache.size >= CACHE_SIZE) for (const oldest of cache.keys()) if (cache.delete(oldest)) break
	cache.set(sql, scanned)
	return scanned
}

function scan(sql: string): ScannedStatement {
	const placeholders: Placeholder[] = []
	const numbers = new Map<string, number>()
	let highest = 0
	let keyword = ''
	let internalName: string | null = null
	let ended = false
	let multiple = false
	let returning: number | null = null
	let depth = 0
	let end = 0
	let isTrigger = false
	let temporary = false
	let [earlier, before, last, name] = ['', '', '', '']
	for (const { type, text, span } of tokenize(sql)) {
		const kind = tokenName(type) ?? ''
		const follows = before === 'SEMI' && last === 'END'
		earlier = before
		before = last
		last = kind
		// CREATE TEMP TABLE x, or CREATE TABLE temp.x.
		if (before === 'CREATE' && kind === 'TEMP') temporary = true
		if (kind === 'DOT' && BEFORE_OBJECT.has(earlier) && /^temp$/i.test(name)) temporary = SCHEMA_KEYWORDS.has(keyword)
		name = unquote(text)
		if (kind === 'SEMI') {
			// The statements of a trigger's body end in semicolons; `; END ;` ends the trigger (https://www.sqlite.org/c3ref/complete.html).
			ended = keyword !== '' && (!isTrigger || follows)
			continue
		}
		if (kind === 'TRIGGER' && keyword === 'CREATE') isTrigger ||= /^(?:CREATE|TEMP)$/.test(before)
		if (ended) multiple = true
		else end = span.offset + span.length
		if (keyword === '') keyword = text.toUpperCase()
		if (kind === 'LP') depth++
		if (kind === 'RP') depth--
		if (kind === 'RETURNING' && depth === 0) returning ??= span.offset
		if (kind === 'VARIABLE') {
			const number = placeholderNumber(text, highest, numbers)
			highest = Math.max(highest, number)
			placeholders.push({ offset: span.offset, text, index: number - 1 })
		} else if (kind === 'ID' || kind === 'STRING') {
			// SQLite takes a string for a name where a name is expected, so a literal counts, too.
			if (INTERNAL_NAME.test(name)) internalName ??= name
		}
	}
	return { keyword, multiple, end, placeholders, returning, internalName, temporary }
}

/** The number that SQLite gives a parameter (https://www.sqlite.org/lang_expr.html#varparam). */
function placeholderNumber(text: string, highest: number, numbers: Map<string, number>): number {
	if (text === '?') return highest + 1
	if (text.startsWith('?')) return Number(text.slice(1))
	const known = numbers.get(text)
	if (known !== undefined) return known
	numbers.set(text, highest + 1)
	return highest + 1
}

function unquote(text: string): string {
	return /^["'`[]/.test(text) ? text.slice(1, -1) : text
}
