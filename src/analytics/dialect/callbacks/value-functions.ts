/**
 * Functions of values that DuckDB has none for.
 *
 * @module
 */
import type { TextFunction } from './json-functions.ts'
import { realText } from './real-text.ts'
import { parseReal } from './sql-value.ts'

export const VALUE_CALLBACKS: Readonly<Record<string, TextFunction>> = {
	/** A REAL as SQLite writes it, from DuckDB's digits. */
	_slf_real_text: (digits = null) => (digits === null ? null : realText(parseReal(digits))),
}
