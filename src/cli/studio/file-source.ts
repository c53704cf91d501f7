import { basename } from 'node:path'
import { SQLakeError } from '../../errors.ts'
import { answerOf } from '../dev/answer-query.ts'
import { readQueryRequest } from '../dev/query-request.ts'
import type { LocalRequest } from '../http/local-server.ts'
import { jsonReply, type Reply } from '../http/reply.ts'
import { SqliteFile } from './sqlite-file.ts'
import type { StudioDatabase } from './studio-database.ts'
import type { StudioSource } from './studio-source.ts'

/**
 * Opens one SQLite file, which need not be sqlake's.
 *
 * @throws SQLakeError QUERY_FAILED where it is no database
 */
export function openFileSource(path: string): StudioSource {
	const database = new SqliteFile(path)
	return {
		kind: 'file',
		title: basename(path),
		database,
		schema: { tables: {}, relations: {} },
		handle: (request) => answer(request, database),
		close: async () => database.close(),
	}
}

async function answer(request: LocalRequest, database: StudioDatabase): Promise<Reply> {
	switch (`${request.method} ${request.path}`) {
		case 'GET /tables':
			return jsonReply({ tables: await listFileTables(database) })
		case 'GET /shards':
			return jsonReply({ shards: [], total: 0, next: null })
		case 'POST /query':
			return runQuery(await request.text(), database)
		default:
			throw new SQLakeError('REQUEST_INVALID', `${request.method} ${request.path}: found nothing there`, {
				details: { status: 404 },
			})
	}
}

async function runQuery(text: string, database: StudioDatabase): Promise<Reply> {
	const { statements, target, format, batch } = readQueryRequest(text)
	if (target.kind !== 'routed') {
		throw new SQLakeError(
			'REQUEST_INVALID',
			`${database.title}: expected a query of the file, found one of a shard or of the lake`,
			{
				hint: 'a SQLite file alone has neither: sqlake studio in the project shows them',
			},
		)
	}
	const results = (await database.execute(statements)).map((result) => answerOf(result, format))
	return jsonReply(batch ? { results } : { ...results[0], bookmark: null, stats: null, route: { kind: 'file', shard: null } })
}

/** Tables as `GET /tables` of a dev server lists them, as far as a file tells. */
async function listFileTables(database: StudioDatabase): Promise<unknown> {
	const [columns] = await database.execute([
		{
			sql: `SELECT list.name, info.name, info.type, info."notnull", info.pk
				FROM pragma_table_list AS list JOIN pragma_table_xinfo(list.name) AS info
				WHERE list.schema = 'main' AND list.type IN ('table', 'view', 'virtual') AND list.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
				ORDER BY list.name, info.cid`,
			params: [],
		},
	])
	const tables = Map.groupBy(columns?.rows ?? [], ([table]) => String(table))
	return Array.from(tables, ([name, rows]) => ({
		name,
		shardKey: null,
		primaryKey: rows
			.filter(([, , , , position]) => position !== 0)
			.sort((a, b) => Number(a[4]) - Number(b[4]))
			.map(([, column]) => column),
		columns: rows.map(([, column, type, notNull]) => ({ name: column, type, notNull: notNull === 1 })),
		lake: null,
	}))
}
