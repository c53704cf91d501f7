import type { WireValue } from '../../driver/transport.ts'

/** Rows as they come from a shard or from the lake. */
export type Row = readonly WireValue[]

/** Turns rows into text as they come. What it holds back does not grow with the result. */
export interface RowFormatter {
	/** Text for some rows; may be empty. */
	rows(rows: readonly Row[]): string
	/** Text after the last row. */
	end(): string
}

/** The forms in which rows are written. */
export const rowFormats = ['table', 'json', 'csv', 'ndjson'] as const

/** A form in which rows are written. */
export type RowFormat = (typeof rowFormats)[number]
