/**
 * `sqlake migrate --dry-run`.
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'
import type { MigrationPlan } from '../../migrator/migration-status.ts'
import type { CommandContext } from '../command-context.ts'
import { countOf, namesOf } from './count-of.ts'
import type { Migratables } from './migratable.ts'
import type { Known, Outcome } from './migrate-all.ts'
import { type Goal, requestFor } from './request-for.ts'

/** What would happen to one database. */
interface Planned {
	readonly name: string
	/** Tag of the last migration that it has; null for none. */
	readonly version: string | null
	readonly plan: MigrationPlan
}

/** What is shown. */
export interface PlanView {
	readonly found: Pick<Migratables, 'kind' | 'place'>
	readonly known: readonly Known[]
	readonly unreadable: readonly Outcome[]
	readonly goal: Goal
	/** All migrations of the project, in order. */
	readonly tags: readonly string[]
	readonly signal: AbortSignal
}

/**
 * Tries the migrations on every database, takes them back, and prints the statements once for all databases that get the same.
 *
 * @returns whether all of them would succeed
 */
export async function showPlans(view: PlanView, context: CommandContext): Promise<boolean> {
	const { found, known, unreadable, goal } = view
	const planned = await planAll(view, context)
	const failures = planned.filter(({ plan }) => plan.error !== null)
	const works = failures.length + unreadable.length === 0
	// What fails with one database is listed below; the statements are the same.
	const groups = [...Map.groupBy(planned, ({ version, plan }) => JSON.stringify([version, plan.migrations])).values()]
	if (context.json) {
		await context.printJson({
			place: found.place,
			kind: found.kind,
			direction: goal.direction,
			plans: groups.map((members) => ({
				version: members[0]?.version ?? null,
				databases: members.map(({ name }) => name),
				migrations: members[0]?.plan.migrations ?? [],
			})),
			failures: [
				...failures.map(({ name, plan }) => ({ name, error: plan.error })),
				...unreadable.map(({ name, error }) => ({ name, error })),
			],
		})
		return works
	}
	for (const members of groups) {
		for (const line of describeGroup(members, found.kind, context)) await context.print(line)
	}
	const { red } = context.colors
	for (const { name, plan } of failures) await context.print(`${red('would fail')} ${name}: ${plan.error?.message}`)
	for (const { name, error } of unreadable) await context.print(`${red('unreadable')} ${name}: ${error?.message}`)
	await context.print(`Nothing was changed in ${countOf(known.length, found.kind)}: this was a dry run.`)
	return works
}

async function planAll({ known, goal, tags, signal }: PlanView, context: CommandContext): Promise<readonly Planned[]> {
	const progress = context.progress('Trying', known.length)
	const planned: Planned[] = []
	try {
		for (const each of known) {
			if (signal.aborted) break
			planned.push(await planOne(each, goal, tags))
			progress.update(planned.length)
		}
		return planned
	} finally {
		progress.stop()
	}
}

async function planOne({ database, status }: Known, goal: Goal, tags: readonly string[]): Promise<Planned> {
	const { name } = database
	const version = status.applied.at(-1)?.tag ?? null
	const { direction } = goal
	try {
		// Told with its losses, whether they are accepted or not.
		const request = requestFor({ ...goal, acceptDataLoss: true }, status, tags)
		return { name, version, plan: request === null ? { direction, migrations: [], error: null } : await database.dryRun(request) }
	} catch (error) {
		const { code, message } = SQLakeError.wrap(error, 'MIGRATION_FAILED', name)
		return { name, version, plan: { direction, migrations: [], error: { code, message, tag: null } } }
	}
}

function describeGroup(
	members: readonly Planned[],
	kind: Migratables['kind'],
	{ colors, verbose }: CommandContext,
): readonly string[] {
	const [first] = members
	if (first === undefined) return []
	const { bold, dim, red } = colors
	const { plan, version } = first
	const who = `${countOf(members.length, kind)} at ${version ?? 'no migration'}`
	const names =
		kind === 'shards'
			? dim(
					` (${namesOf(
						members.map(({ name }) => name),
						verbose,
					)})`,
				)
			: ''
	if (plan.migrations.length === 0) return [`${who}: ${plan.error === null ? 'nothing to do' : 'no plan'}${names}`]
	const verb = plan.direction === 'up' ? 'would apply' : 'would undo'
	return [
		`${bold(who)} ${verb}${names}`,
		...plan.migrations.flatMap(({ tag, statements, losses }) => [
			dim(`-- ${tag}`),
			...losses.map((loss) => red(`-- destroys ${loss}`)),
			...statements.map((statement) => `${statement.trim().replace(/;$/, '')};`),
		]),
		'',
	]
}
