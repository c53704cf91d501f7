/**
 * A roll-out over many Durable Objects, beside calling as many bare ones that run the same SQL.
 *
 * @module
 */
import { DurableObject } from 'cloudflare:workers'
import { sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { SQLakeCatalog } from '../../src/do/sqlake-catalog.ts'
import { SQLakeDO } from '../../src/do/sqlake-do.ts'
import type { Envelope } from '../../src/errors.ts'
import type { Fleet, ShardMigrationAnswer, ShardReport } from '../../src/fleet/fleet.ts'
import { createMigrationManifest } from '../../src/migrator/create-migration-manifest.ts'
import type { MigrateRequest } from '../../src/migrator/migration-status.ts'
import { SQLake } from '../../src/schema/database.ts'
import { createFleetClient } from '../../src/worker/create-fleet-client.ts'
import type { BenchRuns } from '../result.ts'

const INIT = '0000_init'
const ADD_COLUMN = '0001_plan'

const CREATE = 'CREATE TABLE `users` (`id` text PRIMARY KEY NOT NULL, `email` text)'
const ADD = "ALTER TABLE `users` ADD `plan` text DEFAULT 'free'"
const DROP = 'ALTER TABLE `users` DROP COLUMN `plan`'

const fleetDatabase = SQLake({
	users: sqliteTable('users', { id: text('id').primaryKey(), email: text('email'), plan: text('plan').default('free') }),
	shard: { users: 'id' },
})

/** A shard of the fleet. */
export class FleetShardDO extends SQLakeDO {
	override schema = fleetDatabase
	protected override migrations = createMigrationManifest({
		journal: { entries: [INIT, ADD_COLUMN].map((tag, idx) => ({ idx, tag, when: idx + 1, breakpoints: true })) },
		files: { [INIT]: CREATE, [ADD_COLUMN]: ADD },
		downs: { [ADD_COLUMN]: { sql: DROP, losses: [] } },
	})
	protected override migrationPolicy = 'rollout' as const
}

/** The same table without sqlake. */
export class BareShardDO extends DurableObject<FleetEnv> {
	constructor(ctx: DurableObjectState, env: FleetEnv) {
		super(ctx, env)
		ctx.storage.sql.exec(CREATE.replace('TABLE', 'TABLE IF NOT EXISTS'))
	}

	insert(): void {
		this.ctx.storage.sql.exec("INSERT OR IGNORE INTO users (id, email) VALUES ('1', 'a@example.com')")
	}

	migrate(direction: 'up' | 'down'): void {
		this.ctx.storage.transactionSync(() => this.ctx.storage.sql.exec(direction === 'up' ? ADD : DROP))
	}

	/** Answers a roll-out, so that it can be measured without what a shard does. */
	sqlakeFleetMigrate(shard: string, { direction = 'up', target = null }: MigrateRequest): Envelope<ShardMigrationAnswer> {
		this.migrate(direction)
		const result = { success: true, direction, applied: 0, migrations: [], version: target, durationMs: 0 }
		return { ok: true, value: { result: { ok: true, value: result }, report: { ...bareReport(shard), version: target } } }
	}
}

function bareReport(shard: string): ShardReport {
	return { shard, binding: 'BARE_SHARD_DO', version: ADD_COLUMN, state: 'current', lastError: null }
}

/** The bindings that the benchmark needs. */
export interface FleetEnv {
	readonly FLEET_SHARD_DO: DurableObjectNamespace<FleetShardDO>
	readonly BARE_SHARD_DO: DurableObjectNamespace<BareShardDO>
	readonly SQLAKE_CATALOG: DurableObjectNamespace<SQLakeCatalog>
}

/** Objects that migrate at the same time, with and without sqlake. */
const CONCURRENCY = 10

/** A whole roll-out, forward, over `count` objects that are awake: shards a second. */
export async function rolloutRuns(env: FleetEnv, count: number, rounds: number): Promise<BenchRuns> {
	const names = Array.from({ length: count }, (_, index) => `tenant-${index}`)
	const fleet = createFleetClient(env)
	const sql = "INSERT INTO users (id, email) VALUES ('1', 'a@example.com')"
	await inParallel(names, async (shard) => {
		await env.FLEET_SHARD_DO.getByName(shard).sqlakeExecute({ shard, statements: [{ sql, params: [] }], readOnly: false })
		await env.BARE_SHARD_DO.getByName(shard).insert()
	})
	while ((await fleet.summary()).shards < count) await new Promise((resolve) => setTimeout(resolve, 20))
	const runs = { ours: [] as number[], baseline: [] as number[], unit: 'shards/s' }
	for (let round = 0; round < rounds; round++) {
		// A new object begins with the newest migration.
		await rollOut(fleet, { direction: 'down', target: INIT })
		runs.ours.push(count / (await rollOut(fleet, { target: ADD_COLUMN })))
		const start = performance.now()
		await inParallel(names, (shard) => env.BARE_SHARD_DO.getByName(shard).migrate('up'))
		runs.baseline.push(count / ((performance.now() - start) / 1_000))
		await inParallel(names, (shard) => env.BARE_SHARD_DO.getByName(shard).migrate('down'))
	}
	return { ...runs, details: { 'over bare objects': await overBareObjects(env, names) } }
}

/** The roll-out alone: the shards do what the baseline does. @returns shards a second */
async function overBareObjects(env: FleetEnv, names: readonly string[]): Promise<number> {
	const r2Bucket = 'bare'
	await inParallel(names, async (shard) => {
		await env.SQLAKE_CATALOG.getByName(r2Bucket).sqlakeFleetReport({ ...bareReport(shard), version: INIT })
	})
	const fleet = createFleetClient(env, { schema: { r2Bucket } })
	return names.length / (await rollOut(fleet, { target: ADD_COLUMN }))
}

/** @returns seconds */
async function rollOut(
	fleet: Fleet,
	{ direction = 'up', target }: { direction?: 'up' | 'down'; target: string },
): Promise<number> {
	const start = performance.now()
	const { id } = await fleet.startRollout({ direction, target, canary: 0.05, waveSize: 500, concurrency: CONCURRENCY })
	for (;;) {
		const { state, reason } = await fleet.rollout(id)
		if (state === 'done') return (performance.now() - start) / 1_000
		if (state !== 'running') throw new Error(`the roll-out is ${state}: ${reason}`)
		await new Promise((resolve) => setTimeout(resolve, 5))
	}
}

async function inParallel(names: readonly string[], call: (name: string) => Promise<unknown>): Promise<void> {
	const queue = [...names]
	const worker = async () => {
		for (let name = queue.shift(); name !== undefined; name = queue.shift()) await call(name)
	}
	await Promise.all(Array.from({ length: CONCURRENCY }, worker))
}
