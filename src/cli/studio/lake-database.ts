import type { BoundStatement } from '../../driver/transport.ts'
import { createInMemoryRouter } from '../../local/in-memory-router.ts'
import type { LocalRouter } from '../../local/local-router.ts'
import { lakeTarget } from '../../session/connection.ts'
import { scanStatement } from '../../shard/statement.ts'
import type { LocalProject } from '../dev/local-project.ts'
import { routerOptions } from '../dev/open-router.ts'
import { SqliteFile } from './sqlite-file.ts'
import type { StudioDatabase, StudioRows } from './studio-database.ts'

/** What asks for the schema and not for rows. */
const INTROSPECTION = /\b(?:sqlite_master|sqlite_schema|sqlite_sequence|pragma_\w+)\b/i

/**
 * The lake: all shards, read-only. It has no `sqlite_master` and no PRAGMA; who asks for those is answered from the same tables,
 * empty, in memory.
 */
export class LakeDatabase implements StudioDatabase {
	readonly title = 'the lake'
	readonly id: string
	readonly #router: LocalRouter
	readonly #skeleton: SqliteFile

	private constructor(router: LocalRouter, id: string, skeleton: SqliteFile) {
		this.#router = router
		this.id = id
		this.#skeleton = skeleton
	}

	/** @param lake - directory of the lake, by which the database is told from others */
	static async open(router: LocalRouter, project: LocalProject, lake: string): Promise<LakeDatabase> {
		await using trial = createInMemoryRouter(routerOptions(project))
		const made = await trial.sql.shard('skeleton')<{ name: string; sql: string }>`
			SELECT tbl_name AS name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type IN ('table', 'index', 'view') ORDER BY rowid`.all()
		const skeleton = new SqliteFile(':memory:')
		const own = made.filter(({ name }) => project.schema.lake.tables.has(name))
		await skeleton.execute(own.map(({ sql }) => ({ sql, params: [] })))
		return new LakeDatabase(router, `lake:${lake}`, skeleton)
	}

	async execute(statements: readonly BoundStatement[]): Promise<readonly StudioRows[]> {
		const results: StudioRows[] = []
		for (const statement of statements) {
			if (isIntrospection(statement)) results.push(...(await this.#skeleton.execute([statement])))
			else results.push(await this.#router.execute({ ...statement, target: lakeTarget({ kind: 'current' }) }))
		}
		return results
	}

	close(): void {
		this.#skeleton.close()
	}
}

/** A write is none, whatever it names: the lake refuses it. */
function isIntrospection({ sql }: BoundStatement): boolean {
	const { keyword } = scanStatement(sql)
	return keyword === 'PRAGMA' || (/^(?:SELECT|WITH|VALUES)$/.test(keyword) && INTROSPECTION.test(sql))
}
