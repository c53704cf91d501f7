/**
 * `sqlake migrate --fleet`: the shards of a deployed Worker.
 *
 * @module
 */
import { SQLakeError } from '../../../errors.ts'
import type { Fleet, Rollout } from '../../../fleet/fleet.ts'
import type { CommandContext } from '../../command-context.ts'
import { exitCodes } from '../../exit-codes.ts'
import { showOutcomes } from '../show-outcomes.ts'
import { agree } from './agree.ts'
import { type Connection, connect } from './connect.ts'
import type { FleetArguments } from './fleet-arguments.ts'
import { followRollout } from './follow-rollout.ts'
import { migrateShards } from './migrate-shards.ts'
import { describeRollout, showShard, showShards, showSummary } from './show-fleet.ts'

/** Does what was asked for, and follows the roll-out that comes of it. */
export async function runFleet(args: FleetArguments, context: CommandContext): Promise<number | undefined> {
	const connection = await connect(args.fleet, context)
	const { fleet } = connection
	const { action, shards } = args
	if (action.kind === 'status') return showStatus(fleet, args, context)
	if (shards.length > 0) return runShards(connection, args, context)
	if (action.kind === 'pause' || action.kind === 'cancel') {
		const rollout = await fleet[action.kind](await idOf(fleet, action.id))
		await tell(rollout, context)
		return undefined
	}
	// From here on Ctrl-C must not leave a roll-out behind of which nobody was told.
	const signal = args.detach ? null : context.interrupted()
	const rollout = action.kind === 'resume' ? await fleet.resume(await idOf(fleet, action.id)) : await begin(fleet, args, context)
	if (rollout !== null) return follow(connection, rollout, signal, context)
	context.log('Nothing was changed.')
	return exitCodes.failure
}

async function showStatus(fleet: Fleet, { action, shards }: FleetArguments, context: CommandContext): Promise<undefined> {
	if (action.kind !== 'status') return
	if (shards.length > 0) {
		const details = []
		for (const shard of shards) details.push(await fleet.shard(shard))
		if (context.json) await context.printJson(details)
		else for (const each of details) await showShard(each, context)
	} else if (action.state !== undefined || action.cursor !== undefined) {
		const { state, cursor, limit } = action
		const filter = { limit, ...(state === undefined ? {} : { state }), ...(cursor === undefined ? {} : { cursor }) }
		await showShards(await fleet.shards(filter), context)
	} else await showSummary(await fleet.summary(), context)
}

async function runShards({ fleet, url }: Connection, args: FleetArguments, context: CommandContext): Promise<number | undefined> {
	const { action, target, shards, acceptDataLoss } = args
	const direction = action.kind === 'rollback' ? 'down' : 'up'
	if (direction === 'down' && target === undefined) {
		throw new SQLakeError('USAGE_INVALID', 'migrate --rollback --shard: expected the migration to go back to, found none', {
			hint: 'name it: --target <migration>, or --target none',
		})
	}
	const request = { direction, acceptDataLoss, ...(target === undefined ? {} : { target }) } as const
	const outcomes = await migrateShards(fleet, shards, request, context.interrupted(), context)
	const left = shards.length - outcomes.length
	await showOutcomes({ found: { kind: 'shards', place: url }, direction, outcomes, left }, context)
	if (left > 0) return exitCodes.interrupted
	return outcomes.some(({ status }) => status === 'failed') ? exitCodes.failure : undefined
}

/** @returns null where the user thought better of it */
async function begin(fleet: Fleet, args: FleetArguments, context: CommandContext): Promise<Rollout | null> {
	const { action, target, pace } = args
	const summary = await fleet.summary()
	const agreement = await agree(summary, args, context)
	if (agreement === null) return null
	const options = { ...pace, ...agreement, ...(target === undefined ? {} : { target }) }
	if (action.kind !== 'rollback') return fleet.startRollout({ ...options, direction: 'up' })
	const { rollout } = summary
	const underWay = rollout !== null && ['running', 'paused', 'stopped'].includes(rollout.state)
	// What is under way is taken back where it stands; what is over is a version to leave, for which a target says where to.
	if (underWay || target === undefined) return fleet.rollback(await idOf(fleet, ''), options)
	return fleet.startRollout({ ...options, direction: 'down' })
}

async function follow(
	{ fleet, url }: Connection,
	begun: Rollout,
	signal: AbortSignal | null,
	context: CommandContext,
): Promise<number | undefined> {
	context.log(describeRollout(begun, { colors: context.errorColors }))
	const again = `see it: sqlake migrate --fleet ${url} --status; stop it: --pause`
	if (signal === null) {
		context.log(again)
		if (context.json) await context.printJson(begun)
		return undefined
	}
	const rollout = await followRollout(fleet, begun, signal, context)
	await tell(rollout, context)
	if (rollout.state === 'done') return undefined
	if (rollout.state === 'running') {
		context.log(`The roll-out goes on without this command; ${again}`)
		return exitCodes.interrupted
	}
	await tellFailures(fleet, rollout, context)
	return exitCodes.failure
}

async function tell(rollout: Rollout, context: CommandContext): Promise<void> {
	if (context.json) await context.printJson(rollout)
	else await context.print(describeRollout(rollout, context))
}

/** What to do about a roll-out that did not come to its end. */
async function tellFailures(fleet: Fleet, { state }: Rollout, context: CommandContext): Promise<void> {
	if (context.json) return
	if (state === 'stopped') {
		const { failures } = await fleet.summary()
		for (const { message, shards, example } of failures) context.log(`  ${shards} failed, such as ${example}: ${message}`)
	}
	if (state === 'cancelled') return
	context.log('go on with --resume, take it back with --rollback, or give it up with --cancel')
}

async function idOf(fleet: Fleet, typed: string): Promise<string> {
	if (typed !== '') return typed
	const { rollout } = await fleet.summary()
	if (rollout !== null) return rollout.id
	throw new SQLakeError('ROLLOUT_NOT_FOUND', 'the fleet: expected a roll-out, found that there was none yet')
}
