import { relative } from 'node:path'
import { SQLakeError } from '../../errors.ts'
import type { CommandContext } from '../command-context.ts'
import type { LoadedSchema } from '../load-schema.ts'
import type { ProjectConfig } from '../read-config.ts'
import { type Check, Checks } from './check.ts'

/** What could be loaded of a project, and what was found. */
export interface SchemaFindings {
	readonly checks: readonly Check[]
	/** null where it does not load. */
	readonly config: ProjectConfig | null
	/** null where it does not load. */
	readonly schema: LoadedSchema | null
}

/** Loads the configuration and the schema, and compares both with the migrations and the manifest. */
export async function checkSchema(context: CommandContext): Promise<SchemaFindings> {
	const checks = new Checks('schema')
	const config = await attempt(checks, () => context.config())
	if (config === null) return { checks: checks.found, config, schema: null }
	if (config.files.length === 0) {
		checks.fail(`${config.root}: expected a configuration, found none`, 'sqlake init writes one')
		return { checks: checks.found, config, schema: null }
	}
	const schema = await attempt(checks, () => context.schema())
	if (schema === null) return { checks: checks.found, config, schema }
	if (schema.database === null) checks.fail('no schema file exports SQLake({ ... })', 'export const db = SQLake({ ... })')
	else
		checks.ok(
			`${schema.exportName} in ${relative(config.root, schema.file ?? '')}: ${[...schema.database.lake.tables.keys()].join(', ')}`,
		)
	await checkMigrations(config, schema, checks)
	return { checks: checks.found, config, schema }
}

/** What `sqlake generate` would write now, were it asked. */
async function checkMigrations(config: ProjectConfig, schema: LoadedSchema, checks: Checks): Promise<void> {
	const { planGenerate } = await import('../generate/generate.ts')
	const hints = { renames: [], drops: [], configured: config.renames }
	const plan = await attempt(checks, () =>
		planGenerate({ config, schema, custom: false, hints, ask: null, acceptEdited: [], newManifest: false, now: Date.now() }),
	)
	if (plan === null) return
	for (const warning of plan.warnings) checks.warn(warning, 'see sqlake generate --help')
	const { migration, files, manifest } = plan
	if (migration !== null) {
		checks.fail(`the schema has changed since the last migration: ${migration.changes.join('; ')}`, 'sqlake generate')
	} else if (files.length > 0) {
		checks.fail(`out of date: ${files.map(({ path }) => relative(config.root, path)).join(', ')}`, 'sqlake generate')
	} else checks.ok(`migrations (${manifest.migrations.length}) and manifest (version ${manifest.version}) agree with the schema`)
}

/** Runs what may fail by the user's mistake; such a failure is a finding. */
async function attempt<T>(checks: Checks, run: () => Promise<T>): Promise<T | null> {
	try {
		return await run()
	} catch (error) {
		if (!SQLakeError.is(error)) throw error
		checks.fail(error.message, error.hint)
		return null
	}
}
