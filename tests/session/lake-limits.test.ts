import { expect, it } from 'vitest'
import { integer } from '../../src/columns.ts'
import { drizzle } from '../../src/driver/drizzle.ts'
import type { LakeRequest } from '../../src/driver/transport.ts'
import { SQLake } from '../../src/schema/database.ts'
import type { Connection } from '../../src/session/connection.ts'
import { ConnectionRouter } from '../../src/session/query-router.ts'
import { createSQLTag } from '../../src/session/sql.ts'

const schema = SQLake({ events: { id: integer('id').primaryKey() }, shard: { events: 'id' } })
const { events } = schema.tables

/** What reaches a lake that answers everything with nothing. */
function listening(more: Partial<Connection> = {}) {
	const requests: LakeRequest[] = []
	const stats = { snapshots: {}, filesKept: 0, filesPruned: 0, bytesRead: 0, rowsRead: 0, durationMs: 0 }
	const lake = {
		query: async (request: LakeRequest) => {
			requests.push(request)
			return { columns: ['id'], rows: [], stats }
		},
	}
	const connection: Connection = {
		schema: schema.lake,
		shards: { execute: () => Promise.reject(new Error('no shard has anything to do here')) },
		fallback: undefined,
		observability: undefined,
		lake: async () => lake,
		position: async () => null,
		...more,
	}
	return { db: drizzle({ schema, connection }), sql: createSQLTag(new ConnectionRouter(connection)), requests }
}

it('the time limit of a lake query is the call’s, else that of its form, else that of the connection', async () => {
	const { db, sql, requests } = listening({ analyticsTimeoutMs: 3_000 })
	await sql.analytics`SELECT id FROM events`.all({ timeoutMs: 1_000 })
	await db.select().from(events).analytics({ timeoutMs: 2_000 })
	await sql.analytics`SELECT id FROM events`.all()
	await db.select().from(events).analytics()
	expect(requests.map(({ timeoutMs }) => timeoutMs)).toEqual([1_000, 2_000, 3_000, 3_000])
})

it('the dialect and the signal go with the call as well', async () => {
	const { sql, requests } = listening()
	const { signal } = new AbortController()
	await sql.analytics`SELECT id FROM events`.all({ dialect: 'duckdb', signal })
	await sql.analytics`SELECT id FROM events`.all()
	expect(requests.map(({ dialect, signal, timeoutMs }) => ({ dialect, signal, timeoutMs }))).toEqual([
		{ dialect: 'duckdb', signal, timeoutMs: undefined },
		{ dialect: undefined, signal: undefined, timeoutMs: undefined },
	])
})
