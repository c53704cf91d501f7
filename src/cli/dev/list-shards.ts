/**
 * What there is to say of shards.
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'
import type { LocalRouter } from '../../local/local-router.ts'

/** Names of shards, one page of them. */
export interface ShardPage {
	readonly shards: readonly string[]
	/** Of all pages. */
	readonly total: number
	/** What `after` is for the next page; null at the end. */
	readonly next: string | null
}

/** One shard. */
export interface ShardSummary {
	readonly name: string
	/** Rows by table; null for a table that the shard does not have. */
	readonly rows: Readonly<Record<string, number | null>>
	/** Changes that are not in the lake yet. */
	readonly buffered: number
	/** How far the lake is; null before the first delivery. */
	readonly lake: { readonly epoch: number; readonly seq: number; readonly watermark: string } | null
	/** Why the last delivery failed; null where it did not. */
	readonly lastError: string | null
}

const MOST = 1_000

/**
 * The names of shards in their order, a page at a time.
 *
 * @param query - `limit`, from 1 to 1,000, 100 where absent; `after`, the name that the page before ended with
 * @throws SQLakeError REQUEST_INVALID
 */
export async function listShards(router: LocalRouter, query: URLSearchParams): Promise<ShardPage> {
	const limit = Number(query.get('limit') ?? 100)
	if (!Number.isInteger(limit) || limit < 1 || limit > MOST) {
		throw new SQLakeError('REQUEST_INVALID', `"limit": expected a number from 1 to ${MOST}, found ${query.get('limit')}`)
	}
	const after = query.get('after')
	const names = await router.shards()
	const rest = after === null ? names : names.filter((name) => name > after)
	const shards = rest.slice(0, limit)
	return { shards, total: names.length, next: rest.length > limit ? (shards.at(-1) ?? null) : null }
}

/**
 * One shard, as far as it can be told in a moment.
 *
 * @throws SQLakeError SHARD_NOT_FOUND where there is none of that name
 */
export async function showShard(router: LocalRouter, name: string): Promise<ShardSummary> {
	if (!(await router.shards()).includes(name)) {
		throw new SQLakeError('SHARD_NOT_FOUND', `shard ${JSON.stringify(name)}: expected one that exists, found none`, {
			hint: 'GET /shards lists them; a shard is made by the first write to it',
		})
	}
	const { buffered, lastError, consecutiveFailures } = await router.metrics(name)
	const position = await router.catalog.position(name)
	return {
		name,
		rows: await countRows(router, name),
		buffered,
		lake: position === null ? null : { ...position, watermark: new Date(position.watermark).toISOString() },
		lastError: consecutiveFailures === 0 ? null : (lastError?.message ?? null),
	}
}

async function countRows(router: LocalRouter, shard: string): Promise<Record<string, number | null>> {
	const { sql } = router
	const here = sql.shard(shard)
	const present = new Set(
		(await here<{ name: string }>`SELECT name FROM sqlite_master WHERE type = 'table'`.all()).map(({ name }) => name),
	)
	const counts: Record<string, number | null> = {}
	for (const table of router.schema.lake.tables.keys()) {
		const row = present.has(table) ? await here<{ n: number }>`SELECT count(*) AS n FROM ${sql.identifier(table)}`.first() : null
		counts[table] = row?.n ?? null
	}
	return counts
}
