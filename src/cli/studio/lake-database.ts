import type { BoundStatement } from '../../driver/transport.ts'
import { createInMemoryRouter } from '../../local/in-memory-router.ts'
import { lakeTarget } from '../../session/connection.ts'
import { scanStatement } from '../../shard/statement.ts'
import type { LocalProject } from '../dev/local-project.ts'
import { routerOptions } from '../dev/open-router.ts'
import type { ProjectHost } from '../dev/project-host.ts'
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
	readonly #host: ProjectHost
	#skeleton: { readonly project: LocalProject; readonly file: Promise<SqliteFile> } | null = null

	/** @param lake - directory of the lake, by which the database is told from others */
	constructor(host: ProjectHost, lake: string) {
		this.#host = host
		this.id = `lake:${lake}`
	}

	async execute(statements: readonly BoundStatement[]): Promise<readonly StudioRows[]> {
		const results: StudioRows[] = []
		for (const statement of statements) {
			if (isIntrospection(statement)) results.push(...(await (await this.#tables()).execute([statement])))
			else results.push(await this.#ask(statement))
		}
		return results
	}

	close(): void {
		void this.#skeleton?.file.then((file) => file.close())
		this.#skeleton = null
	}

	#ask(statement: BoundStatement): Promise<StudioRows> {
		return this.#host.current.use((router) => router.execute({ ...statement, target: lakeTarget({ kind: 'current' }) }))
	}

	/** The tables of the project as it is now. */
	#tables(): Promise<SqliteFile> {
		const { project } = this.#host
		if (this.#skeleton?.project !== project) {
			this.close()
			this.#skeleton = { project, file: makeTables(project) }
		}
		return this.#skeleton.file
	}
}

async function makeTables(project: LocalProject): Promise<SqliteFile> {
	await using trial = createInMemoryRouter(routerOptions(project))
	const made = await trial.sql.shard('skeleton')<{ name: string; sql: string }>`
		SELECT tbl_name AS name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type IN ('table', 'index', 'view') ORDER BY rowid`.all()
	const file = new SqliteFile(':memory:')
	const own = made.filter(({ name }) => project.schema.lake.tables.has(name))
	await file.execute(own.map(({ sql }) => ({ sql, params: [] })))
	return file
}

/** A write is none, whatever it names: the lake refuses it. */
function isIntrospection({ sql }: BoundStatement): boolean {
	const { keyword } = scanStatement(sql)
	return keyword === 'PRAGMA' || (/^(?:SELECT|WITH|VALUES)$/.test(keyword) && INTROSPECTION.test(sql))
}
