import { defineCommand } from '../command.ts'

/** `sqlake generate`. */
export const generate = defineCommand({
	builder: (yargs) =>
		yargs
			.option('name', { type: 'string', requiresArg: true, describe: 'Name of the migration; by default it says what changes' })
			.option('custom', { type: 'boolean', default: false, describe: 'An empty migration, for SQL of your own' })
			.option('rename', {
				type: 'string',
				array: true,
				nargs: 1,
				default: [],
				describe: 'What was renamed: old=new, or table.old=table.new',
			})
			.option('drop', {
				type: 'string',
				array: true,
				nargs: 1,
				default: [],
				describe: 'What is gone for good and not renamed: table, or table.column',
			})
			.option('check', {
				type: 'boolean',
				default: false,
				describe: 'Write nothing; exit code 1 if there is something to write',
			})
			.option('accept-edited', {
				type: 'string',
				array: true,
				nargs: 1,
				default: [],
				describe: 'A migration that was edited or removed before any database applied it',
			})
			.option('new-manifest', {
				type: 'boolean',
				default: false,
				describe: 'Begin anew where the manifest is lost and no lake was ever delivered to',
			})
			.check(({ custom, check }) => !(custom && check) || 'either --custom or --check')
			.example('$0 generate', 'Write a migration for what changed in the schema')
			.example('$0 generate --rename users.mail=users.email', 'The column keeps its values')
			.example('$0 generate --custom --name fill_plans', 'A migration to write by hand')
			.example('$0 generate --check', 'In CI: does everything that was generated fit the code?')
			.epilogue(
				[
					'Writes, as drizzle-kit does and so that drizzle-kit goes on from there:',
					'  the migration, its snapshot, the journal and migrations.js, into the "out" of the configuration',
					'and besides:',
					'  <migration>.down.sql         what undoes it; yours to edit, it is never written again',
					'  .sqlake/manifest.json        all migrations, with checksums and the field ids of the lake; commit it',
					'  .sqlake/parquet-schema.json  the tables as the lake holds them',
					'  .sqlake/types.ts             types of the changes of each table',
				].join('\n'),
			),
	run: async ({ name, custom, check, rename, drop, acceptEdited, newManifest }, context) => {
		const { runGenerate } = await import('../generate/run-generate.ts')
		return runGenerate({ name, custom, check, renames: rename, drops: drop, acceptEdited, newManifest }, context)
	},
})
