/**
 * All commands. Each is loaded when it runs, or when its own help or completion is asked for.
 *
 * @module
 */
import type { Command } from './command.ts'

/** A command before it is loaded. */
export interface ListedCommand {
	/** Its name and positionals, as yargs writes them: `query [sql]`. */
	readonly usage: string
	/** One line. */
	readonly description: string
	readonly load: () => Promise<Command>
}

/** In the order of the help. */
export const commandList: readonly ListedCommand[] = [
	{
		usage: 'init [directory]',
		description: 'Set up sqlake in a new project, or in the one that is here',
		load: async () => (await import('./commands/init.ts')).init,
	},
	{
		usage: 'generate',
		description: 'Write a migration for what changed in the schema, and what follows from it',
		load: async () => (await import('./commands/generate.ts')).generate,
	},
	{
		usage: 'dev',
		description: 'Serve the project on this machine: SQLite, capture, Parquet, and queries over HTTP',
		load: async () => (await import('./commands/dev.ts')).dev,
	},
	{
		usage: 'studio',
		description: 'Look into shards and the lake in a browser, with a page of its own and with Drizzle Studio',
		load: async () => (await import('./commands/studio.ts')).studio,
	},
	{
		usage: 'query [sql]',
		description: 'Run SQL on a local shard, on the lake, or on a SQLite file',
		load: async () => (await import('./commands/query.ts')).query,
	},
	{
		usage: 'migrate',
		description: 'Apply migrations, show where shards stand, roll back: here, or in a deployed fleet',
		load: async () => (await import('./commands/migrate.ts')).migrate,
	},
	{
		usage: 'push',
		description: 'Put the manifest into the bucket, and let the Iceberg tables follow the schema',
		load: async () => (await import('./commands/push.ts')).push,
	},
	{
		usage: 'lake [view] [table]',
		description: 'Show what is in the lake: tables, snapshots, files and schemas',
		load: async () => (await import('./commands/lake.ts')).lake,
	},
	{
		usage: 'doctor',
		description: 'Check the project: packages, bindings, schema, migrations, lake and shards',
		load: async () => (await import('./commands/doctor.ts')).doctor,
	},
	{
		usage: 'completion [shell]',
		description: 'Print a script that completes commands and options in a shell',
		load: async () => (await import('./commands/completion.ts')).completion,
	},
]
