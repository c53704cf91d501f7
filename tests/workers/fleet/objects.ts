import { DurableObject } from 'cloudflare:workers'
import { sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { SQLakeDO } from '../../../src/do/sqlake-do.ts'
import type { Envelope } from '../../../src/errors.ts'
import type { FleetShardRpc, ShardMigrationAnswer, ShardReport } from '../../../src/fleet/fleet.ts'
import { createMigrationManifest } from '../../../src/migrator/create-migration-manifest.ts'
import type { MigrateRequest, MigrationStatus } from '../../../src/migrator/migration-status.ts'
import { SQLake } from '../../../src/schema/database.ts'

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
		const result = { success: true, direction, applied: 0, migrations: [], version, durationMs: 0 }
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

const before = SQLake({
	users: sqliteTable('users', { id: text('id').primaryKey(), email: text('email').notNull() }),
	shard: { users: 'id' },
})

const after = SQLake({
	users: sqliteTable('users', {
		id: text('id').primaryKey(),
		email: text('email').notNull().unique(),
		plan: text('plan').default('free'),
	}),
	shard: { users: 'id' },
})

/** The migrations of the application, in order. */
export const TAGS = ['0000_init', '0001_unique_email', '0002_index'] as const
const [INIT, UNIQUE, INDEX] = TAGS

const files = {
	[INIT]: 'CREATE TABLE `users` (`id` text PRIMARY KEY NOT NULL, `email` text NOT NULL);',
	[UNIQUE]: `ALTER TABLE \`users\` ADD \`plan\` text DEFAULT 'free';
--> statement-breakpoint
CREATE UNIQUE INDEX \`users_email_unique\` ON \`users\` (\`email\`);`,
	[INDEX]: 'CREATE INDEX `users_plan` ON `users` (`plan`);',
}

const downs = {
	[INIT]: { sql: 'DROP TABLE `users`;', losses: ['table "users"'] },
	[UNIQUE]: {
		sql: 'DROP INDEX `users_email_unique`;\n--> statement-breakpoint\nALTER TABLE `users` DROP COLUMN `plan`;',
		losses: ['column "users"."plan"'],
	},
	[INDEX]: { sql: 'DROP INDEX `users_plan`;', losses: [] },
}

function release(count: number, schema: typeof before | typeof after) {
	const entries = TAGS.slice(0, count).map((tag, idx) => ({ idx, tag, when: 1_760_000_000_000 + idx, breakpoints: true }))
	const changes = { [INIT]: Object.fromEntries(before.lake.tables), [UNIQUE]: Object.fromEntries(after.lake.tables) }
	const manifest = createMigrationManifest(
		{ journal: { entries }, files, downs },
		{ version: count, tables: Object.fromEntries(schema.lake.tables), lastFieldIds: { users: 103 }, changes },
	)
	return { schema, manifest }
}

/** What a deploy brings. */
export const releases = { first: release(1, before), second: release(2, after), third: release(3, after) }

/** The release that objects start with. */
export const deployed: { release: (typeof releases)[keyof typeof releases] } = { release: releases.first }

/** Shards named `a:1` and `a:2` are of one fleet. */
export function fleetOf(shard = ''): { readonly r2Bucket: string } {
	return { r2Bucket: `fleet of ${shard.split(':')[0]}` }
}

/** A shard of an application that rolls its migrations out. The catalog of those named `deaf` does not listen. */
export class FleetDO extends SQLakeDO {
	override schema = { ...deployed.release.schema, ...fleetOf(this.ctx.id.name) }
	protected override migrations = deployed.release.manifest
	protected override migrationPolicy = 'rollout' as const
	protected override cdcFlushThreshold = Number.MAX_SAFE_INTEGER
	protected override cdcFlushInterval = 86_400_000

	constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
		// Only here under the name that shards look for: every lake of the other tests would go through it.
		const SQLAKE_CATALOG = ctx.id.name?.startsWith('deaf') ? env.PLAIN_DO : env.CATALOG_DO
		super(ctx, { ...env, SQLAKE_CATALOG } as never)
	}
}
