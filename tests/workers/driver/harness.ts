import { env } from 'cloudflare:workers'
import { drizzle, type SQLakeDrizzleConfig } from '../../../src/driver/drizzle.ts'
import { DurableObjectTransport } from '../../../src/driver/durable-object-transport.ts'
import type { ExecuteRequest, LakeRequest, LakeTransport, ShardTransport } from '../../../src/driver/transport.ts'
import type { Connection, LakePosition } from '../../../src/session/connection.ts'
import { ordersRelations, schema, usersRelations } from './schema.ts'

/** A lake for tests of the driver alone: real SQLite with the same tables, in an object of its own. It notes what it was asked. */
export class SQLiteLake implements LakeTransport {
	static readonly shard = 'the lake'
	readonly requests: LakeRequest[] = []
	readonly #shards: ShardTransport

	constructor(shards: ShardTransport) {
		this.#shards = shards
	}

	async query(request: LakeRequest) {
		this.requests.push(request)
		const { results } = await this.#shards.execute({ shard: SQLiteLake.shard, statements: [request.statement], readOnly: true })
		const [result] = results
		if (result === undefined) throw new Error('no result')
		const stats = {
			snapshots: { users_changes: 7 },
			filesKept: 1,
			filesPruned: 2,
			bytesRead: 3,
			rowsRead: result.rows.length,
			durationMs: 4,
		}
		return { columns: result.columns, rows: result.rows, stats }
	}
}

/** A way to the shards that notes each request. */
export class NotedShards implements ShardTransport {
	readonly requests: ExecuteRequest[] = []
	readonly #shards: ShardTransport

	constructor(shards: ShardTransport) {
		this.#shards = shards
	}

	async execute(request: ExecuteRequest) {
		this.requests.push(request)
		return this.#shards.execute(request)
	}
}

/** A database over real Durable Objects, and what went where. */
export function open(
	options: { fallback?: 'analytics'; config?: SQLakeDrizzleConfig; position?: () => LakePosition | null } = {},
) {
	const shards = new NotedShards(new DurableObjectTransport(env.DRIVER_DO))
	const lake = new SQLiteLake(new DurableObjectTransport(env.DRIVER_DO))
	const connection: Connection = {
		schema: schema.lake,
		shards,
		fallback: options.fallback,
		observability: undefined,
		lake: async () => lake,
		position: async () => options.position?.() ?? null,
	}
	const db = drizzle({ schema, connection }, { ...options.config, schema: { usersRelations, ordersRelations } })
	return { db, lake, shards, connection }
}
