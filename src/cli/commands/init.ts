import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { defineCommand } from '../command.ts'
import type { CommandContext } from '../command-context.ts'
import { confirm } from '../confirm.ts'
import { describePlan } from '../init/describe-plan.ts'
import type { InitPlan } from '../init/planned-file.ts'

/** `sqlake init`. */
export const init = defineCommand({
	builder: (yargs) =>
		yargs
			.positional('directory', { type: 'string', default: '.', describe: 'The project; made where it is not there' })
			.options({
				name: { type: 'string', requiresArg: true, describe: 'Name of the Worker [default: that of the package]' },
				class: {
					type: 'string',
					default: 'UserDO',
					requiresArg: true,
					describe: 'Class of the Durable Object that holds a shard',
				},
				catalog: {
					type: 'boolean',
					describe:
						'Bind a catalog object, which commits for all shards and rolls out [default: unless a bucket is bound without]',
				},
				'dry-run': { alias: 'n', type: 'boolean', default: false, describe: 'Show what would be written, and write nothing' },
				yes: { alias: 'y', type: 'boolean', default: false, describe: 'Do not ask' },
				force: { type: 'boolean', default: false, describe: 'Write the module of the Durable Object anew' },
			})
			.check(({ class: name }) => {
				if (!/^[A-Z][A-Za-z0-9]*$/.test(name))
					throw new Error(`--class: expected the name of a class, such as UserDO, found ${name}`)
				return true
			})
			.example('$0 init my-lake', 'A new project')
			.example('$0 init --dry-run', 'What would be added to the one that is here')
			.example('$0 init --class TenantDO --no-catalog', 'Another class, and no catalog object')
			.epilogue('Files that are there stay as they are, but for entries that are added to them: --dry-run shows which.'),
	run: async (args, context) => {
		const directory = context.path(args.directory)
		const { name, class: className, catalog, force, dryRun } = args
		const { planInit } = await import('../init/plan-init.ts')
		const plan = await planInit({ directory, name, className, catalog, force })
		const changed = plan.files.some(({ action }) => action !== 'keep')
		if (!context.json) await context.print(describePlan(plan, context.colors))
		const write = changed && !dryRun && (args.yes || (await confirmed(context)))
		if (write) await apply(directory, plan)
		if (context.json) await context.printJson(report(plan, write))
		else if (write || !changed) tell(plan, directory, context)
		else if (!dryRun) context.log('nothing was written')
		return undefined
	},
})

/** In a terminal nothing is written unasked. Elsewhere there is nobody to ask, and nothing is overwritten without --force. */
async function confirmed(context: CommandContext): Promise<boolean> {
	return !context.interactive || confirm('Write this?', context)
}

async function apply(directory: string, { files }: InitPlan): Promise<void> {
	for (const { path, action, after } of files) {
		if (action === 'keep') continue
		await mkdir(dirname(join(directory, path)), { recursive: true })
		await writeFile(join(directory, path), after)
	}
}

function report({ files, notes }: InitPlan, written: boolean) {
	return { written, files: files.map(({ path, action }) => ({ path, action })), notes, next: nextSteps() }
}

function tell({ notes }: InitPlan, directory: string, context: CommandContext): void {
	const { bold, cyan } = context.errorColors
	for (const note of notes) context.log(`\n${bold('To do:')} ${note}`)
	const away = relative(context.cwd, directory)
	const steps = [...(away === '' ? [] : [`cd ${away}`]), ...nextSteps()]
	context.log(`\n${bold('Next:')}\n${steps.map((step) => `  ${cyan(step)}`).join('\n')}`)
}

function nextSteps(): readonly string[] {
	return ['npm install', 'npx sqlake generate', 'npx sqlake dev']
}
