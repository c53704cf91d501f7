import { primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { BundledMigrations } from '../../src/migrator/bundled-migrations.ts'
import { SQLake } from '../../src/schema/database.ts'

export const crashSchema = SQLake({
	notes: sqliteTable('notes', { owner: text('owner').notNull(), id: text('id').notNull(), text: text('text') }, (table) => [
		primaryKey({ columns: [table.owner, table.id] }),
	]),
	shard: { notes: 'owner' },
})

/** Bundled, so that the processes of the test need not load drizzle-kit. */
export const crashMigrations: BundledMigrations = {
	journal: { entries: [{ idx: 0, when: 1_760_000_000_000, tag: '0000_init', breakpoints: true }] },
	migrations: { m0000: 'CREATE TABLE notes (owner text NOT NULL, id text NOT NULL, text text, PRIMARY KEY (owner, id))' },
}
