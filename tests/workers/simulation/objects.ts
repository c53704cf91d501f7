import { sql } from 'drizzle-orm'
import { integer, real, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { DeliveryLimits } from '../../../src/delivery/limits.ts'
import { SQLakeDO } from '../../../src/do/sqlake-do.ts'
import { R2PointerCatalog } from '../../../src/lake/catalog/r2-pointer-catalog.ts'
import { DEFAULT_LAKE_LOCATION } from '../../../src/lake/lake-path.ts'
import { type Lake, openLake } from '../../../src/lake/open-lake.ts'
import { R2ObjectStore } from '../../../src/lake/storage/r2.ts'
import { SQLake } from '../../../src/schema/database.ts'
import { encodeShardPath } from '../../../src/schema/shard-path.ts'
import { bundle } from '../do/objects.ts'
import { CALL_TIMEOUT, FaultPlan, faulty } from './faults.ts'
import { prefixedStore } from './prefixed-store.ts'

export const simulated = SQLake({
	accounts: sqliteTable('accounts', { id: integer('id').primaryKey(), owner: text('owner'), balance: real('balance') }),
	entries: sqliteTable('entries', { id: text('id').primaryKey(), account: integer('account'), note: text('note') }),
	shard: { accounts: 'owner', entries: 'account' },
})

const audited = (table: string, columns: readonly string[]) => {
	const image = (row: string) => `json_array(${columns.map((column) => `${row}.${column}`).join(', ')})`
	const trigger = (op: string, event: string, after: string, before: string) =>
		`CREATE TRIGGER audit_${table}_${op} AFTER ${event} ON ${table} BEGIN ` +
		`INSERT INTO audit (tbl, op, after, before) VALUES ('${table}', '${op}', ${after}, ${before}); END;`
	return [
		trigger('c', 'INSERT', image('NEW'), 'NULL'),
		// An update that changes nothing is no change.
		trigger('u', 'UPDATE', image('NEW'), image('OLD')).replace(' BEGIN ', ` WHEN ${image('NEW')} IS NOT ${image('OLD')} BEGIN `),
		trigger('d', 'DELETE', 'NULL', image('OLD')),
	]
}

/** A record of every change that knows nothing of capture: the truth that the lake is compared with. */
const migration = [
	'CREATE TABLE accounts (id integer PRIMARY KEY, owner text, balance real);',
	'CREATE TABLE entries (id text PRIMARY KEY, account integer, note text);',
	'CREATE TABLE audit (n integer PRIMARY KEY, tbl text, op text, after text, before text);',
	...audited('accounts', ['id', 'owner', 'balance']),
	...audited('entries', ['id', 'account', 'note']),
].join('\n--> statement-breakpoint\n')

/** The plans of the objects by name; the tests run in the same isolate. */
export const plans = new Map<string, FaultPlan>()
const calm = new FaultPlan()

/** The lake of one simulated shard, without faults. */
export function lakeOf(name: string, { SQLAKE_BUCKET, CATALOG_DO }: Pick<Cloudflare.Env, 'SQLAKE_BUCKET' | 'CATALOG_DO'>): Lake {
	const bucket = SQLAKE_BUCKET
	// A catalog object owns its bucket: all shards of such a test share it.
	if (name.startsWith('durable-')) return openLake({ bucket, bucketBinding: 'SQLAKE_BUCKET', catalogs: CATALOG_DO })
	// The pointer of a whole bucket, which the shards of the isolate write to together.
	if (name.startsWith('shared-')) return openLake({ bucket, bucketBinding: 'SQLAKE_BUCKET', catalogs: undefined })
	const store = prefixedStore(new R2ObjectStore(bucket), `simulation/${encodeShardPath(name)}/`)
	return { store, catalog: new R2PointerCatalog({ store, location: DEFAULT_LAKE_LOCATION }), location: DEFAULT_LAKE_LOCATION }
}

/** A shard whose store and catalog do what a plan says. */
export class SimulatedDO extends SQLakeDO<Cloudflare.Env> {
	override schema = simulated
	override migrations = bundle(migration)
	// Flushes happen when the test says so.
	protected override cdcFlushThreshold = Number.MAX_SAFE_INTEGER
	protected override cdcFlushInterval = 86_400_000
	protected override cdcDeliveryLimits: Partial<DeliveryLimits> = { maxChanges: 12, maxFileRows: 8 }
	protected override openLake = () => {
		const plan = () => plans.get(this.ctx.id.name ?? '') ?? calm
		this.cdcDeliveryLimits = { ...this.cdcDeliveryLimits, callTimeout: plan().hangs ? CALL_TIMEOUT : 20_000 }
		const kill = () => this.ctx.abort('simulated crash')
		const { store, location } = lakeOf(this.ctx.id.name ?? '', this.env)
		const name = this.ctx.id.name ?? ''
		const unreliable = faulty(store, 'store', name, plan, kill)
		const { catalog } = lakeOf(this.ctx.id.name ?? '', this.env)
		const retry = { attempts: 3, baseDelay: 1, maxDelay: 4 }
		const unreliableCatalog =
			catalog instanceof R2PointerCatalog && !name.startsWith('shared-')
				? new R2PointerCatalog({ store: unreliable, location, retry })
				: catalog
		return { store: unreliable, catalog: faulty(unreliableCatalog, 'catalog', name, plan, kill), location }
	}

	/** Runs statements as one transaction. */
	write(...statements: string[]): void {
		this.db.transaction((tx) => {
			for (const statement of statements) tx.run(sql.raw(statement))
		})
	}

	/** The tables as they are now. */
	tables(): Record<string, readonly unknown[][]> {
		const storage = this.ctx.storage
		return Object.fromEntries(
			['accounts', 'entries'].map((table) => [table, Array.from(storage.sql.exec(`SELECT * FROM ${table} ORDER BY id`).raw())]),
		)
	}

	/** Everything that a point-in-time recovery would bring back. */
	dump(): Dump {
		const { sql: database } = this.ctx.storage
		const schema = database.exec<{ type: string; name: string; sql: string }>(
			"SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\' AND name NOT LIKE '\\_\\_miniflare%' ESCAPE '\\' ORDER BY rowid",
		)
		return schema.toArray().map(({ type, name, sql: text }) => ({
			type,
			name,
			sql: text,
			rows: type === 'table' ? Array.from(database.exec(`SELECT * FROM "${name}"`).raw()) : [],
		}))
	}

	/** Brings an earlier state back, byte for byte; local workerd knows no point-in-time recovery. */
	async restore(dump: Dump): Promise<void> {
		const { storage } = this.ctx
		await storage.deleteAll()
		storage.transactionSync(() => {
			for (const { type, name, sql: text, rows } of dump) {
				storage.sql.exec(text)
				if (type !== 'table') continue
				for (const row of rows) {
					storage.sql.exec(`INSERT INTO "${name}" VALUES (${row.map(() => '?').join(', ')})`, ...row)
				}
			}
		})
		await storage.sync()
		this.ctx.abort('restored')
	}

	/** What the application did, in order. */
	audit(): AuditEntry[] {
		return this.ctx.storage.sql
			.exec('SELECT tbl, op, after, before FROM audit ORDER BY n')
			.toArray()
			.map(({ tbl, op, after, before }) => ({
				table: String(tbl),
				op: String(op),
				after: after === null ? null : JSON.parse(String(after)),
				before: before === null ? null : JSON.parse(String(before)),
			}))
	}
}

/** The schema and rows of a database. */
export type Dump = readonly {
	readonly type: string
	readonly name: string
	readonly sql: string
	readonly rows: readonly (readonly SqlStorageValue[])[]
}[]

/** One change as the application's own record has it. */
export interface AuditEntry {
	readonly table: string
	readonly op: string
	readonly after: readonly unknown[] | null
	readonly before: readonly unknown[] | null
}
