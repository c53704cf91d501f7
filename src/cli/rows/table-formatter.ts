import type { WireValue } from '../../driver/transport.ts'
import type { Row, RowFormatter } from './row-formatter.ts'
import { showValue } from './show-value.ts'
import { cutText, textWidth } from './text-width.ts'

/** Rows that decide how wide the columns are. */
const SAMPLE = 500

/** Widest column in a terminal, in characters; narrower where the columns would not fit otherwise. */
const WIDEST = 60

/** No column is made narrower than this to fit. */
const NARROWEST = 8

const GAP = '  '

/** How a table looks. */
export interface TableStyle {
	/** Width of the terminal; undefined elsewhere: nothing is cut. */
	readonly width?: number | undefined
	readonly bold: (text: string) => string
	readonly dim: (text: string) => string
}

/**
 * Rows as a table for a person. The first rows decide how wide the columns are; a later value that is wider is cut in a terminal,
 * and elsewhere moves its own row. Numbers stand on the right.
 */
export class TableFormatter implements RowFormatter {
	readonly #columns: readonly string[]
	readonly #style: TableStyle
	#sample: Row[] | null = []
	#layout: readonly { readonly width: number; readonly right: boolean }[] = []

	constructor(columns: readonly string[], style: TableStyle) {
		this.#columns = columns.map(showValue)
		this.#style = style
	}

	rows(rows: readonly Row[]): string {
		if (this.#sample === null) return this.#lines(rows)
		for (const row of rows) this.#sample.push(row)
		return this.#sample.length < SAMPLE ? '' : this.#begin(this.#sample)
	}

	end(): string {
		return this.#sample === null ? '' : this.#begin(this.#sample)
	}

	#begin(sample: readonly Row[]): string {
		this.#sample = null
		const widths = this.#columns.map((name, index) =>
			Math.max(textWidth(name), ...sample.map((row) => textWidth(showValue(row[index] ?? null)))),
		)
		const fitted = this.#style.width === undefined ? widths : fitWidths(widths, this.#style.width)
		this.#layout = fitted.map((width, index) => ({ width, right: isNumeric(sample, index) }))
		const header = this.#columns.map((name, index) => this.#style.bold(this.#pad(name, index)))
		const line = fitted.map((width) => this.#style.dim('─'.repeat(width)))
		return `${header.join(GAP).trimEnd()}\n${line.join(GAP)}\n${this.#lines(sample)}`
	}

	#lines(rows: readonly Row[]): string {
		let text = ''
		for (const row of rows)
			text += `${row
				.map((value, index) => this.#cell(value, index))
				.join(GAP)
				.trimEnd()}\n`
		return text
	}

	#cell(value: WireValue, index: number): string {
		const text = this.#pad(showValue(value), index)
		return value === null ? this.#style.dim(text) : text
	}

	#pad(text: string, index: number): string {
		const { width, right } = this.#layout[index] ?? { width: 0, right: false }
		const cut = this.#style.width === undefined ? text : cutText(text, width)
		const space = ' '.repeat(Math.max(0, width - textWidth(cut)))
		return right ? space + cut : cut + space
	}
}

function isNumeric(sample: readonly Row[], index: number): boolean {
	const values = sample.map((row) => row[index] ?? null).filter((value) => value !== null)
	return values.length > 0 && values.every((value) => typeof value === 'number' || typeof value === 'bigint')
}

/** Makes the widest columns narrower until all fit, or none can give more. */
function fitWidths(widths: readonly number[], available: number): number[] {
	const fitted = widths.map((width) => Math.min(width, WIDEST))
	const total = () => fitted.reduce((sum, width) => sum + width + GAP.length, -GAP.length)
	while (total() > available) {
		const widest = fitted.indexOf(Math.max(...fitted))
		const width = fitted[widest] ?? 0
		if (width <= NARROWEST) return fitted
		fitted[widest] = Math.max(NARROWEST, width - (total() - available > 10 ? 5 : 1))
	}
	return fitted
}
