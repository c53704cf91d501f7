import { relative } from 'node:path'
import { defineCommand } from '../command.ts'
import type { CommandContext } from '../command-context.ts'
import type { DevEvent } from '../dev/dev-events.ts'
import { eventJson, eventText } from '../dev/tell-event.ts'

/** `sqlake dev`. */
export const dev = defineCommand({
	builder: (yargs) =>
		yargs
			.options({
				port: { alias: 'p', type: 'number', default: 4983, requiresArg: true, describe: 'Port; 0 takes any that is free' },
				db: { alias: 'd', type: 'string', requiresArg: true, describe: 'Directory of the shards [default: .sqlake/local.db]' },
				lake: { type: 'string', requiresArg: true, describe: 'Directory of the lake [default: .sqlake/data]' },
				host: {
					type: 'string',
					default: '127.0.0.1',
					requiresArg: true,
					describe: 'Address to listen on; one that other machines reach needs --token',
				},
				token: { type: 'string', requiresArg: true, describe: 'What every request must bring: Authorization: Bearer <token>' },
				watch: {
					type: 'boolean',
					default: true,
					describe: 'Follow changes of the schema and of migrations; --no-watch does not',
				},
			})
			.alias('verbose', 'v')
			.check(({ port }) => {
				if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`--port: expected 0 to 65535, found ${port}`)
				return true
			})
			.example('$0 dev', 'serve the project on http://localhost:4983')
			.example('$0 dev -p 8080 -v', 'on another port, telling of every request')
			.example(`curl localhost:4983/query -d '{"sql": "SELECT 1", "mode": "analytics"}'`, 'ask it')
			.epilogue(
				'Ctrl-C delivers what waits in the shards and ends; a second one ends at once, and loses nothing either.\nWith --json every event is a line of JSON on stdout.',
			),
	run: async ({ port, host, token, watch, ...args }, context) => {
		const interrupted = context.interrupted()
		const [config, { startDevServer }, { loadLocalProject }] = await Promise.all([
			context.config(),
			import('../dev/dev-server.ts'),
			import('../dev/local-project.ts'),
		])
		const db = args.db === undefined ? config.db : context.path(args.db)
		const lake = args.lake === undefined ? config.lake : context.path(args.lake)
		const server = await startDevServer({
			load: () => loadLocalProject(context.cwd, context.configFile),
			...{ port, host, token, watch, db, lake },
			onEvent: (event) => tell(event, context),
		})
		const { schema, source } = server.project
		const tables = [...schema.lake.tables.keys()]
		if (context.json) printLine({ event: 'ready', url: server.url, db, lake, tables, source }, context)
		else {
			const { bold, cyan, dim } = context.errorColors
			const short = (path: string) => relative(context.cwd, path) || '.'
			context.log(`${bold('sqlake dev')} serves ${cyan(server.url)}
  ${dim('tables')}  ${tables.join(', ')}
  ${dim('shards')}  ${short(db)}
  ${dim('lake')}    ${short(lake)}
  ${dim('ask')}     curl ${server.url}/query -d '{"sql": "SELECT * FROM ${tables[0]}", "mode": "analytics"}'`)
		}
		await untilAborted(interrupted)
		context.log('delivering what waits; Ctrl-C again ends at once, and what waits is delivered another time')
		const { changes, files } = await server.close()
		if (context.json) printLine({ event: 'closed', changes, files }, context)
		else context.log(changes === 0 ? 'nothing waited' : `delivered ${changes} changes in ${files} files`)
		return undefined
	},
})

function tell(event: DevEvent, context: CommandContext): void {
	if (context.json) printLine(eventJson(event), context)
	const told = context.json ? null : eventText(event, context.verbose)
	if (told === null) return
	const { yellow, dim } = context.errorColors
	const hint = told.hint === undefined ? '' : `\n${dim('hint:')} ${told.hint}`
	context.log(`${told.warning ? `${yellow('warning:')} ` : ''}${told.text}${hint}`)
}

/** Lines are short and few: none waits for the one before. */
function printLine(value: unknown, context: CommandContext): void {
	context.terminal.stdout.write(`${JSON.stringify(value)}\n`)
}

function untilAborted(signal: AbortSignal): Promise<void> {
	return new Promise((resolve) => {
		if (signal.aborted) resolve()
		else signal.addEventListener('abort', () => resolve(), { once: true })
	})
}
