import { createMigrationManifest } from '../../../src/migrator/create-migration-manifest.ts'
import type { MigrationManifest } from '../../../src/migrator/manifest.ts'

/** A migration of a test: its SQL, or both directions of it. */
export type TestMigration = string | { readonly up: string; readonly down?: string; readonly losses?: readonly string[] }

export const FIRST_WHEN = 1_700_000_000_000

/** A manifest of migrations 0000_m0, 0001_m1 and so on. */
export function manifestOfMigrations(...migrations: readonly TestMigration[]): MigrationManifest {
	const all = migrations.map((migration, idx) => ({
		tag: `${String(idx).padStart(4, '0')}_m${idx}`,
		...(typeof migration === 'string' ? { up: migration } : migration),
	}))
	return createMigrationManifest({
		journal: { entries: all.map(({ tag }, idx) => ({ idx, when: FIRST_WHEN + idx * 1_000, tag, breakpoints: true })) },
		files: Object.fromEntries(all.map(({ tag, up }) => [tag, up])),
		downs: Object.fromEntries(
			all.flatMap(({ tag, down, losses = [] }) => (down === undefined ? [] : [[tag, { sql: down, losses }]])),
		),
	})
}
