import type { CommandContext } from '../command-context.ts'
import { count } from '../count.ts'

/** Tells below a table how many rows there were, and where they came from. */
export function tellRows(rows: number, where: string, context: CommandContext): void {
	context.log(context.errorColors.dim(`${count(rows, 'row')} from ${where}`))
}
