/**
 * Projects in temporary directories, with the packages that a project has.
 *
 * @module
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')

/** A project on disk; it goes when it is disposed of. */
export interface TestProject extends Disposable {
	readonly directory: string
	/** Writes a file, and the directories that it needs. */
	write(file: string, text: string): void
}

/** The configuration of {@link createProject}'s projects. */
export const CONFIG = `import type { SQLakeKitConfig } from 'sqlake'

export default {
	dialect: 'sqlite',
	driver: 'durable-sqlite',
	schema: './src/schema.ts',
	out: './drizzle',
} satisfies SQLakeKitConfig
`

/** The schema of {@link createProject}'s projects. */
export const SCHEMA = `import { SQLake } from 'sqlake'
import { integer, real, text } from 'sqlake/columns'

export const db = SQLake({
	users: { id: text('id').primaryKey(), plan: text('plan').default('free'), createdAt: integer('created_at', { mode: 'timestamp' }) },
	orders: { id: text('id').primaryKey(), userId: text('user_id').notNull(), amount: real('amount').notNull() },
	shard: { users: 'id', orders: 'userId' },
})
export const { users, orders } = db.tables
`

/**
 * Makes a project with the packages linked, so that its files import \`sqlake\` as it was built.
 *
 * @param files - by path; a configuration and a schema unless given
 */
export function createProject(
	files: Readonly<Record<string, string>> = { 'drizzle.config.ts': CONFIG, 'src/schema.ts': SCHEMA },
): TestProject {
	const directory = realpathSync(mkdtempSync(join(tmpdir(), 'sqlake-cli-')))
	const write = (file: string, text: string) => {
		mkdirSync(dirname(join(directory, file)), { recursive: true })
		writeFileSync(join(directory, file), text)
	}
	write('package.json', JSON.stringify({ name: 'project', private: true, type: 'module' }))
	mkdirSync(join(directory, 'node_modules'))
	symlinkSync(root, join(directory, 'node_modules/sqlake'), 'junction')
	for (const name of ['drizzle-orm', 'drizzle-kit', 'typescript', 'wrangler', '@cloudflare', '@types'])
		symlinkSync(join(root, 'node_modules', name), join(directory, 'node_modules', name), 'junction')
	for (const [file, text] of Object.entries(files)) write(file, text)
	return { directory, write, [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }) }
}
