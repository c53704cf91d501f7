/**
 * The files that a new project begins with.
 *
 * @module
 */
import { CATALOG, moduleOf, type Names } from './names.ts'

/** `drizzle.config.ts`. */
export const configTemplate = `import type { SQLakeKitConfig } from 'sqlake'

export default {
	dialect: 'sqlite',
	driver: 'durable-sqlite',
	schema: './src/schema.ts',
	out: './drizzle',
} satisfies SQLakeKitConfig
`

/** `src/schema.ts`. */
export function schemaTemplate({ bucketBinding }: Names): string {
	const bucket = bucketBinding === 'SQLAKE_BUCKET' ? '' : `\tr2Bucket: '${bucketBinding}',\n`
	return `import { SQLake } from 'sqlake'
import { integer, real, text } from 'sqlake/columns'

export const db = SQLake({
	users: {
		id: text('id').primaryKey(),
		email: text('email').notNull(),
		plan: text('plan').default('free'),
		createdAt: integer('created_at', { mode: 'timestamp' }),
	},
	orders: {
		id: text('id').primaryKey(),
		userId: text('user_id').notNull(),
		amount: real('amount').notNull(),
	},
	// A user and the user's orders live in one Durable Object.
	shard: { users: 'id', orders: 'userId' },
${bucket}})

// drizzle-kit reads exported tables.
export const { users, orders } = db.tables
`
}

/** What the module of the Durable Object imports, from where it stands. */
export interface ObjectImports {
	/** The schema's module. */
	readonly schema: string
	/** Its export. */
	readonly exportName: string
	readonly manifest: string
}

/** The module of the Durable Object. */
export function objectTemplate(names: Names, { schema, exportName, manifest }: ObjectImports): string {
	const { className, binding, bucketBinding, catalog } = names
	const imported = exportName === 'default' ? 'db' : `{ ${exportName} }`
	return `import { SQLakeDO } from 'sqlake/do'
// Written by \`sqlake generate\`.
import manifest from '${manifest}'
import ${imported} from '${schema}'

export interface Env {
	${binding}: DurableObjectNamespace<${className}>
	${bucketBinding}: R2Bucket${catalog ? `\n\t${CATALOG.binding}: DurableObjectNamespace<import('sqlake/do').${CATALOG.className}>` : ''}
}

/** One shard: a SQLite database whose changes go to the lake. */
export class ${className} extends SQLakeDO<Env> {
	override schema = ${exportName === 'default' ? 'db' : exportName}
	override migrations = manifest
}
`
}

/** `src/worker.ts`. */
export function workerTemplate(names: Names): string {
	const module = `./${moduleOf(names.className)}`
	const catalog = names.catalog ? `\nexport { ${CATALOG.className} } from 'sqlake/do'` : ''
	return `import { count, eq } from 'drizzle-orm'
import { drizzle, sqlake } from 'sqlake'
import { db as schema, orders, users } from './schema'
import type { Env } from '${module}'

export { ${names.className} } from '${module}'${catalog}

export default {
	async fetch(request, env): Promise<Response> {
		const db = drizzle(sqlake(env, { schema, durableObject: '${names.binding}' }))
		const [, area, id = ''] = new URL(request.url).pathname.split('/')

		if (request.method === 'POST' && area === 'users') {
			// Both statements name the same user: one Durable Object, one transaction.
			await db.batch([
				db.insert(users).values({ id, email: \`\${id}@example.com\`, createdAt: new Date() }),
				db.insert(orders).values({ id: crypto.randomUUID(), userId: id, amount: 9.5 }),
			])
			return new Response('created', { status: 201 })
		}
		if (area === 'users') {
			// Strong: the user's own Durable Object answers.
			return Response.json(await db.select().from(orders).where(eq(orders.userId, id)))
		}
		// Eventual: the lake answers, over all users.
		return Response.json(await db.analytics().select({ plan: users.plan, users: count() }).from(users).groupBy(users.plan))
	},
} satisfies ExportedHandler<Env>
`
}

/** `tsconfig.json`. */
export const tsconfigTemplate = `{
	"compilerOptions": {
		"target": "es2024",
		"lib": ["es2024"],
		"module": "esnext",
		"moduleResolution": "bundler",
		"resolveJsonModule": true,
		"strict": true,
		"skipLibCheck": true,
		"noEmit": true,
		"types": ["@cloudflare/workers-types"]
	},
	"include": ["src", "drizzle.config.ts"]
}
`

/** What of `.sqlake` is kept in version control, for `.gitignore`. */
export const gitignoreLines = [
	'# Local data of sqlake. The manifest and what is generated with it belong into version control.',
	'.sqlake/*',
	'!.sqlake/manifest.json',
	'!.sqlake/parquet-schema.json',
	'!.sqlake/types.ts',
]
