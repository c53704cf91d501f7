import type { CommandContext } from '../command-context.ts'
import { countOf, namesOf } from './count-of.ts'
import type { Migratables } from './migratable.ts'
import type { Outcome } from './migrate-all.ts'

/** What is shown. */
export interface OutcomeView {
	readonly found: Pick<Migratables, 'kind' | 'place'>
	readonly direction: 'up' | 'down'
	readonly outcomes: readonly Outcome[]
	/** Databases that Ctrl-C left out. */
	readonly left: number
}

/** Prints what was done, grouped by what is the same, and every failure with its reason. */
export async function showOutcomes({ found, direction, outcomes, left }: OutcomeView, context: CommandContext): Promise<void> {
	const count = (status: Outcome['status']) => outcomes.filter((outcome) => outcome.status === status).length
	const failed = outcomes.filter(({ error }) => error !== null)
	if (context.json) {
		const { kind, place } = found
		const totals = { migrated: count('migrated'), unchanged: count('unchanged'), failed: failed.length, left }
		return context.printJson({ place, kind, direction, ...totals, databases: outcomes })
	}
	const { green, red, dim } = context.colors
	const verb = direction === 'up' ? 'applied' : 'undone'
	const migrated = outcomes.filter(({ status }) => status === 'migrated')
	for (const members of Map.groupBy(migrated, ({ migrations }) => migrations.join(', ')).values()) {
		const names =
			found.kind === 'shards'
				? dim(
						` (${namesOf(
							members.map(({ name }) => name),
							context.verbose,
						)})`,
					)
				: ''
		await context.print(
			`${green('✓')} ${countOf(members.length, found.kind)}: ${verb} ${members[0]?.migrations.join(', ')}${names}`,
		)
	}
	for (const { name, migrations, error } of failed) {
		const before = migrations.length === 0 ? '' : ` (${verb} before: ${migrations.join(', ')})`
		await context.print(`${red('✗')} ${name}: ${error?.message}${before}\n  ${dim('hint:')} ${error?.hint}`)
	}
	if (count('unchanged') > 0) await context.print(`${countOf(count('unchanged'), found.kind)}: nothing to do`)
	if (left > 0) await context.print(`${countOf(left, found.kind)} left as they were: interrupted`)
	if (direction === 'down' && migrated.length > 0) context.log('They stay there until sqlake migrate brings them up again.')
}
