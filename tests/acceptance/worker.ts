import { SQLakeError } from 'sqlake'
import { openLake, SQLakeCatalog, SQLakeDO } from 'sqlake/do'
import migrations from './drizzle/migrations.js'
import { type Fault, faultyBucket } from './faults.ts'
import { deployed, releases } from './releases.ts'
import { scenarios } from './scenarios/index.ts'
import { accounts, lakes, posts } from './schema.ts'

export { SQLakeCatalog }

/** What the two configurations bind; one of them has no catalog object. */
export interface Env {
	MAIN_DO: DurableObjectNamespace<MainDO>
	EMPTY_DO: DurableObjectNamespace<EmptyDO>
	FAULTY_DO: DurableObjectNamespace<FaultyDO>
	DAMAGED_DO: DurableObjectNamespace<DamagedDO>
	LIVE_DO: DurableObjectNamespace<LiveDO>
	BROKEN_DO: DurableObjectNamespace<BrokenDO>
	EVOLVING_DO: DurableObjectNamespace<EvolvingDO>
	SQLAKE_CATALOG: DurableObjectNamespace<SQLakeCatalog>
	MAIN_BUCKET: R2Bucket
	EMPTY_BUCKET: R2Bucket
	FAULTY_BUCKET: R2Bucket
	DAMAGED_BUCKET: R2Bucket
	LIVE_BUCKET: R2Bucket
	EVOLVING_BUCKET: R2Bucket
}

/** Has methods of its own beside what the driver calls. */
export class MainDO extends SQLakeDO<Env> {
	override schema = lakes.main
	override migrations = migrations
	protected override cdcFlushInterval = 3_600_000

	/** Writes through the local template and the local Drizzle database. */
	async publish(account: string, titles: readonly string[]): Promise<number> {
		this.sql`INSERT INTO accounts (id, email) VALUES (${account}, ${`${account}@example.com`}) ON CONFLICT DO NOTHING`
		this.db.transaction((tx) => {
			for (const title of titles)
				tx.insert(posts)
					.values({ id: `${account}/${title}`, accountId: account, title })
					.run()
		})
		return this.db.select().from(posts).all().length
	}

	/** A transaction that fails half way. */
	async failing(account: string): Promise<string> {
		try {
			this.db.transaction((tx) => {
				tx.insert(accounts).values({ id: account, email: 'rolled back' }).run()
				throw new Error('no')
			})
		} catch (error) {
			return String(error)
		}
		return 'committed'
	}
}

export class EmptyDO extends SQLakeDO<Env> {
	override schema = lakes.empty
	override migrations = migrations
}

/** Its bucket goes wrong on demand. */
export class FaultyDO extends SQLakeDO<Env> {
	override schema = lakes.faulty
	override migrations = migrations
	protected override cdcFlushInterval = 3_600_000
	#fault: Fault = 'none'
	protected override openLake = () =>
		openLake({
			bucket: faultyBucket(this.env.FAULTY_BUCKET, () => this.#fault),
			bucketBinding: 'FAULTY_BUCKET',
			catalogs: this.env.SQLAKE_CATALOG,
		})

	async setFault(fault: Fault): Promise<void> {
		this.#fault = fault
	}
}

export class DamagedDO extends SQLakeDO<Env> {
	override schema = lakes.damaged
	override migrations = migrations
	protected override cdcFlushInterval = 3_600_000
}

/** Delivers by its alarm, has a constructor, an alarm and a fetch of its own, and dies on demand. */
export class LiveDO extends SQLakeDO<Env> {
	override schema = lakes.live
	override migrations = migrations
	protected override cdcFlushThreshold = 5
	protected override cdcFlushInterval = 150
	readonly #started: number

	constructor(ctx: DurableObjectState, env: Env) {
		super(ctx, env)
		this.#started = this.sql`SELECT count(*) AS n FROM accounts`.first()?.n === 0 ? 0 : 1
	}

	override async alarm(info?: AlarmInvocationInfo): Promise<void> {
		await super.alarm(info)
		if (this.takeAlarm()) this.sql`INSERT INTO settings (key, value) VALUES ('alarm', '"rang"') ON CONFLICT DO NOTHING`
	}

	override fetch(): Response {
		return new Response(`started with ${this.#started}`)
	}

	async ringAt(at: number): Promise<void> {
		await this.scheduleAlarm(at)
	}

	/** Dies at once; what was written before is safe. */
	async die(): Promise<void> {
		await this.ctx.storage.sync()
		this.ctx.abort('the object was told to die')
	}

	/** Forgets everything, as an application may. */
	async forget(): Promise<void> {
		await this.ctx.storage.deleteAll()
	}
}

/** Its tables were never made: the migrations are missing. */
export class BrokenDO extends SQLakeDO<Env> {
	override schema = lakes.live
}

/** Starts with the release that is deployed, and keeps it until it dies. */
export class EvolvingDO extends SQLakeDO<Env> {
	override schema = releases[deployed.release].schema
	override migrations = releases[deployed.release].migrations
	protected override cdcFlushInterval = 3_600_000

	async die(): Promise<void> {
		await this.ctx.storage.sync()
		this.ctx.abort('the object was told to die')
	}
}

export default {
	async fetch(request: Request, env: Env): Promise<Response> {
		const name = decodeURIComponent(new URL(request.url).pathname.slice(1))
		if (name === '') return Response.json(Object.keys(scenarios))
		try {
			await scenarios[name]?.(env)
			return Response.json({ ok: true })
		} catch (error) {
			const described = SQLakeError.is(error) ? JSON.stringify(error, null, 2) : ''
			return Response.json({ ok: false, failure: `${error instanceof Error ? error.stack : String(error)}\n${described}` })
		}
	},
} satisfies ExportedHandler<Env>
