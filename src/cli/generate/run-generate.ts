/**
 * `sqlake generate`: plans, writes and tells.
 *
 * @module
 */
import { relative } from 'node:path'
import { SQLakeError } from '../../errors.ts'
import type { CommandContext } from '../command-context.ts'
import { exitCodes } from '../exit-codes.ts'
import { type GeneratePlan, planGenerate } from './generate.ts'
import type { AskRename } from './resolve-renames.ts'
import { writeFiles } from './write-files.ts'

/** The arguments of `sqlake generate`. */
export interface GenerateArguments {
	readonly name: string | undefined
	readonly custom: boolean
	readonly check: boolean
	readonly renames: readonly string[]
	readonly drops: readonly string[]
	readonly acceptEdited: readonly string[]
	readonly newManifest: boolean
}

/** Runs the command. @returns the exit code */
export async function runGenerate(args: GenerateArguments, context: CommandContext): Promise<number> {
	const config = await context.config()
	const schema = await context.schema()
	const plan = await planGenerate({
		config,
		schema,
		name: args.name,
		custom: args.custom,
		hints: { renames: args.renames, drops: args.drops, configured: config.renames },
		ask: context.interactive && !args.check ? askRename(context) : null,
		acceptEdited: args.acceptEdited,
		newManifest: args.newManifest,
		now: Date.now(),
	})
	if (!args.check) writeFiles(plan.files)
	for (const warning of plan.warnings) context.warn(warning)
	const failed = args.check && plan.files.length > 0
	if (context.json) await context.printJson(result(plan, config.root))
	else if (args.check) await tellCheck(plan, config.root, context)
	else await tell(plan, config.root, context)
	return failed ? exitCodes.failure : exitCodes.success
}

/** The document of `--json`. */
function result({ migration, files, manifest, warnings }: GeneratePlan, root: string) {
	return {
		upToDate: files.length === 0,
		migration: migration === null ? null : { ...migration, file: relative(root, migration.file) },
		files: files.map(({ path, isNew }) => ({ path: relative(root, path), change: isNew ? 'created' : 'updated' })),
		manifestVersion: manifest.version,
		warnings,
	}
}

async function tell(plan: GeneratePlan, root: string, context: CommandContext): Promise<void> {
	const { green, yellow, dim, bold } = context.colors
	const { migration, files } = plan
	if (files.length === 0) return context.print('Nothing to do: migrations, manifest and code agree.')
	if (migration !== null) {
		await context.print(bold(migration.tag))
		for (const change of migration.changes) await context.print(`  ${change}`)
		for (const loss of migration.losses) await context.print(dim(`  undoing it loses ${loss}`))
		if (migration.custom) await context.print('  put your SQL into it, and what undoes it into the .down.sql beside it')
	}
	for (const { path, isNew } of files) {
		await context.print(`${isNew ? green('created') : yellow('updated')} ${relative(root, path)}`)
	}
	await context.print(dim(`The manifest is at version ${plan.manifest.version}.`))
}

async function tellCheck({ files, migration }: GeneratePlan, root: string, context: CommandContext): Promise<void> {
	if (files.length === 0) return context.print('Migrations, manifest and code agree.')
	for (const change of migration?.changes ?? []) await context.print(`no migration yet: ${change}`)
	for (const { path, isNew } of files) {
		// What belongs to a migration that does not exist yet is told of above.
		const ofMigration = migration !== null && (isNew || !path.includes('.sqlake'))
		if (!ofMigration) await context.print(`${isNew ? 'missing' : 'out of date'}: ${relative(root, path)}`)
	}
	context.log('Run sqlake generate, and commit what it writes.')
}

/** Asks on the terminal whether a new name is an old one's. */
function askRename(context: CommandContext): AskRename {
	return async ({ table, created, missing }) => {
		const { isCancel, select } = await import('@clack/prompts')
		const name = (of: string) => (table === null ? of : `${table}.${of}`)
		const answer = await select<string>({
			message: `${table === null ? 'Table' : 'Column'} ${name(created)}: is it new, or was it called something else?`,
			options: [
				{ value: '', label: 'it is new' },
				...missing.map((from) => ({ value: `=${from}`, label: `it was ${name(from)}`, hint: 'keeps its data' })),
			],
			input: context.terminal.stdin,
			output: context.terminal.stderr,
		})
		if (isCancel(answer)) {
			throw new SQLakeError('MIGRATION_AMBIGUOUS', `"${name(created)}": expected an answer, found Ctrl-C; nothing was written`)
		}
		return answer === '' ? null : answer.slice(1)
	}
}
