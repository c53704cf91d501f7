/**
 * Reaches the shards of a fleet from the catalog's Durable Object.
 *
 * @module
 */

import { mayBeRetried } from '../driver/may-be-retried.ts'
import { type Envelope, messageOf, SQLakeError, unpackAnswer } from '../errors.ts'
import type { FleetShardRpc, ShardMigrationAnswer } from '../fleet/fleet.ts'
import type { FleetShards } from '../fleet/rollout-runner.ts'
import type { MigrateRequest, MigrationStatus } from '../migrator/migration-status.ts'
import { findShardNamespace } from '../worker/bindings.ts'

/** Attempts at a call, the first included. */
const ATTEMPTS = 2

/** Calls shards by name, which wakes them. A call to migrate does nothing the second time, so it may be repeated. */
export class FleetShardCaller implements FleetShards {
	readonly #env: object

	/** @param env the bindings of the catalog's object, those of the shards among them */
	constructor(env: object) {
		this.#env = env
	}

	migrate(binding: string | null, shard: string, request: MigrateRequest, timeoutMs: number): Promise<ShardMigrationAnswer> {
		return this.#call(binding, shard, timeoutMs, (rpc) => rpc.sqlakeFleetMigrate(shard, request))
	}

	status(binding: string | null, shard: string, timeoutMs: number): Promise<MigrationStatus> {
		return this.#call(binding, shard, timeoutMs, (rpc) => rpc.sqlakeMigrationStatus(shard))
	}

	async #call<T>(
		binding: string | null,
		shard: string,
		timeoutMs: number,
		call: (rpc: FleetShardRpc) => Promise<Envelope<T>>,
	): Promise<T> {
		// A name that the catalog's Worker does not bind is told as it is; a stub breaks for good when its object is reset.
		const namespace = findShardNamespace(this.#env, binding ?? undefined)
		for (let attempt = 1; ; attempt++) {
			try {
				return unpackAnswer(await within(timeoutMs, call(namespace.getByName(shard))))
			} catch (error) {
				if (SQLakeError.is(error)) throw error
				if (attempt < ATTEMPTS && mayBeRetried(error)) continue
				throw new SQLakeError('SHARD_UNAVAILABLE', `the Durable Object did not answer: ${messageOf(error)}`, {
					cause: error,
					hint: 'does the class behind the binding extend SQLakeDO?',
				})
			}
		}
	}
}

/** What comes of a call, if it comes in time. Later it is of no interest, not even as an error. */
async function within<T>(timeoutMs: number, call: Promise<T>): Promise<T> {
	let timer: ReturnType<typeof setTimeout> | undefined
	const timeout = new Promise<never>((_, reject) => {
		const late = () =>
			reject(
				new SQLakeError('SHARD_UNAVAILABLE', `the Durable Object did not answer within ${timeoutMs} ms`, {
					hint: 'give it more time: timeoutMs; a shard that migrates all the same is passed over when the roll-out goes on',
				}),
			)
		timer = setTimeout(late, timeoutMs)
	})
	const answer = Promise.resolve(call)
	answer.catch(() => {})
	try {
		return await Promise.race([answer, timeout])
	} finally {
		clearTimeout(timer)
	}
}
