/**
 * drizzle-kit's own studio over D1, on a database in memory: `node drizzle-kit-studio.ts <port>`. It cannot be closed, so it has a
 * process of its own.
 */
import { DatabaseSync } from 'node:sqlite'
import { startStudioSQLiteServer } from 'drizzle-kit/api'
import { studioRelations, studioSetup, studioTables } from './studio-fixture.ts'

const database = new DatabaseSync(':memory:')
for (const sql of studioSetup) database.exec(sql)

/** As D1's prepared statement, as far as drizzle-kit calls it. */
const prepare = (sql: string, params: (string | number | null)[] = []) => ({
	sql,
	bind: (...values: (string | number | null)[]) => prepare(sql, values),
	all: async () => ({ results: database.prepare(sql).all(...params) }),
	run: async () => database.prepare(sql).run(...params),
	raw: async () =>
		database
			.prepare(sql)
			.all(...params)
			.map((row) => Object.values(row)),
})

const binding = {
	prepare,
	batch: async (statements: { readonly sql: string }[]) => {
		database.exec('BEGIN')
		try {
			const results = statements.map(({ sql }) => ({ results: database.prepare(sql).all() }))
			database.exec('COMMIT')
			return results
		} catch (error) {
			database.exec('ROLLBACK')
			throw error
		}
	},
}

type Options = Parameters<typeof startStudioSQLiteServer>[1]
await startStudioSQLiteServer({ ...studioTables, ...studioRelations }, { driver: 'd1', binding } as unknown as Options, {
	port: Number(process.argv[2]),
})
