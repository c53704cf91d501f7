import type { LakeBatch } from '../../driver/transport.ts'
import type { CommandContext } from '../command-context.ts'
import { CsvFormatter } from './csv-formatter.ts'
import { JsonFormatter, NdjsonFormatter } from './json-formatter.ts'
import type { RowFormat, RowFormatter } from './row-formatter.ts'
import { TableFormatter } from './table-formatter.ts'

/** Rows that become text at a time. */
const CHUNK = 500

/**
 * Writes rows to stdout as they come, no faster than they are read there.
 *
 * @param batches - at least one, so that the columns are known; without columns nothing is written
 * @returns how many rows there were
 */
export async function writeRows(format: RowFormat, batches: AsyncIterable<LakeBatch>, context: CommandContext): Promise<number> {
	let formatter: RowFormatter | undefined
	let count = 0
	for await (const { columns, rows } of batches) {
		if (columns.length > 0) formatter ??= createFormatter(format, columns, context)
		for (let start = 0; formatter !== undefined && start < rows.length; start += CHUNK) {
			const text = formatter.rows(rows.slice(start, start + CHUNK))
			if (text !== '') await context.write(text)
		}
		count += rows.length
	}
	const text = formatter?.end() ?? ''
	if (text !== '') await context.write(text)
	return count
}

function createFormatter(format: RowFormat, columns: readonly string[], { terminal, colors }: CommandContext): RowFormatter {
	switch (format) {
		case 'table': {
			const width = terminal.stdout.isTTY === true ? terminal.stdout.columns : undefined
			return new TableFormatter(columns, { width, bold: colors.bold, dim: colors.dim })
		}
		case 'json':
			return new JsonFormatter(columns)
		case 'ndjson':
			return new NdjsonFormatter(columns)
		case 'csv':
			return new CsvFormatter(columns)
	}
}
