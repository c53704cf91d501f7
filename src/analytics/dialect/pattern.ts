/**
 * LIKE and GLOB. DuckDB's own matchers backtrack without bound, and know other rules for case and for sets of characters;
 * patterns are read here and matched by plain functions where they are simple, else by RE2, which takes linear time.
 *
 * @module
 */

import { fold as lowerAscii } from '../../schema/fold.ts'
import { quoteText } from '../engines/duckdb-sql.ts'
import { callBack } from './callbacks/callbacks.ts'
import { asText, settled } from './convert.ts'
import { NULL } from './literals.ts'
import { constantText } from './operators.ts'
import { type TypedSql, typed } from './typed-sql.ts'

/** A part of a pattern: literal text, any text, one character, or a regular expression for one character. */
type Part = { readonly text: string } | 'many' | 'one' | { readonly set: string }

/** `subject LIKE pattern [ESCAPE escape]`: ASCII letters match in either case. */
export function like(subject: TypedSql, pattern: TypedSql, escaping: TypedSql | null): TypedSql {
	if (subject.kind === 'null' || pattern.kind === 'null' || escaping?.kind === 'null') return NULL
	const text = asText(settled(subject))
	const escapeText = escaping === null ? '' : constantText(escaping)
	const known = constantText(pattern)
	if (known !== undefined && escapeText !== undefined && (escaping === null || [...escapeText].length === 1)) {
		return typed('boolean', match(text, likeParts(toNul(known), escapeText), true))
	}
	const patternText = asText(settled(pattern))
	const others = escaping === null ? [] : [asText(settled(escaping))]
	const slow = `(${callBack('_slf_like', [patternText, text, ...others])} = '1')`
	if (escaping !== null) return typed('boolean', slow)
	// Two wildcards at most cannot make DuckDB go back and forth without end.
	const [value, folded] = [`_sl_lower(${text})`, `_sl_lower(${patternText})`]
	return typed(
		'boolean',
		`(CASE WHEN length(${folded}) - length(replace(${folded}, '%', '')) <= 2 AND NOT contains(${value} || ${folded}, chr(0)) ` +
			`THEN ${value} LIKE ${folded} ELSE ${slow} END)`,
	)
}

/** `subject GLOB pattern`: letters match as they are. */
export function glob(subject: TypedSql, pattern: TypedSql): TypedSql {
	if (subject.kind === 'null' || pattern.kind === 'null') return NULL
	const text = asText(settled(subject))
	const known = constantText(pattern)
	if (known === undefined) return typed('boolean', `(${callBack('_slf_glob', [asText(settled(pattern)), text])} = '1')`)
	return typed('boolean', match(text, globParts(toNul(known)), false))
}

/** SQLite reads texts to their first NUL here. */
function toNul(text: string): string {
	return text.split('\0', 1)[0] ?? ''
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
	const folded = (text: string) => (folds ? `_sl_lower(${text})` : text)
	const text = folded(`_sl_to_nul(${subject})`)
	const literal = (part: Part) =>
		typeof part === 'object' && 'text' in part ? quoteText(folds ? lowerAscii(part.text) : part.text) : undefined
	const [first, second, third, ...more] = parts
	if (first === undefined) return `(${text} = '')`
	if (more.length === 0) {
		const [a, b] = [literal(first), second === undefined ? undefined : literal(second)]
		if (second === undefined) {
			if (first === 'many') return `(CASE WHEN ${subject} IS NOT NULL THEN TRUE END)`
			if (a !== undefined) return `(${text} = ${a})`
		}
		// What begins a text begins it to its first NUL as well.
		if (second === 'many' && third === undefined && a !== undefined) return `starts_with(${folded(subject)}, ${a})`
		if (first === 'many' && third === undefined && b !== undefined) return `ends_with(${text}, ${b})`
		if (first === 'many' && third === 'many' && b !== undefined) {
			// Most texts hold neither the part nor a NUL.
			return `(CASE WHEN contains(${folded(subject)}, ${b}) THEN contains(${text}, ${b}) WHEN ${subject} IS NOT NULL THEN FALSE END)`
		}
	}
	const regexp = parts.map((part) => {
		if (part === 'many') return '.*'
		if (part === 'one') return '.'
		return 'set' in part ? part.set : escapeRegexp(folds ? lowerAscii(part.text) : part.text)
	})
	return `regexp_full_match(${text}, ${quoteText(`(?s)${regexp.join('')}`)})`
}

function escapeRegexp(text: string): string {
	return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

function escapeMember(character: string): string {
	return /[\\^\-[\]]/.test(character) ? `\\${character}` : character
}
