/**
 * Projects on disk, for the commands that serve one.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { temporaryDirectory } from '../local/fixture.ts'

const repository = join(import.meta.dirname, '../..')

const MIGRATIONS = [
	['0000_init', 'CREATE TABLE notes (owner text NOT NULL, id text NOT NULL, text text, PRIMARY KEY (owner, id))'],
	['0001_stars', 'ALTER TABLE notes ADD stars integer DEFAULT 3'],
] as const

/** A project whose tables are in a file of their own beside the schema. */
export async function makeProject(): Promise<string> {
	const directory = await temporaryDirectory()
	// The project's own sqlake and drizzle-orm are those under test.
	await mkdir(join(directory, 'node_modules'))
	await symlink(join(repository, 'node_modules/drizzle-orm'), join(directory, 'node_modules/drizzle-orm'))
	await mkdir(join(directory, 'src/tables'), { recursive: true })
	const config = { dialect: 'sqlite', schema: './src/schema.ts', out: './drizzle' }
	await writeFile(join(directory, 'drizzle.config.ts'), `export default ${JSON.stringify(config)}\n`)
	await writeFile(
		join(directory, 'src/schema.ts'),
		`import { SQLake } from ${JSON.stringify(join(repository, 'src/schema/database.ts'))}
import { notes } from './tables/notes.ts'
export const db = SQLake({ notes, shard: { notes: 'owner' } })
`,
	)
	await writeTables(directory)
	await writeMigrations(directory, 1)
	return directory
}

/** Writes the table, with further columns. */
export async function writeTables(directory: string, more = ''): Promise<void> {
	await writeFile(
		join(directory, 'src/tables/notes.ts'),
		`import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
export const notes = sqliteTable(
	'notes',
	{ owner: text('owner').notNull(), id: text('id').notNull(), text: text('text')${more} },
	(table) => [primaryKey({ columns: [table.owner, table.id] })],
)
export const unused = integer
`,
	)
}

/** Writes the first migrations, as drizzle-kit does. */
export async function writeMigrations(directory: string, count: number, last?: string): Promise<void> {
	const meta = join(directory, 'drizzle/meta')
	await mkdir(meta, { recursive: true })
	const written = MIGRATIONS.slice(0, count)
	for (const [index, [tag, sql]] of written.entries()) {
		await writeFile(join(directory, 'drizzle', `${tag}.sql`), index === count - 1 ? (last ?? sql) : sql)
	}
	const entries = written.map(([tag], idx) => ({ idx, version: '6', when: 1_760_000_000_000 + idx, tag, breakpoints: true }))
	await writeFile(join(meta, '_journal.json'), JSON.stringify({ version: '7', dialect: 'sqlite', entries }))
}

/** Milliseconds that a process may take to write something. */
const PATIENCE = 15_000

/** A command that runs in a process of its own. */
export interface Running {
	readonly child: ChildProcess
	/** What it wrote, both streams together. */
	readonly output: () => string
	/** Resolves once it wrote something that matches. */
	readonly wrote: (pattern: RegExp) => Promise<RegExpExecArray>
	readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
}

/** Runs `sqlake <args>` in a directory. The process is gone when the test ends. */
export function start(directory: string, ...args: string[]): Running {
	const child = spawn(process.execPath, [join(import.meta.dirname, 'run-main.ts'), ...args], {
		cwd: directory,
		stdio: ['ignore', 'pipe', 'pipe'],
		env: { ...process.env, NO_COLOR: '1', NODE_NO_WARNINGS: '1' },
	})
	let output = ''
	const waiting = new Set<() => void>()
	for (const stream of [child.stdout, child.stderr]) {
		stream.setEncoding('utf8').on('data', (text: string) => {
			output += text
			for (const look of waiting) look()
		})
	}
	const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }))
	onTestFinished(async () => {
		child.kill('SIGKILL')
		await ended
	})
	const wrote = (pattern: RegExp) =>
		new Promise<RegExpExecArray>((resolve, reject) => {
			const timer = setTimeout(() => reject(new Error(`waited for ${pattern}:\n${output}`)), PATIENCE)
			const look = () => {
				const found = pattern.exec(output)
				if (found === null) return
				waiting.delete(look)
				clearTimeout(timer)
				resolve(found)
			}
			waiting.add(look)
			look()
			void ended.then(() => {
				clearTimeout(timer)
				reject(new Error(`ended without ${pattern}:\n${output}`))
			})
		})
	return { child, output: () => output, wrote, ended }
}

/** Runs `sqlake dev` on any free port until it listens. */
export async function startDev(directory: string, ...args: string[]): Promise<Running & { readonly url: string }> {
	const running = start(directory, 'dev', '--port', '0', ...args)
	const [url] = await running.wrote(/http:\/\/localhost:\d+/)
	return { ...running, url }
}
