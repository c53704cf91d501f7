/**
 * LIKE and GLOB as SQLite matches them (patternCompare in its func.c), for patterns that only the query's rows know.
 *
 * @module
 */
import { fold } from '../../../schema/fold.ts'
import { sqliteFailure } from './sqlite-failure.ts'

/** `%` and `_`, or `*` and `?`. */
interface Rules {
	readonly many: string
	readonly one: string
	/** Sets in brackets. */
	readonly sets: boolean
	readonly foldsCase: boolean
	readonly escape: string | undefined
}

/** Longest pattern that SQLite takes, in bytes (SQLITE_LIMIT_LIKE_PATTERN_LENGTH). */
const MAX_PATTERN = 50_000

/** @param escaping One character, or undefined. @throws SQLite's failure for an escape of other length. */
export function sqlLike(pattern: string, text: string, escaping?: string): boolean {
	if (escaping !== undefined && [...escaping].length !== 1) throw sqliteFailure('ESCAPE expression must be a single character')
	return matches(pattern, text, { many: '%', one: '_', sets: false, foldsCase: true, escape: escaping })
}

export function sqlGlob(pattern: string, text: string): boolean {
	return matches(pattern, text, { many: '*', one: '?', sets: true, foldsCase: false, escape: undefined })
}

function matches(pattern: string, text: string, rules: Rules): boolean {
	if (pattern.length > MAX_PATTERN) throw sqliteFailure('LIKE or GLOB pattern too complex')
	const folded = (value: string) => (rules.foldsCase ? fold(value) : value)
	return matchFrom([...folded(pattern)], [...folded(text)], {
		...rules,
		escape: rules.escape === undefined ? undefined : folded(rules.escape),
	})
}

/** Where a wildcard of many characters was met last: the only place to go back to, so that no pattern takes more than n times m. */
function matchFrom(pattern: readonly string[], text: readonly string[], rules: Rules): boolean {
	let p = 0
	let t = 0
	let backP = -1
	let backT = -1
	for (;;) {
		const c = pattern[p]
		if (c === rules.many && c !== rules.escape) {
			backP = ++p
			backT = t
			continue
		}
		const step = c === undefined ? (t === text.length ? 'end' : undefined) : oneStep(pattern, p, text[t], rules)
		if (step === 'end') return true
		if (step !== undefined) {
			p = step
			t += 1
		} else if (backP >= 0 && backT < text.length) {
			p = backP
			t = ++backT
		} else return false
	}
}

/** The position in the pattern after one character of the text was matched. */
function oneStep(pattern: readonly string[], at: number, character: string | undefined, rules: Rules): number | undefined {
	if (character === undefined) return undefined
	const c = pattern[at]
	if (c === rules.escape) return pattern[at + 1] !== undefined && pattern[at + 1] === character ? at + 2 : undefined
	if (c === rules.one) return at + 1
	if (c === '[' && rules.sets) return inSet(pattern, at + 1, character)
	return c === character ? at + 1 : undefined
}

function inSet(pattern: readonly string[], start: number, character: string): number | undefined {
	const code = character.codePointAt(0) ?? 0
	let at = start
	let seen = false
	let prior = 0
	const invert = pattern[at] === '^'
	if (invert) at += 1
	if (pattern[at] === ']') {
		seen = character === ']'
		at += 1
	}
	let c = pattern[at]
	while (c !== undefined && c !== ']') {
		const end = pattern[at + 1]
		if (c === '-' && end !== undefined && end !== ']' && prior > 0) {
			if (code >= prior && code <= (end.codePointAt(0) ?? 0)) seen = true
			prior = 0
			at += 1
		} else {
			if (c === character) seen = true
			prior = c.codePointAt(0) ?? 0
		}
		at += 1
		c = pattern[at]
	}
	return c === undefined || seen === invert ? undefined : at + 1
}
