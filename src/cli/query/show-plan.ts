import type { QueryPlan } from '../../session/executor.ts'
import type { CommandContext } from '../command-context.ts'
import type { RowFormat } from '../rows/row-formatter.ts'

/** Shows where a query would run, and why; of the lake what it would read. */
export async function showPlan(plan: QueryPlan, format: RowFormat, context: CommandContext): Promise<void> {
	if (format === 'json' || format === 'ndjson') return context.printJson(plan)
	const { lake, ...route } = plan
	const lines = Object.entries({ ...route, ...lake }).filter(([, value]) => value !== null)
	await context.print(
		lines.map(([name, value]) => `${name.padEnd(12)} ${typeof value === 'object' ? JSON.stringify(value) : value}`).join('\n'),
	)
}
