import { join } from 'node:path'
import type { BoundStatement } from '../../driver/transport.ts'
import { SQLakeError } from '../../errors.ts'
import type { LocalRouter } from '../../local/local-router.ts'
import { shardFileName } from '../../local/shard-file-name.ts'
import { parseSQL } from '../../router/parse-sql.ts'
import { executeBatch } from '../../session/executor.ts'
import { scanStatement } from '../../shard/statement.ts'
import type { CurrentRouter } from '../dev/current-router.ts'
import { SqliteFile } from './sqlite-file.ts'
import type { StudioDatabase, StudioRows } from './studio-database.ts'

/** Statements that write nothing. PRAGMA may set something, for a connection that cannot write. */
const READS = new Set(['SELECT', 'VALUES', 'EXPLAIN', 'PRAGMA'])

/**
 * One shard. Writes go the way of every write, so that they are captured and reach the lake. Reads go to the file, which tells more
 * than a shard tells callers: its schema, settings, and sqlake's own tables.
 */
export class ShardDatabase implements StudioDatabase {
	readonly title: string
	readonly id: string
	readonly #current: CurrentRouter<LocalRouter>
	readonly #shard: string
	readonly #file: SqliteFile

	private constructor(current: CurrentRouter<LocalRouter>, shard: string, file: SqliteFile) {
		this.title = `shard ${shard}`
		this.id = `shard:${file.id}`
		this.#current = current
		this.#shard = shard
		this.#file = file
	}

	/**
	 * Opens a shard.
	 *
	 * @param db - directory of the shards
	 * @throws SQLakeError SHARD_NOT_FOUND where there is none of that name
	 */
	static async open(current: CurrentRouter<LocalRouter>, db: string, shard: string): Promise<ShardDatabase> {
		const names = await current.use((router) => router.shards())
		if (!names.includes(shard)) {
			const some = names.slice(0, 5).join(', ')
			throw new SQLakeError(
				'SHARD_NOT_FOUND',
				`${db}: expected shard ${JSON.stringify(shard)}, found ${some === '' ? 'none' : `${some}${names.length > 5 ? ' and others' : ''}`}`,
				{ hint: 'a shard is made by the first write to it' },
			)
		}
		return new ShardDatabase(current, shard, new SqliteFile(join(db, shardFileName(shard)), { readOnly: true }))
	}

	async execute(statements: readonly BoundStatement[]): Promise<readonly StudioRows[]> {
		if (statements.every(isRead)) return this.#file.execute(statements)
		const target = { kind: 'shard', shard: this.#shard } as const
		const queries = statements.map(({ sql, params }) => ({ query: { sql, params, built: undefined, placeholders: {} }, target }))
		return this.#current.use((router) => executeBatch(queries, router.connection))
	}

	close(): void {
		this.#file.close()
	}
}

function isRead({ sql }: BoundStatement): boolean {
	const { keyword } = scanStatement(sql)
	return READS.has(keyword) || (keyword === 'WITH' && parseSQL(sql).statement.type === 'SelectStmt')
}
