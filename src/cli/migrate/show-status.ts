/**
 * `sqlake migrate --status`.
 *
 * @module
 */
import type { MigrationManifest } from '../../migrator/manifest.ts'
import type { MigrationState } from '../../migrator/migration-status.ts'
import type { CommandContext } from '../command-context.ts'
import { countOf, namesOf } from './count-of.ts'
import type { Migratables } from './migratable.ts'
import type { Known, Outcome } from './migrate-all.ts'

/** What is shown. */
export interface StatusView {
	readonly found: Pick<Migratables, 'kind' | 'place'>
	readonly known: readonly Known[]
	/** Databases that could not even be asked. */
	readonly unreadable: readonly Outcome[]
	readonly manifest: MigrationManifest
}

/** Prints where databases stand: how many have which version, and what is wrong with whom. */
export async function showStatus({ found, known, unreadable, manifest }: StatusView, context: CommandContext): Promise<void> {
	const versions = [...Map.groupBy(known, versionOf)].map(([version, members]) => ({ version, members }))
	const tags = manifest.migrations.map(({ tag }) => tag)
	versions.sort((a, b) => tags.indexOf(b.version ?? '') - tags.indexOf(a.version ?? ''))
	if (context.json) {
		return context.printJson({
			place: found.place,
			kind: found.kind,
			manifestVersion: manifest.version,
			versions: versions.map(({ version, members }) => ({ version, count: members.length })),
			databases: known.map(({ database, status }) => ({
				name: database.name,
				version: status.applied.at(-1)?.tag ?? null,
				...status,
			})),
			unreadable: unreadable.map(({ name, error }) => ({ name, error })),
		})
	}
	const { bold, dim } = context.colors
	const { kind, place } = found
	const count = countOf(known.length + unreadable.length, kind)
	await context.print(
		`${kind === 'file' ? place : `${count} in ${place}`}; manifest version ${manifest.version}, ${tags.length} migration${tags.length === 1 ? '' : 's'}`,
	)
	const width = Math.max(...versions.map(({ version }) => (version ?? NONE).length), 0)
	for (const { version, members } of versions) {
		const pending = members[0]?.status.pendingCount ?? 0
		const rest = pending === 0 ? '' : dim(` ${pending} pending`)
		await context.print(`  ${bold((version ?? NONE).padEnd(width))}  ${countOf(members.length, kind)}${rest}`)
	}
	for (const line of troubles(known, unreadable, context)) await context.print(line)
}

const NONE = '(no migration)'

function versionOf({ status }: Known): string | null {
	return status.applied.at(-1)?.tag ?? null
}

function troubles(
	known: readonly Known[],
	unreadable: readonly Outcome[],
	{ colors, verbose }: CommandContext,
): readonly string[] {
	const inState = (state: MigrationState) => known.filter(({ status }) => status.state === state)
	const held = inState('held').map(({ database }) => database.name)
	const lines =
		held.length === 0 ? [] : [`${colors.yellow('held')} after a rollback, until migrated up again: ${namesOf(held, verbose)}`]
	for (const state of ['failed', 'invalid', 'ahead'] as const) {
		for (const { database, status } of inState(state)) {
			const tried = status.attempts > 1 ? ` (tried ${status.attempts} times)` : ''
			lines.push(`${colors.red(state)} ${database.name}: ${status.lastError?.message ?? 'unknown'}${tried}`)
		}
	}
	return [...lines, ...unreadable.map(({ name, error }) => `${colors.red('unreadable')} ${name}: ${error?.message}`)]
}
