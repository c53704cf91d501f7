/**
 * Reaches shards as Durable Objects.
 *
 * @module
 */
import { messageOf, SQLakeError, unpackAnswer } from '../errors.ts'
import { MAX_SHARD_ID_LENGTH } from '../schema/shard-id.ts'
import { mayBeRetried } from './may-be-retried.ts'
import type { ExecuteRequest, ExecuteResponse, ShardTransport, SQLakeDurableObjectRpc } from './transport.ts'

/** A stub of a sqlake Durable Object. */
type Stub = Pick<SQLakeDurableObjectRpc, 'sqlakeExecute'>

/** What the transport needs of a namespace binding. */
export interface ShardNamespace {
	getByName(name: string): Stub
}

/** Attempts at a read, the first included. */
const READ_ATTEMPTS = 3
/** Milliseconds before the second attempt; the pause doubles after that. */
const FIRST_PAUSE_MS = 20

/**
 * Calls `sqlakeExecute` on the object that the shard names.
 *
 * A stub breaks when its object is reset (https://developers.cloudflare.com/durable-objects/best-practices/error-handling/), so
 * each attempt takes a fresh one, and none is kept: a stub belongs to the request it was made in. A read is tried again where
 * the platform says that may help. A write is never tried again: once the call has left, its outcome is unknown, and running
 * it twice could apply it twice.
 */
export class DurableObjectTransport implements ShardTransport {
	readonly #namespace: ShardNamespace

	constructor(namespace: ShardNamespace) {
		this.#namespace = namespace
	}

	/** @throws SQLakeError with the code that the shard gave, SHARD_UNAVAILABLE, or SHARD_ID_INVALID. */
	async execute(request: ExecuteRequest): Promise<ExecuteResponse> {
		assertShardName(request.shard)
		for (let attempt = 1; ; attempt++) {
			try {
				return unpackAnswer(await this.#namespace.getByName(request.shard).sqlakeExecute(request))
			} catch (error) {
				if (SQLakeError.is(error)) throw error
				if (!request.readOnly || attempt >= READ_ATTEMPTS || !mayBeRetried(error)) throw unavailable(request, error, attempt)
			}
			await new Promise((resolve) => setTimeout(resolve, FIRST_PAUSE_MS * 2 ** (attempt - 1)))
		}
	}
}

/** Refuses a name that no shard can have. */
function assertShardName(shard: string): void {
	if (shard === '') throw invalidName(shard, 'a name', 'an empty one')
	if (!shard.isWellFormed()) throw invalidName(shard, 'well-formed Unicode', 'a lone surrogate')
	if (shard.length > MAX_SHARD_ID_LENGTH) {
		throw invalidName(shard, `at most ${MAX_SHARD_ID_LENGTH} UTF-16 units`, `${shard.length}`)
	}
}

function invalidName(shard: string, expected: string, found: string): SQLakeError {
	const shown = JSON.stringify(shard.length > 40 ? `${shard.slice(0, 40)}…` : shard)
	return new SQLakeError('SHARD_ID_INVALID', `shard ${shown}: expected ${expected}, found ${found}`, {
		hint: 'the value of the shard key names the Durable Object: use a shorter key, such as an id',
	})
}

function unavailable({ shard, readOnly }: ExecuteRequest, cause: unknown, attempts: number): SQLakeError {
	const missing = messageOf(cause).includes('sqlakeExecute')
	return new SQLakeError(
		'SHARD_UNAVAILABLE',
		`shard ${JSON.stringify(shard)}: the Durable Object did not answer: ${messageOf(cause)}`,
		{
			cause,
			hint: missing
				? 'the class behind the binding must extend SQLakeDO from sqlake/do'
				: readOnly
					? 'try again later'
					: 'the outcome of the write is unknown: read before writing again',
			details: { shard, attempts, outcome: readOnly ? 'not run' : 'unknown' },
		},
	)
}
