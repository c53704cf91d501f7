import { createAdminHandler, drizzle, sqlake } from 'sqlake'
import { SQLakeCatalog, SQLakeDO, type SQLakeWorkerEnv } from 'sqlake/do'
import manifest from './manifest.json' with { type: 'json' }
import { schema, users } from './schema.ts'

export { SQLakeCatalog }

interface Env extends SQLakeWorkerEnv {
	USER_DO: DurableObjectNamespace<UserDO>
	SQLAKE_ADMIN_TOKEN: string
}

export class UserDO extends SQLakeDO<Env> {
	override schema = schema
	override migrations = manifest
	protected override migrationPolicy = 'rollout' as const
}

const admin = createAdminHandler({ token: (env: Env) => env.SQLAKE_ADMIN_TOKEN, schema })

export default {
	async fetch(request, env, ctx) {
		const answer = await admin(request, env, ctx)
		if (answer !== null) return answer
		const db = drizzle(sqlake(env, { schema }))
		const id = new URL(request.url).pathname.slice(1)
		await db
			.insert(users)
			.values({ id, email: `${id}@example.com` })
			.onConflictDoNothing()
		return Response.json(await db.shard(id).select({ id: users.id, email: users.email }).from(users))
	},
} satisfies ExportedHandler<Env>
