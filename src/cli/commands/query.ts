import { existsSync, statSync } from 'node:fs'
import type { LakeMoment } from '../../driver/transport.ts'
import { SQLakeError } from '../../errors.ts'
import { defineCommand } from '../command.ts'
import type { CommandContext } from '../command-context.ts'
import { openLakePlace, withLakePlace } from '../lake/open-lake-place.ts'
import { parseMoment } from '../query/parse-moment.ts'
import { parseParams } from '../query/parse-params.ts'
import { readStatement } from '../query/read-statement.ts'
import { type RowFormat, rowFormats } from '../rows/row-formatter.ts'

/** `sqlake query`. */
export const query = defineCommand({
	builder: (yargs) =>
		withLakePlace(
			yargs.positional('sql', { type: 'string', describe: "One statement in SQLite's dialect; - reads it from stdin" }).options({
				analytics: { alias: 'a', type: 'boolean', default: false, describe: 'Ask the lake: all shards' },
				'as-of': {
					type: 'string',
					requiresArg: true,
					describe: 'Ask the lake as it was: ISO 8601, milliseconds, or 10m, 2h, 3d ago',
				},
				between: { type: 'string', requiresArg: true, describe: 'Ask for the changes of a time, <from>..<to>' },
				snapshot: { type: 'string', requiresArg: true, describe: 'Ask one snapshot of the lake, by its id' },
				shard: { alias: 's', type: 'string', requiresArg: true, describe: 'Run in this shard, whatever the statement pins' },
				split: { type: 'boolean', default: false, describe: 'Send the rows of an INSERT to the shards that they belong to' },
				params: {
					alias: 'p',
					type: 'string',
					requiresArg: true,
					describe: 'Values for ?, a JSON array, or for :name, a JSON object',
				},
				file: { type: 'string', requiresArg: true, describe: 'Read the SQL from a file; - for stdin' },
				format: {
					alias: 'f',
					choices: rowFormats,
					requiresArg: true,
					describe: 'How rows are written [default: table in a terminal, otherwise json]',
				},
				explain: { type: 'boolean', default: false, describe: 'Tell where the statement would run, and what it would read' },
				db: {
					alias: 'd',
					type: 'string',
					requiresArg: true,
					describe: 'Directory of the shards, or one SQLite file [default: .sqlake/local.db]',
				},
				flush: {
					type: 'boolean',
					describe: "Deliver what waits in the shards to the lake first [default: for queries of the project's own lake]",
				},
				'read-only': { type: 'boolean', default: false, describe: 'Refuse a statement that writes' },
				dialect: {
					choices: ['sqlite', 'duckdb'] as const,
					requiresArg: true,
					describe: 'What a lake query is written in [default: sqlite]',
				},
				timeout: { type: 'number', default: 600, requiresArg: true, describe: 'Seconds that a lake query may take' },
			}),
		)
			.conflicts('as-of', ['between', 'snapshot'])
			.conflicts('between', 'snapshot')
			.conflicts('shard', ['as-of', 'between', 'snapshot'])
			.check(({ json, format, analytics, shard, local, remote, flush }) => {
				if (json && format !== undefined && format !== 'json') throw new Error(`--json and --format ${format} exclude each other`)
				if ((local || remote) && flush) throw new Error('--flush delivers to the local lake alone')
				if (analytics && shard !== undefined) throw new Error('--analytics and --shard exclude each other')
				return true
			})
			.example(`$0 query "SELECT * FROM orders WHERE user_id = 'ada'"`, 'One shard, up to the last write')
			.example('$0 query "SELECT * FROM users"', 'All shards here: what waits in them is delivered, and the lake is asked')
			.example(`$0 query -a "SELECT plan, count(*) FROM users GROUP BY plan"`, 'All shards, from the lake')
			.example(`$0 query --as-of 1d "SELECT count(*) FROM users"`, 'As it was a day ago')
			.example(`$0 query --between 1h.. "SELECT _op, * FROM orders" -f csv`, 'What changed in the last hour')
			.example(`$0 query -d app.sqlite "SELECT * FROM t WHERE a = ?" -p '[5]'`, 'Any SQLite file')
			.epilogue(
				'Writes run, as in any SQLite shell: those of shards are captured and reach the lake. --read-only refuses them. The lake is only read.\nJSON writes a blob as {"$base64": "..."} and an integer beyond 2^53 as {"$int": "..."}.',
			),
	run: async (args, context) => {
		const { analytics, asOf, between, snapshot, readOnly, explain } = args
		const moment = parseMoment({ analytics, asOf, between, snapshot }, Date.now())
		refuseStray(args, moment)
		const params = parseParams(args.params)
		const sql = await readStatement(args.sql, args.file, context)
		const common = { sql, params, readOnly, explain, format: args.format ?? defaultFormat(context) }
		const file = args.db === undefined ? null : sqliteFile(args.db, context)
		if (file !== null) {
			if (moment !== undefined || args.shard !== undefined || args.flush === true || args.split) throw noProject(args.db)
			const { queryFile } = await import('../query/query-file.ts')
			await queryFile({ ...common, file }, context)
			return undefined
		}
		const config = await context.config()
		if (config.schema.length === 0) {
			throw new SQLakeError('CONFIG_INVALID', `${config.root}: expected a configuration that names the schema, found none`, {
				hint: 'run sqlake init, or ask a SQLite file: --db <file>',
			})
		}
		const { queryProject } = await import('../query/query-project.ts')
		const db = args.db === undefined ? config.db : context.path(args.db)
		const { shard, split, dialect, timeout } = args
		// What waits in the shards belongs into their own lake, and no other.
		const flush = args.flush ?? (args.lake === undefined && !args.local && !args.remote)
		await using lake = await openLakePlace(args, context)
		const query = { ...common, db, lake: lake.store, shard, split, moment, flush, dialect, timeoutMs: timeout * 1_000 }
		await queryProject(query, context)
		return undefined
	},
})

/** Options of the lake without a query of it. */
interface LakeArguments {
	readonly local?: boolean | undefined
	readonly remote?: boolean | undefined
	readonly dialect?: string | undefined
}

function refuseStray({ local, remote, dialect }: LakeArguments, moment: LakeMoment | undefined): void {
	if (moment !== undefined) return
	const stray = local ? 'local' : remote ? 'remote' : dialect === undefined ? undefined : 'dialect'
	if (stray === undefined) return
	throw new SQLakeError('USAGE_INVALID', `--${stray} is for queries of the lake, and this asks a shard`, {
		hint: 'ask the lake: --analytics, --as-of, --between or --snapshot',
	})
}

function noProject(db: string | undefined): SQLakeError {
	return new SQLakeError('USAGE_INVALID', `--db ${db} is one SQLite file, which has neither shards nor a lake`, {
		hint: 'name the directory of the shards, or leave --db out',
	})
}

function defaultFormat({ json, terminal }: CommandContext): RowFormat {
	return !json && terminal.stdout.isTTY === true ? 'table' : 'json'
}

/** The path of one SQLite file; null for a directory of shards. */
function sqliteFile(db: string, context: CommandContext): string | null {
	if (db === ':memory:') return db
	const path = context.path(db)
	if (existsSync(path)) return statSync(path).isDirectory() ? null : path
	throw new SQLakeError(
		'USAGE_INVALID',
		`--db ${db}: expected a SQLite file or a directory of shards, found nothing at ${path}`,
		{
			hint: 'name one that exists; sqlake dev makes .sqlake/local.db',
		},
	)
}
