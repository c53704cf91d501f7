import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { SQLakeDO } from '../../../src/do/sqlake-do.ts'
import type { MigrationManifest } from '../../../src/migrator/manifest.ts'
import { SQLake, type SQLakeDatabase } from '../../../src/schema/database.ts'
import { manifestOfMigrations } from './manifests.ts'

const posts = sqliteTable('posts', { id: text('id').primaryKey(), author: text('author') })

/** The schema before {@link schemaAfter}. */
export const schemaBefore: SQLakeDatabase = SQLake({
	users: sqliteTable('users', { id: text('id').primaryKey(), email: text('email') }),
	posts,
	shard: { users: 'id', posts: 'author' },
})

export const schemaAfter: SQLakeDatabase = SQLake({
	users: sqliteTable('users', { id: text('id').primaryKey(), email: text('email'), age: integer('age').default(18) }),
	posts,
	shard: { users: 'id', posts: 'author' },
})

export const initial = `CREATE TABLE users (id text PRIMARY KEY NOT NULL, email text);
CREATE TABLE posts (id text PRIMARY KEY NOT NULL, author text REFERENCES users(id) ON DELETE CASCADE);`

/** Adds a column by a rebuild, as drizzle-kit does where a constraint changes, and fails while an email is missing. */
export const addAge = `PRAGMA foreign_keys=OFF;--> statement-breakpoint
CREATE TABLE \`__new_users\` (\`id\` text PRIMARY KEY NOT NULL, \`email\` text NOT NULL, \`age\` integer DEFAULT 18);--> statement-breakpoint
INSERT INTO \`__new_users\`("id", "email", "age") SELECT "id", "email", "age" FROM \`users\`;--> statement-breakpoint
DROP TABLE \`users\`;--> statement-breakpoint
ALTER TABLE \`__new_users\` RENAME TO \`users\`;--> statement-breakpoint
PRAGMA foreign_keys=ON;`

/** What is deployed: a test changes it, and restarts the object. */
export const deployed: {
	schema: SQLakeDatabase
	migrations: MigrationManifest
	policy: 'on-start' | 'rollout'
	inConstructor: string | null
} = { schema: schemaBefore, migrations: manifestOfMigrations(initial), policy: 'on-start', inConstructor: null }

/** A shard whose code is what {@link deployed} says. */
export class MigratingDO extends SQLakeDO {
	override schema = deployed.schema
	override migrations = deployed.migrations
	protected override migrationPolicy = deployed.policy
	/** What the constructor's statement answered. */
	readonly seen: unknown

	constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
		super(ctx, env)
		const text = deployed.inConstructor
		this.seen = text === null ? null : this.sql([text] as unknown as TemplateStringsArray).all()
	}
}
