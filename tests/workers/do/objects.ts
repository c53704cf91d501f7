import { integer, real, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { LocalSql } from '../../../src/do/local-sql.ts'
import { type LocalDatabase, SQLakeDO } from '../../../src/do/sqlake-do.ts'
import type { BundledMigrations } from '../../../src/migrator/bundled-migrations.ts'
import { createObservability } from '../../../src/observability/create-observability.ts'
import { InMemoryMetrics } from '../../../src/observability/in-memory-metrics.ts'
import type { Logger } from '../../../src/observability/observability.ts'
import { SQLake } from '../../../src/schema/database.ts'

export const db = SQLake({
	users: sqliteTable('users', {
		id: text('id').primaryKey(),
		plan: text('plan').default('free'),
		createdAt: integer('created_at', { mode: 'timestamp' }),
	}),
	orders: sqliteTable('orders', {
		id: text('id').primaryKey(),
		userId: text('user_id').notNull(),
		amount: real('amount').notNull(),
		quantity: integer('quantity'),
	}),
	shard: { users: 'id', orders: 'userId' },
})

export const { users, orders } = db.tables

export const init = `CREATE TABLE \`users\` (\`id\` text PRIMARY KEY NOT NULL, \`plan\` text DEFAULT 'free', \`created_at\` integer);
--> statement-breakpoint
CREATE TABLE \`orders\` (\`id\` text PRIMARY KEY NOT NULL, \`user_id\` text NOT NULL, \`amount\` real NOT NULL, \`quantity\` integer);`

/** A bundle as drizzle-kit writes it. */
export function bundle(...sql: readonly string[]): BundledMigrations {
	return {
		journal: { entries: sql.map((_, idx) => ({ idx, when: 1_760_000_000_000 + idx, tag: `000${idx}_m`, breakpoints: true })) },
		migrations: Object.fromEntries(sql.map((text, idx) => [`m000${idx}`, text])),
	}
}

/** The smallest shard that an application may have. */
export class ShardDO extends SQLakeDO {
	override schema = db
	override migrations = bundle(init)
}

/** What the objects of these tests logged; the tests run in the same isolate. */
export const logged: string[] = []
const note = (message: string): void => {
	logged.push(message)
}
const logger: Logger = { debug: note, info: note, warn: note, error: note }
export const metrics = new InMemoryMetrics()

/** A shard with a constructor, a fetch, an alarm and methods of its own. */
export class OwnWaysDO extends SQLakeDO {
	override schema = db
	override migrations = bundle(init)
	protected override cdcFlushThreshold = 5
	protected override cdcFlushInterval = 2_000
	protected override observability = createObservability({ logger, metrics })
	readonly greeting: string
	reminders = 0

	constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
		super(ctx, env)
		this.greeting = `hello from ${ctx.id.name}`
		// Before the first request, and before sqlake's own start: the tables are there all the same.
		this.sql`INSERT OR IGNORE INTO users (id, plan) VALUES ('seed', 'pro')`
	}

	override fetch(): Response {
		return new Response(this.greeting)
	}

	override async alarm(info?: AlarmInvocationInfo): Promise<void> {
		await super.alarm(info)
		if (this.takeAlarm()) this.reminders++
	}

	remindAt(at: number | null): Promise<void> {
		return this.scheduleAlarm(at)
	}

	/** Lets a test use what only a subclass sees. */
	locally<T>(run: (sql: LocalSql, local: LocalDatabase<typeof db>) => T): T {
		return run(this.sql, this.db)
	}

	getStatus() {
		return { migrations: this.getMigrationStatus(), cdc: this.getCDCFlushMetrics() }
	}

	upgrade(id: string): string | null {
		this.sql`UPDATE users SET plan = 'pro' WHERE id = ${id}`
		return this.sql<{ plan: string }>`SELECT plan FROM users WHERE id = ${id}`.first()?.plan ?? null
	}
}

/** A shard with a schema and nothing else: its migrations are in the bucket. */
export class PushedDO extends SQLakeDO {
	schema = db

	constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
		super(ctx, env, { cdcFlushThreshold: 2, cdcFlushInterval: 3_600_000 })
	}

	/** What a constructor of a subclass could do. */
	locally<T>(run: (sql: LocalSql) => T): T {
		return run(this.sql)
	}
}

/** A shard whose lake cannot be reached. */
export class UnreachableDO extends SQLakeDO {
	override schema = { ...db, r2Bucket: 'NO_BUCKET' }
	override migrations = bundle(init)
}

/** A shard whose alarm keeps sqlake's work to itself. */
export class ForgetfulDO extends OwnWaysDO {
	override async alarm(): Promise<void> {}
}

/** Whether the constructor of {@link ThrowingDO} throws. */
export const faults = { constructorThrows: false, brokenMigration: false }

/** A shard whose start can be made to fail. */
export class ThrowingDO extends SQLakeDO {
	override schema = db
	override migrations = faults.brokenMigration ? bundle('CREATE TABLE users (id text PRIMARY KEY', 'x') : bundle(init)

	constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
		super(ctx, env)
		if (faults.constructorThrows) throw new Error('the subclass cannot start')
	}

	override fetch(): Response {
		return new Response('alive')
	}
}
