import { SQLakeError } from '../../errors.ts'
import type { MigrationManifest } from '../../migrator/manifest.ts'
import { defineCommand } from '../command.ts'
import type { CommandContext } from '../command-context.ts'
import type { Check } from '../doctor/check.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ProjectConfig } from '../read-config.ts'

/** `sqlake doctor`. */
export const doctor = defineCommand({
	builder: (yargs) =>
		yargs
			.options({
				fleet: { type: 'string', describe: 'Ask a deployed Worker, too; alone: the one of the configuration' },
			})
			.example('$0 doctor', 'Is this project in order?')
			.example('$0 doctor --fleet https://app.example.com', 'And what was deployed of it?')
			.epilogue(
				'Looks at packages, wrangler configuration, schema, migrations, manifest, local lake and local shards; changes nothing.\nExit code 1 where something fails.\n--fleet takes the token of createAdminHandler() from SQLAKE_ADMIN_TOKEN.',
			),
	run: async ({ fleet }, context) => {
		const checks = await examine(fleet, context)
		const count = (status: Check['status']) => checks.filter((check) => check.status === status).length
		const summary = { ok: count('ok'), warn: count('warn'), fail: count('fail') }
		if (context.json) await context.printJson({ summary, checks })
		else await tell(checks, summary, context)
		return summary.fail > 0 ? exitCodes.failure : undefined
	},
})

async function examine(fleet: string | undefined, context: CommandContext): Promise<readonly Check[]> {
	const [{ checkPackages }, { checkWrangler }, { checkSchema }, { checkLake }, { checkShards }] = await Promise.all([
		import('../doctor/check-packages.ts'),
		import('../doctor/check-wrangler.ts'),
		import('../doctor/check-schema.ts'),
		import('../doctor/check-lake.ts'),
		import('../doctor/check-shards.ts'),
	])
	const { checks, config, schema } = await checkSchema(context)
	const root = config?.root ?? context.cwd
	const manifest = config === null ? null : await manifestOf(config)
	const bucket = schema?.database?.r2Bucket
	return [
		...checkPackages(root, process.versions.node),
		...checks,
		...checkWrangler(root, bucket === undefined ? null : { bucket }),
		...(config === null ? [] : await checkLake(config)),
		...(config === null ? [] : checkShards(config, manifest, Date.now())),
		...(fleet === undefined ? [] : await checkFleetAt(fleet, manifest, context)),
	]
}

/** null where there is none that can be read: the schema's checks tell of it. */
async function manifestOf({ root }: ProjectConfig): Promise<MigrationManifest | null> {
	const [{ readManifest }, { projectPaths }] = await Promise.all([import('../read-manifest.ts'), import('../project-paths.ts')])
	try {
		return await readManifest(projectPaths(root).manifest)
	} catch (error) {
		if (SQLakeError.is(error)) return null
		throw error
	}
}

async function checkFleetAt(
	address: string,
	manifest: MigrationManifest | null,
	context: CommandContext,
): Promise<readonly Check[]> {
	const [{ connect }, { checkFleet }] = await Promise.all([
		import('../migrate/fleet/connect.ts'),
		import('../doctor/check-fleet.ts'),
	])
	const { fleet } = await connect(address, context)
	return checkFleet(fleet, manifest)
}

async function tell(
	checks: readonly Check[],
	summary: Readonly<Record<Check['status'], number>>,
	context: CommandContext,
): Promise<void> {
	const { green, yellow, red, dim, bold } = context.colors
	const marks = { ok: green('✓'), warn: yellow('!'), fail: red('✗') }
	let area = ''
	for (const check of checks) {
		if (check.area !== area) await context.print(`${area === '' ? '' : '\n'}${bold(check.area)}`)
		area = check.area
		await context.print(`  ${marks[check.status]} ${check.message}${check.hint === null ? '' : `\n    ${dim(check.hint)}`}`)
	}
	await context.print(`\n${summary.ok} in order, ${summary.warn} to look at, ${summary.fail} wrong`)
}
