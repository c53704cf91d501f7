import { SQLakeError } from '../../errors.ts'
import { defineCommand } from '../command.ts'
import type { FleetAction } from '../migrate/fleet/fleet-arguments.ts'

const STATES = ['current', 'pending', 'failed', 'held', 'ahead', 'invalid'] as const

/** Options that only a fleet has. */
const OF_FLEETS = [
	'canary',
	'wave-size',
	'concurrency',
	'failure-threshold',
	'detach',
	'pause',
	'resume',
	'cancel',
	'state',
	'cursor',
] as const

/** `sqlake migrate`. */
export const migrate = defineCommand({
	builder: (yargs) =>
		yargs
			.options({
				status: { alias: 's', type: 'boolean', default: false, describe: 'Show who has which version, and what failed' },
				'dry-run': { alias: 'n', type: 'boolean', default: false, describe: 'Try it, take it back, and print the statements' },
				rollback: { alias: 'r', type: 'boolean', default: false, describe: 'Undo the newest migration, or all after --target' },
				target: {
					alias: 't',
					type: 'string',
					requiresArg: true,
					describe: 'Migration that shall be the last one; none: none left',
				},
				shard: { type: 'array', string: true, requiresArg: true, describe: 'Only this shard; may be given several times' },
				'accept-data-loss': { type: 'boolean', default: false, describe: 'Let a rollback destroy data' },
				'skip-checksum': { type: 'boolean', default: false, describe: 'Take edited migrations as they are now' },
				db: {
					alias: 'd',
					type: 'string',
					requiresArg: true,
					describe: 'Directory of the shards, or one SQLite file [default: .sqlake/local.db]',
				},
				fleet: { type: 'string', describe: 'Address of a deployed Worker; alone: that of the configuration' },
				canary: { type: 'string', requiresArg: true, describe: 'Share of the first wave: 0.01, or 1%' },
				'wave-size': { type: 'number', requiresArg: true, describe: 'Shards in each later wave' },
				concurrency: { type: 'number', requiresArg: true, describe: 'Shards that migrate at the same time' },
				'failure-threshold': { type: 'string', requiresArg: true, describe: 'Share of a wave that may fail: 0.01, or 1%' },
				detach: { type: 'boolean', default: false, describe: 'Return once the roll-out has begun' },
				pause: { type: 'string', describe: 'Pause the roll-out, by its id or the present one' },
				resume: { type: 'string', describe: 'Go on with it, and try again what failed' },
				cancel: { type: 'string', describe: 'Give it up; what is migrated stays so' },
				state: { choices: STATES, requiresArg: true, describe: 'With --status: the shards in this state' },
				cursor: { type: 'string', requiresArg: true, describe: 'With --status: the next page of shards' },
				limit: { type: 'number', default: 100, requiresArg: true, describe: 'With --status: shards on a page' },
				yes: { alias: 'y', type: 'boolean', default: false, describe: 'Ask nothing' },
			})
			.conflicts('fleet', 'db')
			.group(['fleet', ...OF_FLEETS, 'limit', 'yes'], 'A fleet:')
			.check((args) => {
				const kinds = [args.status, args.rollback, ...[args.pause, args.resume, args.cancel].map((id) => id !== undefined)]
				if (kinds.filter(Boolean).length > 1)
					throw new Error('--status, --rollback, --pause, --resume and --cancel exclude each other')
				const given = (name: string) => args[name] !== undefined && args[name] !== false
				if (args.fleet === undefined) {
					const stray = OF_FLEETS.find(given)
					if (stray !== undefined) throw new Error(`--${stray} needs --fleet`)
				} else if (args.dryRun || args.skipChecksum) {
					throw new Error(`--fleet has no ${args.dryRun ? '--dry-run: try it on a local copy' : '--skip-checksum'}`)
				}
				if (!args.status && (given('state') || given('cursor'))) throw new Error('--state and --cursor go with --status')
				if (args.status && args.dryRun) throw new Error('--status changes nothing: leave --dry-run out')
				return true
			})
			.example('$0 migrate', 'Every local shard to the newest version')
			.example('$0 migrate -n', 'What that would run')
			.example('$0 migrate -r -t 0003_plans', 'Back to just after 0003_plans')
			.example('$0 migrate --fleet https://app.example.com --canary 1%', 'A roll-out to all shards of a deployed Worker')
			.example('$0 migrate --fleet https://app.example.com -s', 'How far it is')
			.epilogue(
				[
					'One shard that fails does not stop the others; the exit code is 1 then.',
					'',
					'--fleet takes the token of createAdminHandler() from SQLAKE_ADMIN_TOKEN. Ctrl-C ends the following, not the roll-out.',
				].join('\n'),
			),
	run: async (args, context) => {
		const { status, rollback, shard: shards = [], acceptDataLoss, skipChecksum, dryRun, db, fleet } = args
		const target = args.target === 'none' ? null : args.target
		if (target === null && !rollback) throw new SQLakeError('USAGE_INVALID', '--target none goes with --rollback')
		if (fleet === undefined) {
			const { runLocal } = await import('../migrate/run-local.ts')
			const action = status ? 'status' : rollback ? 'rollback' : 'apply'
			return runLocal({ action, dryRun, target, skipChecksum, acceptDataLoss, shards, db }, context)
		}
		const { runFleet } = await import('../migrate/fleet/run-fleet.ts')
		const pace = {
			...share('canary', args.canary),
			...share('failure-threshold', args.failureThreshold),
			...(args.waveSize === undefined ? {} : { waveSize: args.waveSize }),
			...(args.concurrency === undefined ? {} : { concurrency: args.concurrency }),
		}
		const { detach, yes } = args
		return runFleet({ fleet, action: fleetAction(args), target, shards, pace, acceptDataLoss, detach, yes }, context)
	},
})

interface ActionArguments {
	readonly status: boolean
	readonly rollback: boolean
	readonly pause: string | undefined
	readonly resume: string | undefined
	readonly cancel: string | undefined
	readonly state: (typeof STATES)[number] | undefined
	readonly cursor: string | undefined
	readonly limit: number
}

function fleetAction({ status, rollback, pause, resume, cancel, state, cursor, limit }: ActionArguments): FleetAction {
	if (status) return { kind: 'status', state, cursor, limit }
	if (pause !== undefined) return { kind: 'pause', id: pause }
	if (resume !== undefined) return { kind: 'resume', id: resume }
	if (cancel !== undefined) return { kind: 'cancel', id: cancel }
	return { kind: rollback ? 'rollback' : 'apply' }
}

/** A share as a number, or in per cent. */
function share(option: 'canary' | 'failure-threshold', typed: string | undefined): Readonly<Record<string, number>> {
	if (typed === undefined) return {}
	const value = typed.endsWith('%') ? Number(typed.slice(0, -1)) / 100 : Number(typed)
	if (typed.trim() === '' || !(value >= 0 && value <= 1)) {
		throw new SQLakeError('USAGE_INVALID', `--${option}: expected a share such as 0.01 or 1%, found ${typed}`)
	}
	return { [option === 'canary' ? 'canary' : 'failureThreshold']: value }
}
