/**
 * Formats of strftime().
 *
 * @module
 */
import { quoteText } from '../../engines/duckdb-sql.ts'
import { type TypedSql, typed } from '../typed-sql.ts'

/** Letters that mean the same in DuckDB. */
const SAME: ReadonlySet<string> = new Set(['d', 'm', 'Y', 'H', 'M', 'S', 'j', 'w', 'u', 'W', 'U', 'V', 'G', 'I', 'p', '%'])
const SHORT: Readonly<Record<string, string>> = { f: '%S.%g', F: '%Y-%m-%d', R: '%H:%M', T: '%H:%M:%S' }

/** A moment in a format; NULL for a format that SQLite does not know. */
export function formatMoment(format: string, moment: string): TypedSql {
	const parts: string[] = []
	let plain = ''
	const flush = () => {
		if (plain !== '') parts.push(`strftime(${moment}, ${quoteText(plain)})`)
		plain = ''
	}
	for (let i = 0; i < format.length; i++) {
		const character = format[i] ?? ''
		if (character !== '%') {
			plain += character
			continue
		}
		const letter = format[++i] ?? ''
		const other = computed(letter, moment)
		if (SAME.has(letter)) plain += `%${letter}`
		else if (SHORT[letter] !== undefined) plain += SHORT[letter]
		else if (other === undefined) return typed('text', 'CAST(NULL AS VARCHAR)')
		else {
			flush()
			parts.push(other)
		}
	}
	flush()
	if (parts.length === 0) return typed('text', `(CASE WHEN ${moment} IS NOT NULL THEN '' END)`)
	return typed('text', parts.length === 1 ? (parts[0] ?? '') : `(${parts.join(' || ')})`)
}

function computed(letter: string, moment: string): string | undefined {
	switch (letter) {
		case 's':
			return `CAST(_sl_unixepoch(${moment}) AS VARCHAR)`
		case 'J':
			return `printf('%.16g', _sl_julianday(${moment}))`
		case 'e':
			return `lpad(CAST(day(${moment}) AS VARCHAR), 2, ' ')`
		case 'k':
			return `lpad(CAST(hour(${moment}) AS VARCHAR), 2, ' ')`
		case 'l':
			return `lpad(CAST((hour(${moment}) + 11) % 12 + 1 AS VARCHAR), 2, ' ')`
		case 'P':
			return `lower(strftime(${moment}, '%p'))`
		case 'g':
			return `substr(strftime(${moment}, '%G'), 3)`
		default:
			return undefined
	}
}
