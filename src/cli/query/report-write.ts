import type { CommandContext } from '../command-context.ts'
import { count } from '../count.ts'
import type { RowFormat } from '../rows/row-formatter.ts'

/** What a statement without rows did. */
export interface WriteReport {
	/** Rows inserted, updated or deleted by the statement itself. */
	readonly changes: number
	readonly lastInsertRowid: number | null
	/** What else a program may want to know. */
	readonly [key: string]: unknown
}

/** Tells what a write did: a program by a document, a person by a line. */
export async function reportWrite(report: WriteReport, format: RowFormat, context: CommandContext): Promise<void> {
	if (format === 'json') return context.printJson(report)
	if (format === 'ndjson') return context.print(JSON.stringify(report))
	context.log(context.errorColors.dim(`${count(report.changes, 'row')} changed`))
}
