/**
 * Opens a shard on Node's SQLite: what a Durable Object does when it starts.
 *
 * @module
 */
import type { BufferLimits } from '../cdc/buffer-size.ts'
import { Capture } from '../cdc/capture.ts'
import type { FlushPolicy } from '../delivery/flush-policy.ts'
import { SQLakeError } from '../errors.ts'
import type { Lake } from '../lake/open-lake.ts'
import type { BundledMigrations } from '../migrator/bundled-migrations.ts'
import type { ManifestJson } from '../migrator/manifest.ts'
import type { Observability } from '../observability/observability.ts'
import type { SQLakeDatabase } from '../schema/database.ts'
import { ObjectMemory } from '../shard/object-memory.ts'
import { Shard } from '../shard/shard.ts'
import { type MigrationPolicy, ShardMigrations } from '../shard/shard-migrations.ts'
import { SharedAlarm } from '../shard/shared-alarm.ts'
import type { DeliveryLock } from './delivery-lock.ts'
import { LockedDelivery } from './locked-delivery.ts'
import { type AlarmClock, NodeStorage } from './node-storage.ts'
import { assertSameSchema } from './schema-migrations.ts'

/** What the shards of a router have in common. */
export interface ShardSettings {
	readonly schema: SQLakeDatabase
	readonly lake: Lake
	readonly policy: FlushPolicy
	readonly observability: Observability
	readonly lock: DeliveryLock
	readonly migrationPolicy: MigrationPolicy
	/** Takes edited migrations as they are now. */
	readonly skipChecksum?: boolean | undefined
	/** What may wait for the lake before writes are refused. */
	readonly bufferLimits?: Partial<BufferLimits> | undefined
	/** Whether SQL is refused that is too large for a Durable Object, and pragmas that it does not have. Default: true. */
	readonly platformLimits?: boolean | undefined
	/** Sees to work that nobody awaits. */
	readonly background: (work: Promise<unknown>) => void
}

/** A shard whose database is open. */
export interface OpenShard {
	readonly shard: Shard
	readonly storage: NodeStorage
	readonly migrations: ShardMigrations
}

/**
 * Opens a shard's database, applies pending migrations and installs capture.
 *
 * @param path - of the database; `':memory:'` for one in memory
 * @throws SQLakeError MIGRATION_FAILED where the tables were made from another schema; CAPTURE_INSTALL; SHARD_ID_INVALID where the
 *   file is another shard's
 */
export function openShard(
	name: string,
	path: string,
	migrations: BundledMigrations | ManifestJson,
	alarmClock: AlarmClock,
	settings: ShardSettings,
): OpenShard {
	const { schema, lake, policy, observability, lock, background, migrationPolicy, skipChecksum, bufferLimits = {} } = settings
	const nodeStorage = new NodeStorage(path, alarmClock, settings.platformLimits)
	try {
		const storage = nodeStorage.durableObjectStorage
		const now = () => Date.now()
		const capture = schema.cdc ? new Capture(storage, schema.lake, { shard: name, bufferLimits: () => bufferLimits }) : null
		const shardMigrations = new ShardMigrations({
			shard: name,
			storage,
			migrations,
			policy: migrationPolicy,
			lake: schema.lake,
			capture,
			observability,
			now,
			skipChecksum,
		})
		// Two processes may start one shard at the same time: the second finds all done.
		nodeStorage.transactionSync(() => {
			claim(new ObjectMemory(storage.sql), name, path)
			shardMigrations.openNow()
		})
		// Foreign keys cannot be switched off within a transaction, and some migrations need that.
		if (shardMigrations.isWanted) shardMigrations.openNow()
		assertSameSchema(shardMigrations.status())
		const shard = new Shard({
			name,
			storage,
			capture,
			delivery: (capture) =>
				new LockedDelivery(lock, {
					...lake,
					capture,
					shard: name,
					lake: schema.lake,
					sync: () => storage.sync(),
					now,
					observability,
					// No platform's alarm ends a flush here: it goes on until the buffer is empty.
					limits: { budget: Number.POSITIVE_INFINITY },
				}),
			alarm: new SharedAlarm(storage, new ObjectMemory(storage.sql)),
			migrations: shardMigrations,
			policy: () => policy,
			observability,
			now,
			background,
		})
		return { shard, storage: nodeStorage, migrations: shardMigrations }
	} catch (error) {
		nodeStorage.close()
		throw error
	}
}

/** The name of the shard that a database file is of; null for a file that has none yet. */
export function shardOfFile(path: string): string | null {
	const storage = new NodeStorage(path, { get: () => null, set: () => {} })
	try {
		return new ObjectMemory(storage.durableObjectStorage.sql).get('shard')
	} finally {
		storage.close()
	}
}

/** Writes the shard's name into its database, or checks the one that is there. */
function claim(memory: ObjectMemory, name: string, path: string): void {
	const owner = memory.get('shard')
	if (owner !== null && owner !== name) {
		throw new SQLakeError(
			'SHARD_ID_INVALID',
			`database ${path}: expected that of shard ${JSON.stringify(name)}, found that of ${JSON.stringify(owner)}`,
			{ hint: 'the file was renamed or copied; put it back under its own name' },
		)
	}
	memory.set('shard', name)
}
