import { DurableObject } from 'cloudflare:workers'
import type { Envelope } from '../../../src/driver/transport.ts'
import type { FleetShardRpc, ShardMigrationAnswer, ShardReport } from '../../../src/fleet/fleet.ts'
import type { MigrateRequest, MigrationStatus } from '../../../src/migrator/migration-status.ts'

/**
 * A shard as the catalog's object sees one, which notes every call in its SQLite and misbehaves as its name says: `hang` never
 * answers the first time, `throw` breaks, `reset` aborts itself during the first call, `slow` takes a moment.
 */
export class TallyDO extends DurableObject implements FleetShardRpc {
	constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
		super(ctx, env)
		ctx.storage.sql.exec('CREATE TABLE IF NOT EXISTS calls (id INTEGER PRIMARY KEY, target TEXT, shard TEXT)')
	}

	async sqlakeFleetMigrate(shard: string, request: MigrateRequest): Promise<Envelope<ShardMigrationAnswer>> {
		const { sql } = this.ctx.storage
		sql.exec('INSERT INTO calls (target, shard) VALUES (?, ?)', request.target ?? null, shard)
		const calls = this.calls().length
		if (shard.startsWith('throw')) throw new Error('broken')
		if (shard.startsWith('hang') && calls === 1) await new Promise((resolve) => setTimeout(resolve, 3_000))
		if (shard.startsWith('slow')) await new Promise((resolve) => setTimeout(resolve, 20))
		if (shard.startsWith('reset') && calls === 1) {
			await this.ctx.storage.sync()
			this.ctx.abort('a deploy')
		}
		const direction = request.direction ?? 'up'
		const version = request.target ?? null
		const report: ShardReport = { shard, binding: 'TALLY_DO', version, state: 'current', lastError: null }
		const result = { direction, migrations: [], version, durationMs: 0 }
		return { ok: true, value: { result: { ok: true, value: result }, report } }
	}

	async sqlakeMigrationStatus(): Promise<Envelope<MigrationStatus>> {
		const status: MigrationStatus = {
			state: 'pending',
			manifestVersion: 1,
			appliedCount: 0,
			pendingCount: 1,
			applied: [],
			pending: ['0001_a'],
			lastError: null,
			attempts: 0,
			retryAt: null,
		}
		return { ok: true, value: status }
	}

	/** The targets of the calls so far. */
	calls(): (string | null)[] {
		return Array.from(this.ctx.storage.sql.exec<{ target: string | null }>('SELECT target FROM calls'), ({ target }) => target)
	}
}
