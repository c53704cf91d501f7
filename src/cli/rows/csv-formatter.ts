import type { WireValue } from '../../driver/transport.ts'
import type { Row, RowFormatter } from './row-formatter.ts'
import { blobLiteral } from './show-value.ts'

/**
 * Rows as comma-separated values with a header (RFC 4180, but lines end as on Unix). NULL is an empty field, empty text is `""`; a
 * blob is `x'...'`.
 */
export class CsvFormatter implements RowFormatter {
	#header: string

	constructor(columns: readonly string[]) {
		this.#header = line(columns)
	}

	rows(rows: readonly Row[]): string {
		let text = this.#header
		this.#header = ''
		for (const row of rows) text += line(row)
		return text
	}

	end(): string {
		return this.rows([])
	}
}

function line(values: Row): string {
	return `${values.map(field).join(',')}\n`
}

function field(value: WireValue): string {
	if (value === null) return ''
	if (typeof value !== 'string') return typeof value === 'object' ? blobLiteral(value) : String(value)
	return value === '' || /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value
}
