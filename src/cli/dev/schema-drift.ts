import { createInMemoryRouter } from '../../local/in-memory-router.ts'
import { fold } from '../../schema/fold.ts'
import type { LocalProject } from './local-project.ts'
import { routerOptions } from './open-router.ts'

/** A shard in memory that the migrations are tried on. */
const TRIAL = 'trial'

/**
 * What the schema says and no migration makes, a line each. The migrations are applied to an empty shard in memory, so that a
 * mistake in them is found before a real one sees it.
 *
 * @throws SQLakeError MIGRATION_FAILED and the like for migrations that do not apply, CAPTURE_INSTALL for tables that cannot be
 *   captured
 */
export async function findSchemaDrift(project: LocalProject): Promise<readonly string[]> {
	await using router = createInMemoryRouter(routerOptions(project))
	// A shard whose migrations fail stays on its version and answers; only who asks for it hears of the failure.
	await router.migrate(TRIAL)
	const columns = await router.sql.shard(TRIAL)<{ table: string; column: string }>`
		SELECT list.name AS "table", info.name AS "column"
		FROM pragma_table_list AS list JOIN pragma_table_xinfo(list.name) AS info
		WHERE list.schema = 'main'`.all()
	const made = new Map<string, Set<string>>()
	for (const { table, column } of columns) {
		const name = fold(table)
		made.set(name, (made.get(name) ?? new Set()).add(fold(column)))
	}
	return [...project.schema.lake.tables.values()].flatMap((table) => {
		const found = made.get(fold(table.name))
		if (found === undefined) return [`table "${table.name}" is in the schema and in no migration`]
		const wanted = new Set(table.columns.map(({ name }) => fold(name)))
		return [
			...table.columns
				.filter(({ name }) => !found.has(fold(name)))
				.map(({ name }) => `column "${table.name}"."${name}" is in the schema and in no migration`),
			...[...found]
				.filter((name) => !wanted.has(name))
				.map((name) => `column "${table.name}"."${name}" is in the migrations and no more in the schema`),
		]
	})
}
