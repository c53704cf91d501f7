/**
 * Formats of strftime().
 *
 * @module
 */

/** What a format is made of: fields that DuckDB's strftime() prints, and others. */
export interface MomentFormat {
	readonly parts: readonly MomentPart[]
}

export type MomentPart = { readonly field: string } | { readonly print: (moment: string) => string }

/** Letters that mean the same in DuckDB. */
const SAME: ReadonlySet<string> = new Set(['d', 'm', 'Y', 'H', 'M', 'S', 'j', 'w', 'u', 'W', 'U', 'V', 'G', 'I', 'p', '%'])
const SHORT: Readonly<Record<string, string>> = { F: '%Y-%m-%d', R: '%H:%M', T: '%H:%M:%S' }
/** All that SQLite knows. */
const KNOWN = /^[defFgGHIjJklmMpPRsSTuUVwWY%]$/

/** @returns undefined for a format that only SQLite's own rules print; null for one that SQLite does not know. */
export function momentFormat(format: string): MomentFormat | undefined | null {
	const parts: MomentPart[] = []
	let plain = ''
	let slow = format === ''
	const flush = () => {
		if (plain !== '') parts.push({ field: plain })
		plain = ''
	}
	for (let i = 0; i < format.length; i++) {
		const character = format[i] ?? ''
		if (character !== '%') {
			plain += character
			continue
		}
		const letter = format[++i] ?? ''
		if (!KNOWN.test(letter)) return null
		const print = COMPUTED[letter]
		if (SAME.has(letter)) plain += `%${letter}`
		else if (SHORT[letter] !== undefined) plain += SHORT[letter]
		else if (print === undefined) slow = true
		else {
			flush()
			parts.push({ print })
		}
	}
	flush()
	return slow ? undefined : { parts }
}

const COMPUTED: Readonly<Record<string, (moment: string) => string>> = {
	s: (moment) => `CAST(_sl_unixepoch(${moment}) AS VARCHAR)`,
	e: (moment) => `lpad(CAST(day(${moment}) AS VARCHAR), 2, ' ')`,
	k: (moment) => `lpad(CAST(hour(${moment}) AS VARCHAR), 2, ' ')`,
	l: (moment) => `lpad(CAST((hour(${moment}) + 11) % 12 + 1 AS VARCHAR), 2, ' ')`,
	P: (moment) => `lower(strftime(${moment}, '%p'))`,
	g: (moment) => `substr(strftime(${moment}, '%G'), 3)`,
}
