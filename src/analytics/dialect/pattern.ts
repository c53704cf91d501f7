/**
 * LIKE and GLOB. DuckDB's own matchers backtrack without bound, and know other rules for case and for sets of characters;
 * patterns are read here and matched by plain functions where they are simple, else by RE2, which takes linear time.
 *
 * @module
 */
import { quoteText } from '../engines/duckdb-sql.ts'
import { asText, settled } from './convert.ts'
import { NULL } from './literals.ts'
import { constantText } from './operators.ts'
import { BLOB_CLASS, type TypedSql, typed } from './typed-sql.ts'
import { type Position, unsupported } from './unsupported.ts'

/** A part of a pattern: literal text, any text, one character, or a regular expression for one character. */
type Part = { readonly text: string } | 'many' | 'one' | { readonly set: string }

/** `subject LIKE pattern [ESCAPE escape]`: ASCII letters match in either case. */
export function like(subject: TypedSql, pattern: TypedSql, escaping: TypedSql | null, position: Position): TypedSql {
	if (subject.kind === 'null' || pattern.kind === 'null' || escaping?.kind === 'null') return NULL
	refuseBlob(subject, position)
	refuseBlob(pattern, position)
	const text = asText(settled(subject))
	const escapeText = escaping === null ? '' : constantText(escaping)
	if (escapeText === undefined) throw unsupported('ESCAPE that is no constant', position)
	if (escaping !== null && [...escapeText].length !== 1) throw unsupported('ESCAPE with other than one character', position)
	const known = constantText(pattern)
	if (known !== undefined) return typed('boolean', match(text, likeParts(known, escapeText), true))
	if (escaping !== null) throw unsupported('ESCAPE with a pattern that is no constant', position)
	const folded = `_sl_lower(${asText(settled(pattern))})`
	return typed(
		'boolean',
		`(CASE WHEN length(${folded}) - length(replace(${folded}, '%', '')) <= 2 THEN _sl_lower(${text}) LIKE ${folded} ` +
			`ELSE regexp_full_match(_sl_lower(${text}), _sl_like_regexp(${folded}, '')) END)`,
	)
}

/** `subject GLOB pattern`: letters match as they are. */
export function glob(subject: TypedSql, pattern: TypedSql, position: Position): TypedSql {
	if (subject.kind === 'null' || pattern.kind === 'null') return NULL
	refuseBlob(subject, position)
	const known = constantText(pattern)
	if (known === undefined)
		throw unsupported('GLOB with a pattern that is no constant', position, 'Pass the pattern as a parameter.')
	return typed('boolean', match(asText(settled(subject)), globParts(known), false))
}

function refuseBlob(e: TypedSql, position: Position): void {
	if (e.classes & BLOB_CLASS) throw unsupported('LIKE or GLOB on a BLOB', position, 'CAST it to TEXT.')
}

function likeParts(pattern: string, escaping: string): Part[] | null {
	const parts: Part[] = []
	const characters = [...pattern]
	for (let i = 0; i < characters.length; i++) {
		const character = characters[i] ?? ''
		if (character === escaping) {
			const next = characters[++i]
			if (next === undefined) return null
			addText(parts, next)
		} else if (character === '%') addMany(parts)
		else if (character === '_') parts.push('one')
		else addText(parts, character)
	}
	return parts
}

/** @returns null for a pattern that matches nothing. */
function globParts(pattern: string): Part[] | null {
	const parts: Part[] = []
	const characters = [...pattern]
	for (let i = 0; i < characters.length; i++) {
		const character = characters[i] ?? ''
		if (character === '*') addMany(parts)
		else if (character === '?') parts.push('one')
		else if (character !== '[') addText(parts, character)
		else {
			const invert = characters[i + 1] === '^'
			if (invert) i++
			let members = ''
			// A `]` that comes first is a member of the set.
			if (characters[i + 1] === ']') {
				members += '\\]'
				i++
			}
			let next = characters[++i]
			let previous: string | undefined
			while (next !== undefined && next !== ']') {
				const end = characters[i + 1]
				if (next === '-' && previous !== undefined && end !== undefined && end !== ']') {
					// A range backwards holds nothing.
					if ((previous.codePointAt(0) ?? 0) <= (end.codePointAt(0) ?? 0))
						members += `${escapeMember(previous)}-${escapeMember(end)}`
					previous = undefined
					i++
				} else {
					members += escapeMember(next)
					previous = next
				}
				next = characters[++i]
			}
			if (next === undefined) return null
			parts.push({ set: members === '' ? (invert ? '.' : '[^\\x{0}-\\x{10FFFF}]') : `[${invert ? '^' : ''}${members}]` })
		}
	}
	return parts
}

function addText(parts: Part[], text: string): void {
	const last = parts.at(-1)
	if (typeof last === 'object' && 'text' in last) parts[parts.length - 1] = { text: last.text + text }
	else parts.push({ text })
}

function addMany(parts: Part[]): void {
	if (parts.at(-1) !== 'many') parts.push('many')
}

function match(subject: string, parts: readonly Part[] | null, fold: boolean): string {
	if (parts === null) return `(CASE WHEN ${subject} IS NOT NULL THEN FALSE END)`
	const letters = parts.some((part) => typeof part === 'object' && 'text' in part && /[a-z]/i.test(part.text))
	const folds = fold && letters
	const text = folds ? `_sl_lower(${subject})` : subject
	const literal = (part: Part) =>
		typeof part === 'object' && 'text' in part ? quoteText(folds ? lowerAscii(part.text) : part.text) : undefined
	const [first, second, third, ...more] = parts
	if (first === undefined) return `(${subject} = '')`
	if (more.length === 0) {
		const [a, b] = [literal(first), second === undefined ? undefined : literal(second)]
		if (second === undefined) {
			if (first === 'many') return `(CASE WHEN ${subject} IS NOT NULL THEN TRUE END)`
			if (a !== undefined) return `(${text} = ${a})`
		}
		if (second === 'many' && third === undefined && a !== undefined) return `starts_with(${text}, ${a})`
		if (first === 'many' && third === undefined && b !== undefined) return `ends_with(${text}, ${b})`
		if (first === 'many' && third === 'many' && b !== undefined) return `contains(${text}, ${b})`
	}
	const regexp = parts.map((part) => {
		if (part === 'many') return '.*'
		if (part === 'one') return '.'
		return 'set' in part ? part.set : escapeRegexp(folds ? lowerAscii(part.text) : part.text)
	})
	return `regexp_full_match(${text}, ${quoteText(`(?s)${regexp.join('')}`)})`
}

function lowerAscii(text: string): string {
	return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

function escapeRegexp(text: string): string {
	return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

function escapeMember(character: string): string {
	return /[\\^\-[\]]/.test(character) ? `\\${character}` : character
}
