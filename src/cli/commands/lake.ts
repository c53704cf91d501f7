import { defineCommand } from '../command.ts'
import type { CommandContext } from '../command-context.ts'
import { openLakePlace, withLakePlace } from '../lake/open-lake-place.ts'
import type { View } from '../lake/view.ts'
import { type RowFormat, rowFormats } from '../rows/row-formatter.ts'
import { writeRows } from '../rows/write-rows.ts'

const views = ['tables', 'snapshots', 'history', 'files', 'schema'] as const

type ViewName = (typeof views)[number]

/** Views of one table. */
const needsTable: ReadonlySet<ViewName> = new Set(['history', 'files', 'schema'])

/** `sqlake lake`. */
export const lake = defineCommand({
	builder: (yargs) =>
		withLakePlace(
			yargs
				.positional('view', { choices: views, default: 'tables' as const, describe: 'What to show' })
				.positional('table', { type: 'string', describe: 'A table, for history, files and schema' })
				.options({
					all: { type: 'boolean', default: false, describe: 'All schemas that the table has had' },
					limit: { type: 'number', default: 50, requiresArg: true, describe: 'Snapshots or files that are shown' },
					format: { alias: 'f', choices: rowFormats, requiresArg: true, describe: 'How the rows are written [default: table]' },
				}),
		)
			.check(({ view, table, limit, json, format }) => {
				if (json && format !== undefined && format !== 'json') throw new Error(`--json and --format ${format} exclude each other`)
				if (needsTable.has(view) && table === undefined) throw new Error(`lake ${view}: which table? sqlake lake lists them`)
				if (!needsTable.has(view) && table !== undefined)
					throw new Error(`lake ${view}: takes no table; sqlake lake history ${table}`)
				if (!(limit >= 1)) throw new Error('--limit: expected a number from 1')
				return true
			})
			.example('$0 lake', 'Its tables: snapshots, files, rows and size')
			.example('$0 lake history orders', 'The commits of one table')
			.example('$0 lake files orders --remote', 'Data files in the bucket, with shard, day and bounds')
			.example('$0 lake schema orders --all', 'Fields and their ids, in every version'),
	run: async ({ view, table, all, limit, format, ...place }, context) => {
		await using opened = await openLakePlace(place, context)
		const { inspectLake, findTable } = await import('../lake/inspect-lake.ts')
		const found = await inspectLake(opened.store)
		if (found.tables.size === 0 && table === undefined && !context.json) {
			context.log(`${opened.name}: nobody has written to this lake yet`)
			return undefined
		}
		const chosen = table === undefined ? null : findTable(found, table)
		const { viewTables, viewSnapshots } = await import('../lake/snapshot-views.ts')
		if (chosen === null) {
			await show(view === 'tables' ? viewTables(found) : viewSnapshots(found.tables, limit), format, context)
		} else if (view === 'history') {
			await show(viewSnapshots(new Map([[chosen.name, chosen.table]]), limit), format, context)
		} else if (view === 'files') {
			const { viewFiles } = await import('../lake/files-view.ts')
			await show(await viewFiles(found.store, chosen.table, limit), format, context)
		} else {
			const { viewSchema } = await import('../lake/schema-view.ts')
			await show(viewSchema(chosen.table, all), format, context)
		}
		return undefined
	},
})

async function show(view: View, format: RowFormat | undefined, context: CommandContext): Promise<void> {
	if (context.json || format === 'json') return context.printJson(view.document)
	await writeRows(format ?? 'table', once({ columns: view.columns, rows: view.rows }), context)
	if (view.note !== undefined) context.log(context.errorColors.dim(view.note))
}

async function* once<T>(value: T): AsyncGenerator<T> {
	yield value
}
