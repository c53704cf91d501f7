/**
 * What a fleet says of itself, in words.
 *
 * @module
 */
import type { FleetSummary, RegisteredShard, Rollout, ShardDetails, ShardPage } from '../../../fleet/fleet.ts'
import type { CommandContext } from '../../command-context.ts'
import { countOf } from '../count-of.ts'

const NONE = '(no migration)'

/** Prints the versions, the failures and the roll-out of a fleet. */
export async function showSummary(summary: FleetSummary, context: CommandContext): Promise<void> {
	if (context.json) return context.printJson(summary)
	const { bold, red, dim } = context.colors
	const states = Object.entries(summary.states).filter(([, count]) => count > 0)
	await context.print(
		`${countOf(summary.shards, 'shards')}: ${states.map(([state, count]) => `${count} ${state}`).join(', ') || 'none yet'}`,
	)
	const width = Math.max(0, ...summary.versions.map(({ version }) => (version ?? NONE).length))
	for (const { version, shards } of summary.versions) await context.print(`  ${bold((version ?? NONE).padEnd(width))}  ${shards}`)
	for (const { message, shards, example } of summary.failures) {
		await context.print(`${red(`${shards} failed`)} ${message} ${dim(`(${example}${shards > 1 ? ' and others' : ''})`)}`)
	}
	if (summary.rollout !== null) await context.print(describeRollout(summary.rollout, context))
}

/** A roll-out on one line, and why it stopped on another. */
export function describeRollout(rollout: Rollout, { colors }: Pick<CommandContext, 'colors'>): string {
	const { id, direction, target, state, migrated, failed, total, wave, reason } = rollout
	const { green, yellow, red } = colors
	const color = state === 'done' ? green : state === 'stopped' ? red : yellow
	const what = direction === 'up' ? `to ${target ?? NONE}` : `back to ${target ?? NONE}`
	const where = state === 'running' ? `, ${wave === 0 ? 'the canary' : `wave ${wave}`} is under way` : ''
	const line = `roll-out ${id} ${what}: ${color(state)}, ${migrated} of ${total} migrated, ${failed} failed${where}`
	return reason === null ? line : `${line}\n  ${reason}`
}

/** Prints one page of the register. */
export async function showShards({ shards, cursor }: ShardPage, context: CommandContext): Promise<void> {
	if (context.json) return context.printJson({ shards, cursor })
	for (const shard of shards) await context.print(describeShard(shard, context))
	if (shards.length === 0) await context.print('no shards')
	if (cursor !== null) context.log(`there are more: --cursor ${cursor}`)
}

/** Prints one shard, as it says itself. */
export async function showShard({ shard, status }: ShardDetails, context: CommandContext): Promise<void> {
	if (context.json) return context.printJson({ shard, status })
	await context.print(describeShard(shard, context))
	if (status.pending.length > 0) await context.print(`  pending: ${status.pending.join(', ')}`)
	if (status.retryAt !== null) {
		await context.print(`  tried ${status.attempts} times; again at ${new Date(status.retryAt).toISOString()}`)
	}
}

function describeShard({ shard, version, state, lastError, lastSeen }: RegisteredShard, { colors }: CommandContext): string {
	const { bold, dim, red, green, yellow } = colors
	const color = state === 'current' ? green : state === 'failed' || state === 'invalid' ? red : yellow
	const line = `${bold(shard)}  ${version ?? NONE}  ${color(state)}  ${dim(`seen ${new Date(lastSeen).toISOString()}`)}`
	return lastError === null ? line : `${line}\n  ${lastError.message}`
}
