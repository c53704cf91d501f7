/**
 * Applies and undoes migrations in one database.
 *
 * @module
 */
import { SQLakeError } from '../errors.ts'
import { createObservability } from '../observability/create-observability.ts'
import type { MetricName, SpanName } from '../observability/names.ts'
import type { Observability } from '../observability/observability.ts'
import { withSpanSync } from '../observability/with-span.ts'
import type { BundledMigrations } from './bundled-migrations.ts'
import { compareMigrations, type MigrationComparison } from './compare-migrations.ts'
import { foreignKeysAreOn, setForeignKeys } from './foreign-keys.ts'
import type { ManifestJson, MigrationManifest } from './manifest.ts'
import { manifestOf } from './manifest-of.ts'
import { MigrationError } from './migration-error.ts'
import { type LoggedMigration, MigrationLog, type MigratorMemory } from './migration-log.ts'
import { type MigrationStep, planDown, planUp } from './migration-plan.ts'
import type { MigrateRequest, MigrationPlan, MigrationResult, MigrationStatus, PlannedMigration } from './migration-status.ts'
import { migrationRetryDelay } from './retry-delay.ts'
import { ForeignKeysOnError, type MigrationHooks, runScript } from './run-script.ts'
import { statusOf, tagOf } from './status-of.ts'

/** The parts of a Durable Object's storage that migrations need. */
export type MigrationStorage = Pick<DurableObjectStorage, 'sql' | 'transactionSync' | 'sync'>

/** What a migration runner works with. */
export interface MigrationRunnerOptions {
	readonly storage: MigrationStorage
	/** A manifest of `sqlake generate`, or the default export of drizzle-kit's `migrations.js`. */
	readonly migrations: BundledMigrations | ManifestJson
	/**
	 * What must happen around a migration's statements.
	 *
	 * @param appliedCount - how many migrations the database has when the migration is done
	 */
	readonly hooks?: (appliedCount: number, direction: 'up' | 'down') => MigrationHooks
	readonly observability?: Observability
	/** Milliseconds since the epoch. */
	readonly now?: () => number
	/** Takes edited migrations as they are now, instead of refusing them. */
	readonly skipChecksum?: boolean
}

/** Rolls a dry run back. */
class DryRunOver extends Error {}

/**
 * The migrations of one database: what it has, what is pending, and the ways forwards and back.
 *
 * Each migration is applied in a transaction of its own, in order and once, and recorded in `__drizzle_migrations`, as Drizzle
 * records it, and in `_sqlake_migrations`. A table is rebuilt with foreign keys off, so that no row of another table is lost, and
 * every foreign key is checked before the migration counts.
 *
 * Nothing else may use the database while {@link run} is under way: in a Durable Object call it in `blockConcurrencyWhile`.
 *
 * @example
 * ```ts
 * import { MigrationRunner } from 'sqlake/do'
 * import manifest from '../.sqlake/manifest.json'
 *
 * const runner = new MigrationRunner({ storage: ctx.storage, migrations: manifest })
 * if (runner.status().pendingCount > 0) await runner.run()
 * ```
 */
export class MigrationRunner {
	readonly #options: MigrationRunnerOptions
	readonly #log: MigrationLog
	readonly #manifest: MigrationManifest
	readonly #observability: Observability
	readonly #now: () => number

	/** @throws MigrationError where the manifest itself is wrong: a gap, two of one name, SQL that its checksum does not fit */
	constructor(options: MigrationRunnerOptions) {
		this.#options = options
		this.#manifest = manifestOf(options.migrations)
		this.#log = new MigrationLog(options.storage.sql)
		this.#observability = options.observability ?? createObservability()
		this.#now = options.now ?? Date.now
	}

	/** Where the database stands. It only reads. */
	status(): MigrationStatus {
		return this.#statusOf(this.#log.read(), this.#log.memory)
	}

	/** What the last run did that changed anything, or that failed; null before the first. */
	get lastResult(): MigrationResult | null {
		return this.#log.memory.lastResult
	}

	/** Whether the way to the target needs foreign keys off, which is possible only before the first write after a start. */
	wantsForeignKeysOff(request: MigrateRequest = {}): boolean {
		return this.#plan(request, this.#log.read()).some(({ script }) => script.foreignKeysOff)
	}

	/**
	 * Applies what is pending, up to a target, or undoes what was applied after it.
	 *
	 * @throws MigrationError MIGRATION_FAILED with the migration's tag, the number of the statement, SQLite's message and the cause:
	 *   nothing of that migration stays, earlier ones do. MIGRATION_CHECKSUM, MIGRATION_MISSING, MIGRATION_ORDER,
	 *   MIGRATION_DUPLICATE and MIGRATION_AHEAD where the database has not what the code has. MIGRATION_IRREVERSIBLE for a
	 *   migration that has no down script, or whose down script destroys data, unless `acceptDataLoss`.
	 */
	async run(request: MigrateRequest = {}): Promise<MigrationResult> {
		const running = this.#perform(request, true)
		for (;;) {
			const { done, value } = running.next()
			if (done) return value
			await this.#options.storage.sync()
		}
	}

	/**
	 * Undoes the migrations after a target, the newest first. A database that was rolled back stays there until it is told to go on.
	 *
	 * @param target - tag of the migration that shall be the last one; null undoes them all
	 * @throws MigrationError as {@link run}
	 */
	rollback(target: string | null, options: Pick<MigrateRequest, 'acceptDataLoss'> = {}): Promise<MigrationResult> {
		return this.run({ ...options, target, direction: 'down' })
	}

	/**
	 * As {@link run}, without waiting for anything. Where tables must be rebuilt and foreign keys cannot be switched off, because
	 * something was written just before, it stops before that migration: what is left is for {@link run}.
	 */
	runNow(request: MigrateRequest = {}): MigrationResult {
		const running = this.#perform(request, false)
		for (;;) {
			const { done, value } = running.next()
			if (done) return value
		}
	}

	/**
	 * Tells what a run would do, statement by statement. It is tried on the database as it is, in a transaction that is rolled back.
	 */
	async dryRun(request: MigrateRequest = {}): Promise<MigrationPlan> {
		await this.#options.storage.sync()
		try {
			return this.dryRunNow(request)
		} finally {
			await this.restoreForeignKeys()
		}
	}

	/** As {@link dryRun}, without waiting: a rebuild that needs foreign keys off, when they cannot be, is told as an error. */
	dryRunNow(request: MigrateRequest = {}): MigrationPlan {
		const { storage } = this.#options
		const direction = request.direction ?? 'up'
		const migrations: PlannedMigration[] = []
		let tag: string | null = null
		try {
			const steps = this.#plan(request, this.#log.read())
			for (const { tag, script, losses } of steps) {
				migrations.push({ tag, statements: script.statements.map(({ text }) => text), losses })
			}
			if (steps.length === 0) return { direction, migrations, error: null }
			setForeignKeys(storage.sql, false)
			storage.transactionSync(() => {
				for (const step of steps) {
					tag = step.tag
					this.#apply(step)
				}
				throw new DryRunOver()
			})
		} catch (error) {
			if (error instanceof DryRunOver) return { direction, migrations, error: null }
			if (!SQLakeError.is(error)) throw error
			const { code, message, details } = error
			return { direction, migrations, error: { code, message, tag: tag ?? tagOf(details) } }
		} finally {
			setForeignKeys(storage.sql, true)
		}
		throw new SQLakeError('INTERNAL', 'dry run: expected it to be rolled back')
	}

	/** Switches foreign keys on again after {@link runNow} had to leave them off. */
	async restoreForeignKeys(): Promise<void> {
		const { storage } = this.#options
		setForeignKeys(storage.sql, true)
		if (foreignKeysAreOn(storage.sql)) return
		await storage.sync()
		setForeignKeys(storage.sql, true)
	}

	/**
	 * What must be seen to at each start, after which it tells the status. Migrations that Drizzle's own migrator applied are
	 * recorded as the code knows them. And a migration that was being applied when the process ended counts as failed, once that has
	 * happened twice: one that takes the process along must not be tried at every start. Writes nothing where there is nothing to do.
	 */
	begin(): MigrationStatus {
		const logged = this.#log.read()
		const { memory } = this.#log
		const adopted = this.#adopt(logged)
		const noticed = this.#noticeInterruption(memory)
		return adopted || noticed ? this.status() : this.#statusOf(logged, memory)
	}

	/** Yields where the storage must be given the time to make durable what was written. */
	*#perform(request: MigrateRequest, waits: boolean): Generator<'sync', MigrationResult> {
		const start = this.#now()
		const direction = request.direction ?? 'up'
		const logged = this.#log.read()
		const steps = this.#plan(request, logged)
		this.#adopt(logged)
		const migrations: string[] = []
		const conclude = (error?: MigrationResult['error']): MigrationResult => {
			const result: MigrationResult = {
				success: error === undefined,
				direction,
				applied: migrations.length,
				migrations,
				version: this.#version(),
				durationMs: this.#now() - start,
				...(error === undefined ? {} : { error }),
			}
			this.#conclude(result)
			return result
		}
		try {
			for (const step of steps) {
				if (!(yield* this.#attempt(step, waits, logged.length > 0))) break
				migrations.push(step.tag)
			}
		} catch (error) {
			// What was done before a failure counts all the same.
			const { code, message } = SQLakeError.wrap(error, 'MIGRATION_FAILED', 'migrations')
			conclude({ code, message, tag: steps[migrations.length]?.tag ?? null })
			throw error
		}
		return conclude()
	}

	/**
	 * @param hasHistory - whether the database had migrations before: the rows of a new one are too few for an attempt to matter
	 * @returns false where foreign keys could not be switched off without waiting
	 */
	*#attempt(step: MigrationStep, waits: boolean, hasHistory: boolean): Generator<'sync', boolean> {
		const { sql } = this.#options.storage
		const { tracer, metrics } = this.#observability
		if (waits && hasHistory) {
			this.#log.remember({ begun: { tag: step.tag, checksum: step.checksum, times: this.#attemptsAt(step) + 1 } })
		}
		// Foreign keys can be switched off only while nothing written waits to become durable, such as the migration before.
		if (waits && (hasHistory || step.script.foreignKeysOff)) yield 'sync'
		if (step.script.foreignKeysOff) setForeignKeys(sql, false)
		const start = this.#now()
		try {
			withSpanSync(tracer, 'sqlake.migration' satisfies SpanName, { 'sqlake.migration': step.tag }, () => this.#apply(step))
			metrics.record('sqlake.migration.duration' satisfies MetricName, this.#now() - start)
			return true
		} catch (error) {
			if (error instanceof ForeignKeysOnError && !waits) return false
			throw this.#failed(step, error)
		} finally {
			if (step.script.foreignKeysOff) {
				yield 'sync'
				setForeignKeys(sql, true)
			}
		}
	}

	/** Runs one step in a transaction of its own, unless somebody else did meanwhile. */
	#apply({ tag, direction, migration, when, script, appliedCount }: MigrationStep): void {
		const { storage, hooks } = this.#options
		const start = this.#now()
		storage.transactionSync(() => {
			const isApplied = this.#log.read().some((logged) => logged.when === when)
			if (isApplied === (direction === 'up')) return
			runScript(storage.sql, direction === 'up' ? tag : `${tag}.down`, script, hooks?.(appliedCount, direction) ?? null)
			if (direction === 'down') this.#log.remove(when)
			else if (migration !== null) this.#log.record(migration, this.#now(), this.#now() - start)
			this.#log.remember({ begun: null, failure: null })
		})
	}

	/** Attempts that are known of: those that failed, and those during which the process ended. */
	#attemptsAt({ checksum }: MigrationStep): number {
		const { begun, failure } = this.#log.memory
		return Math.max(begun?.checksum === checksum ? begun.times : 0, failure?.checksum === checksum ? failure.attempts : 0)
	}

	/** Remembers a failure, and gives its error. */
	#failed(step: MigrationStep, error: unknown): SQLakeError {
		const failure = SQLakeError.wrap(error, 'MIGRATION_FAILED', `migration "${step.tag}"`)
		this.#observability.metrics.count('sqlake.migration.errors' satisfies MetricName, 1, { 'error.type': failure.code })
		this.#observability.logger.error(failure.message, { 'sqlake.migration': step.tag, 'error.type': failure.code })
		if (step.direction === 'down') {
			this.#log.remember({ begun: null })
		} else {
			const failed = this.#log.memory.failure
			const attempts = failed?.checksum === step.checksum ? failed.attempts + 1 : 1
			this.#remember(step.tag, step.checksum, attempts, failure)
		}
		return failure
	}

	#remember(tag: string, checksum: string, attempts: number, { code, message }: SQLakeError): void {
		const at = this.#now()
		const retryAt = at + migrationRetryDelay(attempts)
		this.#log.remember({ begun: null, failure: { tag, checksum, code, message, at, attempts, retryAt } })
	}

	/**
	 * A way down holds the database where it ends, even where there was nothing to undo: a migration that fails is not tried again
	 * behind the back of whoever went down. Going up lets go of it.
	 */
	#conclude(result: MigrationResult): void {
		const changed = result.applied > 0
		const last = changed || !result.success ? { lastResult: result } : {}
		if (result.direction === 'up') this.#log.remember({ held: false, ...last })
		else if (changed || this.status().pendingCount > 0) this.#log.remember({ held: true, failure: null, ...last })
		else this.#log.remember(last)
	}

	#statusOf(logged: readonly LoggedMigration[], memory: MigratorMemory): MigrationStatus {
		return statusOf({ manifest: this.#manifest, logged, comparison: this.#compare(logged), memory, now: this.#now() })
	}

	#noticeInterruption({ begun, failure }: MigratorMemory): boolean {
		if (begun === null || begun.times < 2 || (failure !== null && failure.attempts >= begun.times)) return false
		const { tag, checksum, times } = begun
		const message = `migration "${tag}": expected to be applied in one go, found that the process ended ${times} times meanwhile`
		this.#remember(tag, checksum, times, new MigrationError('MIGRATION_FAILED', message, { details: { tag } }))
		return true
	}

	/** Records strangers, and takes edited migrations as they are now where checksums are skipped. */
	#adopt(logged: readonly LoggedMigration[]): boolean {
		const unknown = new Set(logged.flatMap(({ when, record }) => (record === null ? [when] : [])))
		const strangers = this.#manifest.migrations.filter(({ when }) => unknown.has(when))
		if (strangers.length === 0 && !this.#options.skipChecksum) return false
		const { problem, edited } = this.#compare(logged)
		const accepted = this.#options.skipChecksum ? edited : []
		if (strangers.length + accepted.length === 0 || (problem !== null && problem.code !== 'MIGRATION_AHEAD')) return false
		this.#options.storage.transactionSync(() => {
			for (const migration of strangers) this.#log.adopt(migration)
			for (const migration of accepted) this.#log.accept(migration)
		})
		return true
	}

	#plan(request: MigrateRequest, logged: readonly LoggedMigration[]): readonly MigrationStep[] {
		return request.direction === 'down'
			? planDown(this.#manifest, logged, this.#log.readDowns(), request)
			: planUp(this.#manifest, this.#compare(logged), request.target)
	}

	#compare(logged: readonly LoggedMigration[]): MigrationComparison {
		return compareMigrations(this.#manifest, logged, this.#options.skipChecksum)
	}

	#version(): string | null {
		const last = this.#log.read().at(-1)
		if (last === undefined) return null
		return this.#manifest.migrations.find(({ when }) => when === last.when)?.tag ?? last.record?.tag ?? null
	}
}
