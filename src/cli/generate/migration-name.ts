import { SQLakeError } from '../../errors.ts'
import { changesBetween, columnsBetween } from '../../local/statements/write-statements.ts'
import { applyRenames } from './apply-renames.ts'
import type { SchemaStep } from './down-script.ts'

/** What the names of migrations begin with, as `migrations.prefix` in drizzle.config has it. */
export type MigrationPrefix = 'index' | 'timestamp' | 'supabase' | 'unix' | 'none'

/** Longest name that is made of what changes. */
const MAX_LENGTH = 48

/**
 * The tag of a migration: drizzle-kit's prefix, and a name.
 *
 * @param when - milliseconds since the epoch
 * @throws SQLakeError CONFIG_INVALID for the prefix `none`, with which drizzle-kit does not find its own snapshots again
 */
export function migrationTag(name: string, idx: number, when: number, prefix: MigrationPrefix): string {
	return `${prefixOf(idx, when, prefix)}_${name.replaceAll(/[^\p{L}\p{N}_.-]+/gu, '_')}`
}

function prefixOf(idx: number, when: number, prefix: MigrationPrefix): string {
	switch (prefix) {
		case 'index':
			return String(idx).padStart(4, '0')
		case 'timestamp':
		case 'supabase':
			return new Date(when).toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)
		case 'unix':
			return String(Math.floor(when / 1_000))
		case 'none':
			throw new SQLakeError(
				'CONFIG_INVALID',
				"\"migrations.prefix\": expected 'index', 'timestamp', 'supabase' or 'unix', found 'none'",
				{
					hint: 'without a prefix drizzle-kit does not find its own snapshots again',
				},
			)
	}
}

/** A name that says what changes, such as `add_plan_to_users`. */
export function nameOfChanges({ prev, cur, renames }: SchemaStep): string {
	if (Object.keys(prev.tables).length === 0) return 'init'
	const { created, dropped, altered } = changesBetween(applyRenames(prev, renames), cur)
	const parts = [
		...Array.from(renames.tables, ([from, to]) => `rename_${from}_to_${to}`),
		...Array.from(renames.columns.values(), (columns) => Array.from(columns, ([from, to]) => `rename_${from}_to_${to}`)).flat(),
		...(created.length === 0 ? [] : [`create_${created.map(({ name }) => name).join('_')}`]),
		...altered.map(([before, after]) => {
			const { added, dropped: gone } = columnsBetween(before, after)
			if (added.length > 0) return `add_${added.map(({ name }) => name).join('_')}_to_${after.name}`
			return gone.length > 0 ? `drop_${gone.map(({ name }) => name).join('_')}_from_${after.name}` : `alter_${after.name}`
		}),
		...(dropped.length === 0 ? [] : [`drop_${dropped.map(({ name }) => name).join('_')}`]),
	]
	const whole = parts.join('_and_')
	if (whole !== '' && whole.length <= MAX_LENGTH) return whole
	return parts[0] !== undefined && parts[0].length <= MAX_LENGTH - 9 ? `${parts[0]}_and_more` : 'alter_schema'
}
