import { env, runInDurableObject } from 'cloudflare:test'
import { expect } from 'vitest'
import type { SQLakeError } from '../../../src/errors.ts'
import type { MigrationManifest } from '../../../src/migrator/manifest.ts'
import type { MigrationErrorCode } from '../../../src/migrator/migration-error.ts'
import { MigrationRunner, type MigrationRunnerOptions } from '../../../src/migrator/migration-runner.ts'
import { manifestOfMigrations, type TestMigration } from './manifests.ts'

export { FIRST_WHEN, manifestOfMigrations, type TestMigration } from './manifests.ts'

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
