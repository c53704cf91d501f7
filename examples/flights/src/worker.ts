import { drizzle, sqlake } from 'sqlake'
import { SQLakeCatalog, SQLakeDO } from 'sqlake/do'
import migrations from '../drizzle/migrations.js'
import { handle } from './routes.ts'
import { db } from './schema.ts'

export { SQLakeCatalog }

/** What wrangler.jsonc binds. */
export interface Env {
	AIRPORT_DO: DurableObjectNamespace<AirportDO>
	SQLAKE_CATALOG: DurableObjectNamespace<SQLakeCatalog>
	SQLAKE_BUCKET: R2Bucket
	/** Bearer token that every request must carry. */
	DEMO_TOKEN: string
}

/** One airport: its own row, and the flights that leave it. */
export class AirportDO extends SQLakeDO<Env> {
	override schema = db
	override migrations = migrations
	// A demonstration is impatient: deliver a second after the first change instead of a minute.
	protected override cdcFlushInterval = 1_000
}

export default {
	async fetch(request: Request, env: Env): Promise<Response> {
		if (!(await authorised(request, env))) return Response.json({ error: 'a bearer token is required' }, { status: 401 })
		return handle(request, { env, db: drizzle(sqlake(env, { schema: db })) })
	},
} satisfies ExportedHandler<Env>

async function authorised(request: Request, env: Env): Promise<boolean> {
	const given = request.headers.get('authorization') ?? ''
	const digest = (text: string) => crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
	// Digests have equal lengths, which the constant-time comparison needs.
	return crypto.subtle.timingSafeEqual(await digest(given), await digest(`Bearer ${env.DEMO_TOKEN}`))
}
