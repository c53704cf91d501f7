/**
 * Puts a shard together from what its Durable Object was given.
 *
 * @module
 */
import type { BufferLimits } from '../cdc/buffer-size.ts'
import { Capture } from '../cdc/capture.ts'
import { Delivery } from '../delivery/delivery.ts'
import type { FlushPolicy } from '../delivery/flush-policy.ts'
import type { DeliveryLimits } from '../delivery/limits.ts'
import { SQLakeError } from '../errors.ts'
import type { Lake } from '../lake/open-lake.ts'
import type { BundledMigrations } from '../migrator/bundled-migrations.ts'
import type { ManifestJson } from '../migrator/manifest.ts'
import type { MigrationReport } from '../migrator/migration-status.ts'
import type { Observability } from '../observability/observability.ts'
import type { SQLakeDatabase } from '../schema/database.ts'
import { ObjectMemory } from './object-memory.ts'
import { Shard } from './shard.ts'
import { type MigrationPolicy, ShardMigrations } from './shard-migrations.ts'
import { SharedAlarm } from './shared-alarm.ts'

/** What a shard starts from. */
export interface ShardStart {
	readonly ctx: DurableObjectState
	/** The shard that a caller takes the object for, once it is known to be true. */
	readonly claimed: string | null
	/** Called when the first flush needs it. */
	readonly openLake: () => Lake
	/** Read when a delivery is made, as `openLake` is called. */
	readonly limits: () => Partial<DeliveryLimits>
	/** Read before each write. */
	readonly bufferLimits: () => Partial<BufferLimits>
	readonly schema: SQLakeDatabase
	readonly migrations: BundledMigrations | ManifestJson | null
	/** Why there are none, where there should be. */
	readonly missing: SQLakeError | null
	readonly migrationPolicy: MigrationPolicy
	/** Hears where the shard stands, at each start and after each migration. It must neither throw nor keep anybody waiting. */
	readonly onMigrationState?: (report: MigrationReport) => void
	readonly policy: () => FlushPolicy
	readonly observability: Observability
}

/** A shard, and what its object needs besides. It is not open yet: see {@link ShardMigrations}. */
export interface StartedShard {
	readonly shard: Shard
	readonly alarm: SharedAlarm
	readonly memory: ObjectMemory
	readonly migrations: ShardMigrations
}

/**
 * Builds a shard. Nothing is awaited: it may run in a constructor. Then `migrations.open()` or `openNow()` applies what is pending
 * and installs capture.
 *
 * @param isFirst - whether nothing was written since the object started
 * @throws `SHARD_ID_INVALID` for an object without a name, `SCHEMA_INVALID`
 */
export function startShard(start: ShardStart, isFirst: boolean): StartedShard {
	const { ctx, claimed, openLake, limits, schema, migrationPolicy, onMigrationState, policy, observability } = start
	const { storage } = ctx
	if (schema?.lake === undefined) {
		throw new SQLakeError(
			'SCHEMA_INVALID',
			'field "schema" of the Durable Object: expected what SQLake() returns, found nothing',
			{
				hint: 'class UserDO extends SQLakeDO { override schema = db }',
			},
		)
	}
	const now = () => Date.now()
	const memory = new ObjectMemory(storage.sql)
	const name = shardName(ctx.id, memory, claimed)
	const { bufferLimits } = start
	const capture = schema.cdc ? new Capture(storage, schema.lake, { shard: name, bufferLimits }) : null
	const migrations = new ShardMigrations({
		shard: name,
		storage,
		migrations: start.migrations,
		missing: start.missing,
		policy: migrationPolicy,
		lake: schema.lake,
		capture,
		observability,
		now,
		onState: onMigrationState,
	})
	if (isFirst) migrations.prepareNow()
	memory.set('shard', name)
	const alarm = new SharedAlarm(storage, memory)
	const shard = new Shard({
		name,
		storage,
		capture,
		// Made when the first flush needs it: without its bucket a shard still answers.
		delivery: (capture) =>
			new Delivery({
				...openLake(),
				capture,
				shard: name,
				lake: schema.lake,
				sync: () => storage.sync(),
				now,
				observability,
				limits: limits(),
			}),
		alarm,
		migrations,
		policy,
		observability,
		now,
		background: (work) => ctx.waitUntil(work),
	})
	return { shard, alarm, memory, migrations }
}

/**
 * The name that the object was reached by. It is kept, because the platform does not tell it when the object is reached by id,
 * nor one of more than 1,024 bytes at all.
 */
function shardName(id: DurableObjectId, memory: ObjectMemory, claimed: string | null): string {
	const name = id.name ?? memory.get('shard') ?? claimed
	if (name === null) {
		throw new SQLakeError('SHARD_ID_INVALID', `Durable Object ${id}: expected one that is reached by name, found one without`, {
			hint: 'a shard is named by its shard key: reach it by env.BINDING.getByName(name)',
		})
	}
	return name
}
