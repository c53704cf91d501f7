/**
 * The base class of a shard's Durable Object.
 *
 * @module
 */
import { DurableObject } from 'cloudflare:workers'
import { type DrizzleSqliteDODatabase, drizzle } from 'drizzle-orm/durable-sqlite'
import type { BufferLimits } from '../cdc/buffer-size.ts'
import type { RetryOptions } from '../cdc/capture.ts'
import type { DeliveryResult } from '../delivery/delivery.ts'
import { LAST_RETRY } from '../delivery/flush-policy.ts'
import type { DeliveryLimits } from '../delivery/limits.ts'
import type { ExecuteRequest, ExecuteResponse, SQLakeDurableObjectRpc } from '../driver/transport.ts'
import { type Envelope, messageOf, packAnswer, SQLakeError } from '../errors.ts'
import type { FleetShardRpc, ReleasedVersion, ShardMigrationAnswer, ShardMigrationRpc } from '../fleet/fleet.ts'
import { ShardReporter } from '../fleet/shard-reporter.ts'
import { DEFAULT_LAKE_LOCATION } from '../lake/lake-path.ts'
import { type Lake, openLake } from '../lake/open-lake.ts'
import type { BundledMigrations } from '../migrator/bundled-migrations.ts'
import type { ManifestJson } from '../migrator/manifest.ts'
import type {
	MigrateRequest,
	MigrationPlan,
	MigrationReport,
	MigrationResult,
	MigrationStatus,
} from '../migrator/migration-status.ts'
import { createObservability } from '../observability/create-observability.ts'
import type { Observability } from '../observability/observability.ts'
import type { SQLakeDatabase } from '../schema/database.ts'
import { ObjectMemory } from '../shard/object-memory.ts'
import type { CDCDeadLetterEvent, CDCFlushMetrics } from '../shard/shard.ts'
import { type StartedShard, startShard } from '../shard/start-shard.ts'
import { findBucket, findCatalogNamespace } from '../worker/bindings.ts'
import { bindingOf, isNameOf } from './is-name-of.ts'
import { LocalResult, type LocalSql, localStatement } from './local-sql.ts'
import { observedStorage } from './observed-storage.ts'
import { PushedManifest } from './pushed-manifest.ts'
import type { SQLakeWorkerEnv } from './worker-env.ts'

/** The Drizzle database of an object: synchronous, as its SQLite is. */
export type LocalDatabase<TDatabase extends SQLakeDatabase> = DrizzleSqliteDODatabase<TDatabase['tables']>

/** Settings that a subclass gives to the constructor instead of overriding the fields of these names; a field it overrides wins. */
export interface SQLakeDOOptions {
	readonly migrations?: BundledMigrations | ManifestJson | null
	readonly migrationPolicy?: 'on-start' | 'rollout'
	/** Changes in the buffer that start a flush at once. */
	readonly cdcFlushThreshold?: number
	/** Milliseconds that a change waits at most while the store is up. */
	readonly cdcFlushInterval?: number
	readonly lakeLocation?: string
	readonly cdcDeliveryLimits?: Partial<DeliveryLimits>
	readonly observability?: Observability
}

/** Milliseconds before a start that failed is tried again. */
const RESTART_AFTER = 1_000

/**
 * A shard: a Durable Object with SQLite whose changes go to the lake. Before the first request it applies pending migrations
 * and installs capture; then its alarm delivers what was written.
 *
 * A subclass may have a constructor, `fetch`, `alarm` and RPC methods of its own. An `alarm` of its own calls `super.alarm(info)`,
 * since an object has one alarm only; for a moment of its own it calls {@link scheduleAlarm}.
 *
 * @example
 * ```ts
 * import { SQLakeDO } from 'sqlake/do'
 * import manifest from '../.sqlake/manifest.json'
 * import { db } from './schema.ts'
 *
 * export class UserDO extends SQLakeDO<Env> {
 *   override schema = db
 *   override migrations = manifest
 *
 *   rename(id: string, name: string): void {
 *     this.sql`UPDATE users SET name = ${name} WHERE id = ${id}`
 *   }
 * }
 * ```
 */
export abstract class SQLakeDO<TEnv extends SQLakeWorkerEnv = SQLakeWorkerEnv>
	extends DurableObject<TEnv>
	implements SQLakeDurableObjectRpc, ShardMigrationRpc, FleetShardRpc
{
	/** What `SQLake()` returned. */
	abstract schema: SQLakeDatabase
	/**
	 * The manifest that `sqlake generate` wrote to `.sqlake/manifest.json`, or what drizzle-kit generated alone: the default export of
	 * `drizzle/migrations.js`. Without either the object fetches the manifest that `sqlake push` put into the bucket, keeps it, and asks
	 * at each start for a newer one; where there is none, the tables are the subclass's own.
	 */
	protected migrations: BundledMigrations | ManifestJson | null = null
	/** When pending migrations are applied: before the first request, or, in objects that have some already, as a roll-out says. */
	protected migrationPolicy: 'on-start' | 'rollout' = 'on-start'
	/** Changes in the buffer that start a flush at once. */
	protected cdcFlushThreshold = 1_000
	/** Milliseconds that a change waits at most while the store is up. */
	protected cdcFlushInterval = 60_000
	/** Prefix of file paths in the lake's metadata, such as `s3://my-bucket`: outside engines need the real one. Cannot change later. */
	protected lakeLocation: string = DEFAULT_LAKE_LOCATION
	/** Bounds of a delivery, where the defaults do not fit: a shard with large rows wants fewer changes in a flight. */
	protected cdcDeliveryLimits: Partial<DeliveryLimits> = {}
	/**
	 * What may wait for the lake, in changes and in bytes of their values, before writes are refused with `BUFFER_FULL`: 1,000,000
	 * changes and 1 GiB unless set, of the 10 GB that an object holds.
	 */
	protected cdcBufferLimits: Partial<BufferLimits> = {}
	/** Where logs, metrics and spans go; nowhere unless set. */
	protected observability: Observability = createObservability()

	/** Opens the lake that changes go to; a subclass that has another catalog replaces it. Called at the first flush. */
	protected openLake: () => Lake = () =>
		openLake({
			bucket: findBucket(this.env, this.schema.r2Bucket),
			bucketBinding: this.schema.r2Bucket,
			catalogs: findCatalogNamespace(this.env),
			location: this.lakeLocation,
		})

	// Fields, not methods or accessors: those of a class answer to RPC, fields do not.

	/**
	 * Runs SQL on this object's SQLite, at once. Values are bound, never text.
	 *
	 * @throws `QUERY_FAILED`, `VALUE_UNSUPPORTED`; `BUFFER_FULL` for a write while too many changes wait for the lake
	 * @example
	 * ```ts
	 * const user = this.sql<{ id: string; plan: string }>`SELECT id, plan FROM users WHERE id = ${id}`.first()
	 * ```
	 */
	protected readonly sql: LocalSql = (strings, ...values) =>
		this.#use(({ shard }) => new LocalResult(shard.executeLocally(localStatement(strings, values))))

	/** The Drizzle database on this object's SQLite. */
	declare protected readonly db: LocalDatabase<this['schema']>

	/**
	 * Sets, or with null forgets, a moment of the subclass's own at which `alarm()` runs. `ctx.storage.setAlarm()` would replace
	 * the alarm that delivers changes, since an object has one only.
	 *
	 * @param at milliseconds since the epoch, or a Date
	 */
	protected readonly scheduleAlarm = (at: number | Date | null): Promise<void> =>
		this.#use(({ alarm }) => alarm.setApplication(at === null ? null : Number(at), Date.now()))

	/**
	 * Tells, once, that the moment set by {@link scheduleAlarm} has come: an alarm may also be sqlake's own. Should the work that
	 * follows fail, schedule it again.
	 *
	 * @example
	 * ```ts
	 * override async alarm(info?: AlarmInvocationInfo) {
	 *   await super.alarm(info)
	 *   if (this.takeAlarm()) await this.sendReminder()
	 * }
	 * ```
	 */
	protected readonly takeAlarm = (): boolean => this.#use(({ alarm }) => alarm.takeApplication(Date.now()))

	#built: StartedShard | null = null
	/** The same, once it is open. */
	#started: StartedShard | null = null
	/** Whether the start that comes before the first event is over. */
	#ready = false
	#claimed: string | null = null
	/** Where the migrations come from if the class brings none. */
	#pushed: PushedManifest | null = null
	#database: LocalDatabase<SQLakeDatabase> | null = null
	#failure: { readonly error: SQLakeError; readonly at: number } | null = null
	readonly #reporter = new ShardReporter({
		memory: {
			get: () => this.#built?.memory.get('report') ?? null,
			set: (note) => this.#built?.memory.set('report', note),
		},
		connect: () => findCatalogNamespace(this.env)?.getByName(this.schema.r2Bucket) ?? null,
		released: (released) => this.#goToReleased(released),
		background: (work) => this.ctx.waitUntil(work),
		pause: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
		now: () => Date.now(),
		logger: () => this.observability.logger,
	})

	/**
	 * @param options - settings, where a subclass has a constructor of its own: `super(ctx, env, { cdcFlushInterval: 5_000 })`
	 */
	constructor(ctx: DurableObjectState, env: TEnv, options: SQLakeDOOptions = {}) {
		super(ctx, env)
		Object.assign(this, options)
		Object.defineProperty(this, 'db', { get: () => this.#localDatabase() })
		// It must not reject: that would reset the object, and the next request would meet the same end.
		void ctx.blockConcurrencyWhile(async () => {
			// A subclass's fields and constructor come after this one.
			await Promise.resolve()
			await this.#startAndArm()
		})
	}

	/** Runs statements for the driver. Errors come as values, so that code, hint and cause survive the way. */
	async sqlakeExecute(request: ExecuteRequest): Promise<Envelope<ExecuteResponse>> {
		if (this.#started?.migrations.isRetryDue) await this.#retryMigrations(this.#started)
		this.#reporter.touch()
		return packAnswer('sqlakeExecute', () => {
			if (this.#started === null) this.#hearName(request)
			return this.#use(({ shard }) => shard.execute(request))
		})
	}

	/** Migrates for a roll-out. */
	async sqlakeMigrate(shard: string, request: MigrateRequest): Promise<Envelope<MigrationResult>> {
		return packAnswer('sqlakeMigrate', () => {
			if (this.#started === null) this.#hearName({ shard })
			return this.#migrate(request)
		})
	}

	/** Migrates for a roll-out that keeps the register of shards: the answer says where the object stands then. */
	async sqlakeFleetMigrate(shard: string, request: MigrateRequest): Promise<Envelope<ShardMigrationAnswer>> {
		return packAnswer('sqlakeFleetMigrate', async () => {
			if (this.#started === null) this.#hearName({ shard })
			const call = () => packAnswer('sqlakeFleetMigrate', () => this.#migrateWithFleet(request))
			const { value: result, report } = await this.#reporter.answering(call)
			if (report !== null) return { result, report }
			const missing = 'migrations: expected some, found none'
			throw result.ok ? new SQLakeError('MIGRATION_MISSING', missing) : SQLakeError.fromJSON(result.error)
		})
	}

	/** Where the object stands, for a roll-out. */
	async sqlakeMigrationStatus(shard: string): Promise<Envelope<MigrationStatus>> {
		return packAnswer('sqlakeMigrationStatus', () => {
			if (this.#started === null) this.#hearName({ shard })
			return this.#use(({ migrations }) => migrations.status())
		})
	}

	/** Delivers changes. A subclass that has an alarm of its own calls it: `await super.alarm(info)`. */
	override async alarm(_info?: AlarmInvocationInfo): Promise<void> {
		try {
			await this.#useAwaiting(async (started) => {
				const isRetry = started.migrations.isRetryDue
				if (isRetry) await this.#retryMigrations(started)
				await started.shard.onAlarm(isRetry)
			})
		} catch (error) {
			// The start failed. Throwing would spend the platform's few retries; this way it is tried for as long as it takes.
			this.observability.logger.error(`alarm: ${messageOf(error)}`)
			await this.ctx.storage.setAlarm(Date.now() + LAST_RETRY)
		}
	}

	/** Answers 404: an object tells nothing over HTTP unless a subclass does. */
	override fetch(_request: Request): Response | Promise<Response> {
		return new Response('not found', { status: 404 })
	}

	/**
	 * Delivers what waits in the buffer now, instead of at the next alarm.
	 *
	 * @throws `STORE_UNAVAILABLE`, `COMMIT_CONFLICT`, `FLUSH_FAILED` ...; the changes stay in the buffer
	 */
	async flush(): Promise<DeliveryResult> {
		return this.#useAwaiting(({ shard }) => shard.flush())
	}

	/** How the delivery of this shard is doing. */
	getCDCFlushMetrics(): CDCFlushMetrics {
		return this.#use(({ shard }) => shard.metrics)
	}

	/**
	 * Changes that could not be encoded and were set aside, oldest first, in plain data.
	 *
	 * @param limit how many at most
	 */
	getCDCDeadLetterEvents(limit = 100): CDCDeadLetterEvent[] {
		return this.#use(({ shard }) => shard.deadLetters(limit))
	}

	/**
	 * Puts changes that were set aside back into the buffer, each followed by its row as it is now, for the next flush.
	 *
	 * @returns how many
	 */
	retryCDCDeadLetterEvents(options: RetryOptions = {}): number {
		return this.#use(({ shard }) => shard.retryDeadLetters(options))
	}

	/**
	 * Deletes changes that were set aside, for good.
	 *
	 * @param olderThanMs milliseconds since they were set aside
	 * @returns how many
	 */
	purgeCDCDeadLetterEvents(olderThanMs = 7 * 86_400_000): number {
		return this.#use(({ shard }) => shard.purgeDeadLetters(olderThanMs))
	}

	/** Where the object stands: what is applied, what is pending, and what went wrong. */
	getMigrationStatus(): MigrationStatus {
		return this.#use(({ migrations }) => migrations.status())
	}

	/** What the last run of the migrator did that changed anything, or that failed; null before the first. */
	getLastMigrationResult(): MigrationResult | null {
		return this.#use(({ migrations }) => migrations.lastResult)
	}

	/**
	 * Tells what would run, statement by statement. It is tried on the object's data in a transaction that is rolled back.
	 *
	 * @param request - all pending migrations where absent
	 */
	async dryRunMigrations(request: MigrateRequest = {}): Promise<MigrationPlan> {
		return this.#exclusively(({ migrations }) => migrations.plan(request))
	}

	/**
	 * Applies pending migrations, up to a target. An object that was rolled back goes on from here.
	 *
	 * @param target - tag of the last one to apply; all where absent
	 * @throws `MIGRATION_FAILED` with SQLite's message and the cause, `MIGRATION_CHECKSUM`, `MIGRATION_MISSING`, `MIGRATION_ORDER`,
	 *   `MIGRATION_AHEAD`
	 */
	async applyMigrations(target?: string): Promise<MigrationResult> {
		return this.#migrate(target === undefined ? {} : { target })
	}

	/**
	 * Undoes the migrations after a target, the newest first. The object stays there until it is told to go on.
	 *
	 * @param target - tag of the migration that shall be the last one; null undoes them all
	 * @throws `MIGRATION_IRREVERSIBLE` where a down script is missing, or destroys data that `acceptDataLoss` does not give up;
	 *   `MIGRATION_FAILED`
	 */
	async rollbackMigrations(target: string | null, options: { acceptDataLoss?: boolean } = {}): Promise<MigrationResult> {
		const { acceptDataLoss = false } = options
		return this.#migrate({ target, direction: 'down', acceptDataLoss })
	}

	/** Learns the object's name from a caller, where the platform does not tell it, if the object's id proves it. */
	#hearName(request: unknown): void {
		const shard: unknown = typeof request === 'object' && request !== null && 'shard' in request ? request.shard : null
		if (this.ctx.id.name !== undefined || typeof shard !== 'string') return
		if (!isNameOf(this.env, shard, this.ctx.id)) return
		this.#claimed = shard
		this.#failure = null
	}

	/** Runs `call` with the shard. After deleteAll() under the living object nothing of ours is there any more: it begins anew. */
	#use<T>(call: (started: StartedShard) => T): T {
		const started = this.#start()
		try {
			return call(started)
		} catch (error) {
			if (started.memory.exists) throw error
			return call(this.#startAgain())
		}
	}

	/** As {@link #use}, for what is rare enough to look first and awaits too much to be called twice. */
	async #useAwaiting<T>(call: (started: StartedShard) => Promise<T>): Promise<T> {
		const started = this.#start()
		return call(started.memory.exists ? started : this.#startAgain())
	}

	#startAgain(): StartedShard {
		this.#built = null
		this.#started = null
		return this.#start()
	}

	/** Migrates on request, and sets the alarm for what may have changed. */
	async #migrate(request: MigrateRequest): Promise<MigrationResult> {
		return this.#exclusively(async (started) => {
			// The target may have been pushed since the object started.
			const { migrations, shard } = (await this.#refresh()) ? await this.#reopen() : started
			try {
				return await migrations.run(request)
			} finally {
				await shard.arm()
			}
		})
	}

	/** Looks for a manifest in the bucket where the class brings none; tells whether there is another than before. */
	async #refresh(): Promise<boolean> {
		if (this.migrations !== null) return false
		const changed = await this.#pushedManifest().refresh((message) => this.observability.logger.warn(message))
		// Foreign keys, which a table rebuild needs off, stay on after a write that is not durable yet.
		if (changed) await this.ctx.storage.sync()
		return changed
	}

	#pushedManifest(): PushedManifest {
		this.#pushed ??= new PushedManifest({
			memory: new ObjectMemory(this.ctx.storage.sql),
			bucket: () => findBucket(this.env, this.schema.r2Bucket),
		})
		return this.#pushed
	}

	/** Opens the shard with the migrations of now. */
	async #reopen(): Promise<StartedShard> {
		this.#built = null
		const started = this.#watching(() => this.#build(false))
		await started.migrations.open()
		this.#started = started
		return started
	}

	/** As one of many: a shard that never came as far as a way down leads has nothing to undo. */
	async #migrateWithFleet(request: MigrateRequest): Promise<MigrationResult> {
		const { direction, target } = request
		const { applied, pending } = this.#use(({ migrations }) => migrations.status())
		if (direction !== 'down' || typeof target !== 'string' || !pending.includes(target)) return this.#migrate(request)
		return { success: true, direction, applied: 0, migrations: [], version: applied.at(-1)?.tag ?? null, durationMs: 0 }
	}

	/** Goes where a roll-out has brought the fleet before this object was known to it. */
	async #goToReleased(released: ReleasedVersion | null): Promise<void> {
		const target = released?.version ?? null
		const { state, pending } = this.#use(({ migrations }) => migrations.status())
		if (target !== null && state === 'pending' && pending.includes(target)) await this.#migrate({ target })
	}

	async #retryMigrations(started: StartedShard): Promise<void> {
		await this.#exclusively(async () => {
			const { shard, migrations } = (await this.#refresh()) ? await this.#reopen() : started
			await migrations.retry()
			await shard.arm()
		})
	}

	/** Runs what nothing else may come between: a migration awaits while foreign keys are off. */
	async #exclusively<T>(call: (started: StartedShard) => Promise<T>): Promise<T> {
		// It must not reject: that would reset the object.
		const outcome = await this.ctx.blockConcurrencyWhile(async (): Promise<{ value: T } | { error: unknown }> => {
			try {
				return { value: await this.#useAwaiting(call) }
			} catch (error) {
				return { error }
			}
		})
		if ('error' in outcome) throw outcome.error
		return outcome.value
	}

	/** The shard, open: at once, where the constructor of a subclass is the first to need it, or deleteAll() took everything away. */
	#start(): StartedShard {
		if (this.#started !== null) return this.#started
		return this.#watching(() => {
			const isFirst = this.#built === null && !this.#ready
			const started = this.#build(isFirst)
			started.migrations.openNow()
			this.#started = started
			return started
		})
	}

	/** Opens the shard before the first event is delivered, and completes what a constructor had to do at once. */
	async #startAndArm(): Promise<void> {
		try {
			// A constructor that needed the shard had to do without.
			if (await this.#refresh()) this.#built = null
			const started = this.#watching(() => this.#build(true))
			await started.migrations.open()
			this.#started = started
			await started.shard.arm()
		} catch (error) {
			this.#fail(error)
			// The failure is told to whoever calls; an alarm that could not be set is set at the next write.
			this.observability.logger.warn(`the object is not ready: ${messageOf(error)}`)
		} finally {
			this.#ready = true
		}
	}

	#build(isFirst: boolean): StartedShard {
		const pushed = this.migrations === null ? this.#pushedManifest() : null
		this.#built ??= startShard(
			{
				ctx: this.ctx,
				claimed: this.#claimed,
				openLake: () => this.openLake(),
				limits: () => this.cdcDeliveryLimits,
				bufferLimits: () => this.cdcBufferLimits,
				schema: this.schema,
				migrations: this.migrations ?? pushed?.manifest ?? null,
				missing: pushed?.missing ?? null,
				migrationPolicy: this.migrationPolicy,
				onMigrationState: (report) => this.#onMigrationState(report),
				policy: () => ({ threshold: this.cdcFlushThreshold, interval: this.cdcFlushInterval }),
				observability: this.observability,
			},
			isFirst,
		)
		return this.#built
	}

	/** Called at each start, and whenever migrations ran or failed. */
	#onMigrationState(report: MigrationReport): void {
		this.#reporter.changed({ ...report, binding: bindingOf(this.env, report.shard, this.ctx.id) })
	}

	/** Runs a start, and remembers its failure for a moment: whoever calls meanwhile is told the same. */
	#watching<T>(start: () => T): T {
		if (this.#failure !== null && Date.now() - this.#failure.at < RESTART_AFTER) throw this.#failure.error
		try {
			const started = start()
			this.#failure = null
			return started
		} catch (error) {
			throw this.#fail(error)
		}
	}

	#fail(error: unknown): SQLakeError {
		const failure = SQLakeError.wrap(error, 'INTERNAL', 'the Durable Object did not start')
		if (this.#failure?.error === failure) return failure
		this.#failure = { error: failure, at: Date.now() }
		this.observability.logger.error(`start failed: ${failure.message}`, { 'error.type': failure.code })
		return failure
	}

	#localDatabase(): LocalDatabase<this['schema']> {
		this.#database ??= drizzle(
			observedStorage(this.ctx.storage, {
				write: (sql, run) => this.#use(({ shard }) => shard.observe(sql, run)),
				transaction: (run) => this.#use(({ shard }) => shard.transaction(run)),
			}),
			{ schema: this.schema.tables },
		)
		return this.#database as LocalDatabase<this['schema']>
	}
}
