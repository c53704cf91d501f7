/**
 * Manifests of one small history, as \`sqlake generate\` would write them.
 *
 * @module
 */
import { integer, text } from 'drizzle-orm/sqlite-core'
import { assignAllFieldIds } from '../../src/migrator/assign-field-ids.ts'
import { createMigrationManifest } from '../../src/migrator/create-migration-manifest.ts'
import type { MigrationManifest } from '../../src/migrator/manifest.ts'
import { SQLake } from '../../src/schema/database.ts'

/** One step of a history. */
export interface Step {
	readonly tag: string
	readonly sql: string
	readonly down?: { readonly sql: string; readonly losses: readonly string[] }
	/** The tables after it, as SQLake() takes them. */
	readonly tables: Readonly<Record<string, object>>
	/** New names to old ones, by table. */
	readonly renames?: ReadonlyMap<string, ReadonlyMap<string, string>>
}

/** The manifest after each step. */
export function manifestsOf(steps: readonly Step[]): readonly MigrationManifest[] {
	const entries = steps.map(({ tag }, idx) => ({ idx, tag, when: 1_700_000_000_000 + idx * 1000, breakpoints: true }))
	const files = Object.fromEntries(steps.map(({ tag, sql }) => [tag, sql]))
	const downs = Object.fromEntries(steps.flatMap(({ tag, down }) => (down === undefined ? [] : [[tag, down]])))
	const changes: Record<string, MigrationManifest['tables']> = {}
	let known: Pick<MigrationManifest, 'tables' | 'lastFieldIds'> = { tables: {}, lastFieldIds: {} }
	return steps.map(({ tag, tables, renames = new Map() }, index) => {
		const { lake } = SQLake({ ...tables, shard: Object.fromEntries(Object.keys(tables).map((name) => [name, 'id'])) } as never)
		known = assignAllFieldIds(known, lake.tables, renames, index + 1)
		const version = index + 1
		changes[tag] = Object.fromEntries(Object.entries(known.tables).filter(([, table]) => table.version === version))
		const journal = { entries: entries.slice(0, version) }
		return createMigrationManifest({ journal, files, downs }, { ...known, version, changes: { ...changes } })
	})
}

/** users; then a column that is renamed and one that is added; then a second table. */
export const history: readonly Step[] = [
	{
		tag: '0000_users',
		sql: 'CREATE TABLE `users` (\n\t`id` text PRIMARY KEY NOT NULL,\n\t`mail` text,\n\t`age` integer\n);\n',
		down: { sql: 'DROP TABLE `users`;', losses: ['table "users"'] },
		tables: { users: { id: text('id').primaryKey(), mail: text('mail'), age: integer('age') } },
	},
	{
		tag: '0001_email',
		sql: 'ALTER TABLE `users` RENAME COLUMN "mail" TO "email";--> statement-breakpoint\nALTER TABLE `users` ADD `note` text;',
		down: {
			sql: 'ALTER TABLE `users` DROP COLUMN `note`;--> statement-breakpoint\nALTER TABLE `users` RENAME COLUMN "email" TO "mail";',
			losses: ['column "users"."note"'],
		},
		tables: { users: { id: text('id').primaryKey(), email: text('email'), age: integer('age'), note: text('note') } },
		renames: new Map([['users', new Map([['email', 'mail']])]]),
	},
	{
		tag: '0002_notes',
		sql: 'CREATE TABLE `notes` (\n\t`id` text PRIMARY KEY NOT NULL,\n\t`body` text\n);\n',
		down: { sql: 'DROP TABLE `notes`;', losses: ['table "notes"'] },
		tables: {
			users: { id: text('id').primaryKey(), email: text('email'), age: integer('age'), note: text('note') },
			notes: { id: text('id').primaryKey(), body: text('body') },
		},
	},
]

/** The source of a schema file with the tables of the last step of {@link history}, or of an earlier one. */
export const schemaSources: readonly string[] = [
	"users: { id: text('id').primaryKey(), mail: text('mail'), age: integer('age') }, shard: { users: 'id' }",
	"users: { id: text('id').primaryKey(), email: text('email'), age: integer('age'), note: text('note') }, shard: { users: 'id' }",
	"users: { id: text('id').primaryKey(), email: text('email'), age: integer('age'), note: text('note') },\n\tnotes: { id: text('id').primaryKey(), body: text('body') }, shard: { users: 'id', notes: 'id' }",
].map(
	(tables) =>
		`import { SQLake } from 'sqlake'\nimport { integer, text } from 'sqlake/columns'\n\nexport const db = SQLake({\n\t${tables},\n})\n`,
)
