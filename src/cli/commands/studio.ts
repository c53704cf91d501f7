import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf, SQLakeError } from '../../errors.ts'
import { defineCommand } from '../command.ts'
import type { CommandContext } from '../command-context.ts'
import type { StudioSource } from '../studio/studio-source.ts'

/** The port of Drizzle Studio's front end unless its address names another. */
const DRIZZLE_PORT = 4983

/** `sqlake studio`. */
export const studio = defineCommand({
	builder: (yargs) =>
		yargs
			.options({
				port: { alias: 'p', type: 'number', default: 4984, requiresArg: true, describe: 'Port; 0 takes any that is free' },
				db: {
					alias: 'd',
					type: 'string',
					requiresArg: true,
					describe: 'Directory of the shards, or one SQLite file [default: .sqlake/local.db]',
				},
				lake: { type: 'string', requiresArg: true, describe: 'Directory of the lake [default: .sqlake/data]' },
				shard: {
					alias: 's',
					type: 'string',
					requiresArg: true,
					describe: 'What Drizzle Studio sees: this shard [default: the only one, or the lake]',
				},
				analytics: { alias: 'a', type: 'boolean', default: false, describe: 'What Drizzle Studio sees: the lake, read-only' },
			})
			.alias('verbose', 'v')
			.check(({ port, shard, analytics }) => {
				if (analytics && shard !== undefined) throw new Error('--analytics and --shard exclude each other')
				if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`--port: expected 0 to 65535, found ${port}`)
				return true
			})
			.example('$0 studio', 'look into the shards and the lake of the project')
			.example('$0 studio --shard ada', 'and show that shard in Drizzle Studio')
			.example('$0 studio -d app.sqlite', 'look into any SQLite file')
			.epilogue(
				"The page at the address that is printed works offline and shows all shards and the lake. Drizzle Studio's own page comes from the internet; what it shows does not leave this machine.",
			),
	run: async (args, context) => {
		const interrupted = context.interrupted()
		const source = await openSource(args, context)
		const { startStudioServer } = await import('../studio/studio-server.ts')
		const server = await startStudioServer({
			source,
			port: args.port,
			onRequest: ({ method, path, status, durationMs }) => {
				if (context.verbose) context.log(`${method} ${path} ${status} ${durationMs} ms`)
			},
		}).catch(async (error) => {
			await source.close()
			throw error
		})
		const drizzle = `https://local.drizzle.studio${server.port === DRIZZLE_PORT ? '' : `?port=${server.port}`}`
		const { title, database } = source
		if (context.json) {
			await context.write(
				`${JSON.stringify({ event: 'ready', url: server.url, title, drizzle: { url: drizzle, database: database.title } })}\n`,
			)
		}
		const { bold, cyan, dim } = context.errorColors
		context.log(`${bold('sqlake studio')} shows ${title} at ${cyan(server.url)}
  ${dim('Drizzle Studio')} shows ${database.title} at ${cyan(drizzle)}`)
		await untilAborted(interrupted)
		await server.close()
		return undefined
	},
})

interface SourceOptions {
	readonly db: string | undefined
	readonly lake: string | undefined
	readonly shard: string | undefined
	readonly analytics: boolean
}

async function openSource({ db, lake, shard, analytics }: SourceOptions, context: CommandContext): Promise<StudioSource> {
	if (db !== undefined && isFile(context.path(db))) {
		if (shard !== undefined || analytics || lake !== undefined) {
			throw new SQLakeError('USAGE_INVALID', `--db ${db} is one SQLite file, which has neither shards nor a lake`, {
				hint: 'name the directory of the shards, or leave --db out',
			})
		}
		return openFile(db, context)
	}
	const [config, { loadLocalProject }, { openProjectSource }] = await Promise.all([
		context.config(),
		import('../dev/local-project.ts'),
		import('../studio/project-source.ts'),
	])
	return openProjectSource({
		load: () => loadLocalProject(context.cwd, context.configFile),
		db: db === undefined ? config.db : context.path(db),
		lake: lake === undefined ? config.lake : context.path(lake),
		database: analytics ? 'lake' : shard === undefined ? undefined : { shard },
		onProblem: (error) => context.warn(messageOf(error)),
	})
}

/** A file that is a shard is opened as one, so that what is written to it is captured. */
async function openFile(db: string, context: CommandContext): Promise<StudioSource> {
	const path = context.path(db)
	const { openFileSource } = await import('../studio/file-source.ts')
	const source = openFileSource(path)
	const [found] = await source.database.execute([
		{ sql: "SELECT count(*) FROM sqlite_master WHERE name = '_cdc_buffer'", params: [] },
	])
	if (found?.rows[0]?.[0] === 0) return source
	await source.close()
	throw new SQLakeError('USAGE_INVALID', `--db ${db} is the file of a shard, whose changes would go uncaptured`, {
		hint: `name its directory and the shard: --db ${join(db, '..')} --shard <name>`,
	})
}

function isFile(path: string): boolean {
	return existsSync(path) && !statSync(path).isDirectory()
}

function untilAborted(signal: AbortSignal): Promise<void> {
	return new Promise((resolve) => {
		if (signal.aborted) resolve()
		else signal.addEventListener('abort', () => resolve(), { once: true })
	})
}
