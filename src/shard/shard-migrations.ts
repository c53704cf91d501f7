/**
 * The migrations of one shard: when they run, what capture does meanwhile, and what the shard refuses until they have.
 *
 * @module
 */
import type { Capture } from '../cdc/capture.ts'
import { messageOf, SQLakeError } from '../errors.ts'
import type { BundledMigrations } from '../migrator/bundled-migrations.ts'
import { foreignKeysAreOn, setForeignKeys } from '../migrator/foreign-keys.ts'
import type { ManifestJson, MigrationManifest } from '../migrator/manifest.ts'
import { manifestOf } from '../migrator/manifest-of.ts'
import { MigrationError } from '../migrator/migration-error.ts'
import { MigrationRunner } from '../migrator/migration-runner.ts'
import type {
	MigrateRequest,
	MigrationPlan,
	MigrationReport,
	MigrationResult,
	MigrationStatus,
} from '../migrator/migration-status.ts'
import { schemaOf } from '../migrator/schema-of.ts'
import type { Observability } from '../observability/observability.ts'
import { withColumnHint } from '../schema/column-hint.ts'
import { fold } from '../schema/fold.ts'
import type { LakeSchema } from '../schema/table-schema.ts'
import { MigrationGate } from './migration-gate.ts'

/**
 * When pending migrations are applied.
 *
 * - `on-start`: before the first request.
 * - `rollout`: when a roll-out says so; a new shard begins with the newest.
 * - `never`: when it is asked for.
 */
export type MigrationPolicy = 'on-start' | 'rollout' | 'never'

/** What the migrations of a shard work with. */
export interface ShardMigrationsParts {
	readonly shard: string
	readonly storage: DurableObjectStorage
	/** Null where the tables are the application's own affair. */
	readonly migrations: BundledMigrations | ManifestJson | null
	/** Why there are none, where there should be. */
	readonly missing?: SQLakeError | null
	readonly policy: MigrationPolicy
	/** The tables as the code has them. */
	readonly lake: LakeSchema
	/** Null where the schema says `cdc: false`. */
	readonly capture: Capture | null
	readonly observability: Observability
	/** Milliseconds since the epoch. */
	readonly now: () => number
	/** Hears where the shard stands, at each start and after each run. It must not throw. */
	readonly onState?: ((report: MigrationReport) => void) | undefined
	/** Takes edited migrations as they are now. */
	readonly skipChecksum?: boolean | undefined
}

/** Milliseconds before migrations that were not found are looked for again, once a table was missed. */
const MISSING_RETRY = 1_000

const NO_MIGRATIONS: MigrationStatus = {
	state: 'current',
	manifestVersion: 0,
	appliedCount: 0,
	pendingCount: 0,
	applied: [],
	pending: [],
	lastError: null,
	attempts: 0,
	retryAt: null,
}

/**
 * Opens a shard on the version that its database is on, or can be brought to. A migration that fails is no failure of the shard:
 * it goes on with the tables that it has, and tries again later.
 */
export class ShardMigrations {
	readonly #parts: ShardMigrationsParts
	readonly #runner: MigrationRunner | null
	readonly #manifest: MigrationManifest | null
	/** What is wrong with the manifest itself. */
	readonly #invalid: MigrationError | null
	#gate: MigrationGate | null = null
	#retryAt: number | null = null

	/** Reads and writes nothing. */
	constructor(parts: ShardMigrationsParts) {
		this.#parts = parts
		const { manifest, invalid } = readManifest(parts.migrations)
		this.#manifest = manifest
		this.#invalid = invalid
		const { storage, observability, now, skipChecksum } = parts
		this.#runner =
			manifest === null
				? null
				: new MigrationRunner({
						storage,
						migrations: manifest,
						observability,
						now,
						...(skipChecksum === undefined ? {} : { skipChecksum }),
						...(parts.capture === null
							? {}
							: { hooks: (appliedCount, direction) => this.#captureHooks(manifest, appliedCount, direction) }),
					})
	}

	/** Milliseconds since the epoch: when a migration that failed is tried again; null where none did. */
	get retryAt(): number | null {
		return this.#retryAt
	}

	/** Whether a migration that failed is to be tried again by now. */
	get isRetryDue(): boolean {
		return this.#retryAt !== null && this.#retryAt <= this.#parts.now()
	}

	/** Whether migrations are to be applied now, without anybody asking for it. */
	get isWanted(): boolean {
		return this.#isWanted(this.status())
	}

	/** The last run that changed anything; null before the first. */
	get lastResult(): MigrationResult | null {
		return this.#runner?.lastResult ?? null
	}

	/** Where the shard stands. */
	status(): MigrationStatus {
		if (this.#runner !== null) return this.#runner.status()
		const problem = this.#invalid ?? this.#parts.missing ?? null
		if (problem === null) return NO_MIGRATIONS
		const { code, message, details } = problem
		const tag = typeof details?.tag === 'string' ? details.tag : null
		const state = this.#invalid === null ? 'current' : 'invalid'
		return { ...NO_MIGRATIONS, state, lastError: { code, message, tag, at: this.#parts.now() } }
	}

	/**
	 * Makes ready for {@link openNow}: foreign keys, which a table rebuild needs off, can be switched off only before anything is
	 * written after a start.
	 */
	prepareNow(): void {
		const { sql } = this.#parts.storage
		const status = this.status()
		if (this.#runner === null || !this.#isWanted(status)) return
		if (this.#runner.wantsForeignKeysOff(this.#wanted(status))) setForeignKeys(sql, false)
	}

	/** Opens the shard at once. What has to wait is left to {@link open}. */
	openNow(): void {
		let status = this.#begin()
		if (this.#isWanted(status)) {
			try {
				this.#runner?.runNow(this.#wanted(status))
			} catch (error) {
				this.#tolerate(error)
			}
			status = this.status()
		}
		this.#settle(status)
	}

	/** Opens the shard, or completes what {@link openNow} began. */
	async open(): Promise<void> {
		let status = this.#begin()
		if (this.#isWanted(status)) {
			try {
				await this.#runner?.run(this.#wanted(status))
			} catch (error) {
				this.#tolerate(error)
			}
			status = this.status()
		}
		if (!foreignKeysAreOn(this.#parts.storage.sql)) await this.#runner?.restoreForeignKeys()
		this.#settle(status)
	}

	/** Tries a migration that failed once more. The failure, if it fails again, is in the status. */
	async retry(): Promise<void> {
		if (this.isRetryDue) await this.open()
	}

	/**
	 * Migrates on request.
	 *
	 * @throws MigrationError as {@link MigrationRunner.run}
	 */
	async run(request: MigrateRequest): Promise<MigrationResult> {
		try {
			return await this.#requireRunner().run(request)
		} finally {
			this.#settle()
		}
	}

	/**
	 * Migrates on request without waiting, which suffices where foreign keys can be switched off at any time.
	 *
	 * @throws MigrationError as {@link MigrationRunner.run}
	 */
	runNow(request: MigrateRequest): MigrationResult {
		try {
			return this.#requireRunner().runNow(request)
		} finally {
			this.#settle()
		}
	}

	/** Tells what {@link run} would do. */
	async plan(request: MigrateRequest): Promise<MigrationPlan> {
		return this.#requireRunner().dryRun(request)
	}

	/** As {@link plan}, without waiting, where foreign keys can be switched off at any time. */
	planNow(request: MigrateRequest): MigrationPlan {
		return this.#requireRunner().dryRunNow(request)
	}

	/** Refuses a statement that needs other tables than there are. */
	check(text: string): void {
		this.#gate?.check(text)
	}

	/** The error of a statement, in words for what it is due to. */
	explain(error: unknown): unknown {
		return this.#gate?.explain(error) ?? this.#explainMissing(error) ?? withColumnHint(error, this.#parts.lake)
	}

	/** A table of the code that is not there, where no migrations were found that would make it: they are looked for again. */
	#explainMissing(error: unknown): MigrationError | null {
		const { missing, lake, shard, now } = this.#parts
		if (missing == null) return null
		const [, name = ''] = /no such table: (?:main\.)?(.*?)(?:: SQLITE_ERROR|$)/.exec(messageOf(error)) ?? []
		const table = [...lake.tables.keys()].find((known) => fold(known) === fold(name))
		if (table === undefined) return null
		this.#retryAt ??= now() + MISSING_RETRY
		return new MigrationError(
			'MIGRATION_MISSING',
			`shard ${JSON.stringify(shard)}: table "${table}": expected migrations that make it, found none: ${missing.message}`,
			{ cause: error, hint: missing.hint, details: { table } },
		)
	}

	/** What is applied without being asked for. A roll-out said how far to go: what failed is tried again, and nothing beyond. */
	#wanted({ state, appliedCount, pending: [failing] }: MigrationStatus): MigrateRequest {
		const goesOn = this.#parts.policy === 'rollout' && state === 'failed' && appliedCount > 0
		return goesOn && failing !== undefined ? { target: failing } : {}
	}

	#begin(): MigrationStatus {
		return this.#runner?.begin() ?? this.status()
	}

	#isWanted({ state, appliedCount, retryAt }: MigrationStatus): boolean {
		const { policy, now } = this.#parts
		if (policy === 'never') return false
		if (state === 'failed') return retryAt !== null && retryAt <= now()
		return state === 'pending' && (policy === 'on-start' || appliedCount === 0)
	}

	/** After this the shard goes by the tables that its database has. */
	#settle(status = this.status()): void {
		const { storage, lake, capture, onState, shard } = this.#parts
		const { state } = status
		const pending = this.#manifest?.migrations.filter(({ tag }) => status.pending.includes(tag)) ?? []
		this.#retryAt = status.retryAt
		this.#gate = state === 'current' ? null : new MigrationGate({ sql: storage.sql, shard, status, pending, lake })
		if (capture !== null) {
			capture.describe(this.#manifest === null ? lake : schemaOf(this.#manifest, lake, status.appliedCount))
			// Tables that are not what the code takes them for stay captured as they are.
			if ((state === 'ahead' || state === 'invalid') && capture.isInstalled) capture.resume()
			else capture.install()
		}
		if (this.#manifest === null && this.#invalid === null) return
		onState?.({ shard, version: status.applied.at(-1)?.tag ?? null, state, lastError: status.lastError })
	}

	#captureHooks(manifest: MigrationManifest, appliedCount: number, direction: 'up' | 'down') {
		const { capture, lake } = this.#parts
		if (capture === null) throw new SQLakeError('INTERNAL', 'capture: expected it to be on')
		return capture.migrate(schemaOf(manifest, lake, appliedCount), direction)
	}

	#requireRunner(): MigrationRunner {
		if (this.#runner !== null) return this.#runner
		const problem = this.#invalid ?? this.#parts.missing
		if (problem != null) throw problem
		throw new MigrationError('MIGRATION_MISSING', 'migrations: expected some, found none', {
			hint: 'override migrations = manifest: sqlake generate writes it to .sqlake/manifest.json',
		})
	}

	/** What went wrong is logged and remembered where it happened; the shard opens all the same. */
	#tolerate(error: unknown): void {
		if (!SQLakeError.is(error)) throw error
		this.#parts.observability.logger.warn(`the shard stays on its version: ${messageOf(error)}`, {
			'sqlake.shard': this.#parts.shard,
		})
	}
}

function readManifest(migrations: BundledMigrations | ManifestJson | null): {
	readonly manifest: MigrationManifest | null
	readonly invalid: MigrationError | null
} {
	if (migrations === null) return { manifest: null, invalid: null }
	try {
		return { manifest: manifestOf(migrations), invalid: null }
	} catch (error) {
		if (error instanceof MigrationError) return { manifest: null, invalid: error }
		throw error
	}
}
