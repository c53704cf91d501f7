import { env, runInDurableObject } from 'cloudflare:test'
import { expect } from 'vitest'
import type { SQLakeError } from '../../../src/errors.ts'
import { createMigrationManifest } from '../../../src/migrator/create-migration-manifest.ts'
import type { MigrationManifest } from '../../../src/migrator/manifest.ts'
import type { MigrationErrorCode } from '../../../src/migrator/migration-error.ts'
import { MigrationRunner, type MigrationRunnerOptions } from '../../../src/migrator/migration-runner.ts'

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

let objects = 0

/** Runs a test in the storage of a fresh Durable Object. */
export async function inStorage(
	test: (storage: DurableObjectStorage, state: DurableObjectState) => void | Promise<void>,
): Promise<void> {
	await runInDurableObject(env.PLAIN_DO.getByName(`migrator-${objects++}`), (_, state) => test(state.storage, state))
}

/** A runner of migrations on a storage. */
export function runnerOf(
	storage: DurableObjectStorage,
	migrations: readonly TestMigration[] | MigrationManifest,
	options: Partial<MigrationRunnerOptions> = {},
): MigrationRunner {
	const manifest = 'formatVersion' in migrations ? migrations : manifestOfMigrations(...migrations)
	return new MigrationRunner({ storage, migrations: manifest, ...options })
}

/** The error that a call ends with. */
export async function failureOf(run: () => unknown): Promise<SQLakeError> {
	try {
		await run()
	} catch (error) {
		return error as SQLakeError
	}
	throw new Error('expected an error')
}

/** Rows of a query, as arrays. */
export function rows(storage: DurableObjectStorage, query: string): unknown[][] {
	return Array.from(storage.sql.exec(query).raw())
}

/** What errors of a kind look like. */
export function withCode(code: MigrationErrorCode, message: string): unknown {
	return { code, message: expect.stringContaining(message) as unknown }
}
