/**
 * Puts a shard together from what its Durable Object was given.
 *
 * @module
 */
import { Capture } from '../cdc/capture.ts'
import { Delivery } from '../delivery/delivery.ts'
import type { FlushPolicy } from '../delivery/flush-policy.ts'
import type { DeliveryLimits } from '../delivery/limits.ts'
import { SQLakeError } from '../errors.ts'
import type { Lake } from '../lake/open-lake.ts'
import { applyBundledMigrations } from '../migrator/apply-bundled-migrations.ts'
import type { BundledMigrations } from '../migrator/bundled-migrations.ts'
import type { Observability } from '../observability/observability.ts'
import type { SQLakeDatabase } from '../schema/database.ts'
import { ObjectMemory } from './object-memory.ts'
import { Shard } from './shard.ts'
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
	readonly schema: SQLakeDatabase
	readonly migrations: BundledMigrations | null
	readonly policy: () => FlushPolicy
	readonly observability: Observability
}

/** A shard, and what its object needs besides. */
export interface StartedShard {
	readonly shard: Shard
	readonly alarm: SharedAlarm
	readonly memory: ObjectMemory
}

/**
 * Applies pending migrations, installs capture and builds the shard. Nothing is awaited: it may run in a constructor.
 *
 * @throws `MIGRATION_FAILED`, `CAPTURE_INSTALL`, `SHARD_ID_INVALID` for an object without a name, `SCHEMA_INVALID`
 */
export function startShard({
	ctx,
	claimed,
	openLake,
	limits,
	schema,
	migrations,
	policy,
	observability,
}: ShardStart): StartedShard {
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
	const memory = new ObjectMemory(storage.sql)
	const name = shardName(ctx.id, memory, claimed)
	if (migrations !== null) applyBundledMigrations(storage, migrations)
	const alarm = new SharedAlarm(storage, memory)
	const capture = schema.cdc ? new Capture(storage, schema.lake, { shard: name }) : null
	capture?.install()
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
				now: () => Date.now(),
				observability,
				limits: limits(),
			}),
		alarm,
		policy,
		observability,
		now: () => Date.now(),
		background: (work) => ctx.waitUntil(work),
	})
	return { shard, alarm, memory }
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
	memory.set('shard', name)
	return name
}
