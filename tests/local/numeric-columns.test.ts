import { describe, expect, it, onTestFinished } from 'vitest'
import { integer, numeric, text } from '../../src/columns.ts'
import { tableEvolutions } from '../../src/lake/change-table.ts'
import { currentSchema } from '../../src/lake/iceberg/table-metadata.ts'
import { LocalRouter } from '../../src/local/local-router.ts'
import { SQLake, type SQLakeDatabase } from '../../src/schema/database.ts'
import type { LakeSchema, LakeType } from '../../src/schema/table-schema.ts'
import { placesIn, temporaryDirectory } from './fixture.ts'

const bills = SQLake({
	bills: { id: text('id').primaryKey(), day: numeric('day'), total: numeric('total'), n: integer('n') },
	shard: { bills: 'id' },
})

/** The same schema as code had it that held numeric columns as doubles. */
function asBefore<T extends SQLakeDatabase>(schema: T): T {
	const tables = [...schema.lake.tables].map(([name, table]) => {
		const columns = table.columns.map((column) => ({
			...column,
			lakeType: column.mode === 'numeric' ? ('double' as LakeType) : column.lakeType,
		}))
		return [name, { ...table, columns }] as const
	})
	return { ...schema, lake: { ...schema.lake, tables: new Map(tables) } }
}

/** The schema as the first version of a manifest has it. */
const versioned = (lake: LakeSchema): LakeSchema => ({
	...lake,
	tables: new Map([...lake.tables].map(([name, table]) => [name, { ...table, version: 1 }])),
})

const open = (directory: string, schema: typeof bills) => {
	const router = new LocalRouter({ schema, ...placesIn(directory) })
	onTestFinished(() => router.close())
	return router
}
const typesOf = async (router: LocalRouter<typeof bills>) => {
	const table = (await router.catalog.load()).tables.get('bills_changes')
	return table === undefined
		? []
		: currentSchema(table.metadata).fields.flatMap(({ name, type }) => (/^(?:day|total)$/.test(name) ? [type] : []))
}

describe('numeric columns', { timeout: 30_000 }, () => {
	it('are text in a new lake', async () => {
		const router = open(await temporaryDirectory(), bills)
		await router.sql`INSERT INTO bills VALUES ('a', '2026-01-15', 9.99, 1)`.run()
		await router.flush()
		expect(await typesOf(router)).toEqual(['string', 'string'])
		expect(await router.sql.analytics`SELECT day, total FROM bills`.all()).toEqual([{ day: '2026-01-15', total: 9.99 }])
	})

	it('stay doubles in a lake that has them so: what old shards wrote can be read, old and new shards go on writing', async () => {
		const directory = await temporaryDirectory()
		const before = open(directory, asBefore(bills))
		await before.sql`INSERT INTO bills VALUES ('old', '2026-01-15', 9.99, 1)`.run()
		await before.sql`INSERT INTO bills VALUES ('gone', '2026-01-16', 9007199254740993, 2)`.run()
		await before.flush()
		expect(await typesOf(before)).toEqual(['double', 'double'])
		await before.close()

		const router = open(directory, bills)
		expect(await router.sql.analytics`SELECT id, day, total FROM bills ORDER BY id`.all()).toEqual([
			{ id: 'gone', day: '2026-01-16', total: 9_007_199_254_740_993n },
			{ id: 'old', day: '2026-01-15', total: 9.99 },
		])
		// A manifest that says text is no other schema to the lake.
		const [evolved] = (await router.catalog.evolve(tableEvolutions(versioned(bills.lake)))).tables
		expect(evolved).toMatchObject({ table: 'bills_changes', toVersion: 1, changes: [] })
		await router.sql`INSERT INTO bills VALUES ('new', '2026-02-01', 5, 3)`.run()
		await router.sql`UPDATE bills SET total = '1e400', day = '2026-03-01' WHERE id = 'old'`.run()
		await router.sql`DELETE FROM bills WHERE id = 'gone'`.run()
		await router.flush()
		expect(await typesOf(router)).toEqual(['double', 'double'])
		const rows = await router.sql
			.analytics`SELECT id, strftime('%m', day) AS m, total, typeof(total) AS t FROM bills WHERE day >= '2026-02-01' ORDER BY day`.all()
		expect(rows).toEqual([
			{ id: 'new', m: '02', total: 5, t: 'integer' },
			{ id: 'old', m: '03', total: Number.POSITIVE_INFINITY, t: 'real' },
		])
	})
})
