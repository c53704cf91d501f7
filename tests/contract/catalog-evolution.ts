/**
 * What every catalog does when schemas change. {@link file://./catalog.ts} runs it as a part of the catalog contract.
 *
 * @module
 */
import { describe, expect, it } from 'vitest'
import { SQLakeError } from '../../src/errors.ts'
import type { Catalog, TableEvolution } from '../../src/lake/catalog/catalog.ts'
import { planEvolution } from '../../src/lake/catalog/plan-evolution.ts'
import { changesPartitionSpec } from '../../src/lake/change-table.ts'
import { getCurrentSnapshot } from '../../src/lake/iceberg/snapshot.ts'
import { currentSchema } from '../../src/lake/iceberg/table-metadata.ts'
import type { IcebergField, IcebergTableMetadata } from '../../src/lake/iceberg/types.ts'
import { schemaVersionOf } from '../../src/lake/schema-log.ts'
import { type CatalogHarness, contractCommit, contractSchema, filesOf } from './catalog-fixture.ts'
import { FaultyStore } from './faulty-store.ts'

const TABLE = 'users_changes'

const field = (id: number, name: string, type: IcebergField['type'] = 'string', required = false): IcebergField => ({
	id,
	name,
	required,
	type,
})
const own = contractSchema.fields.filter(({ id }) => id < 101)
const schemaWith = (...fields: readonly IcebergField[]) => ({ ...contractSchema, fields: [...own, ...fields] })

const id = field(101, 'id')
const v1 = schemaWith(id, field(102, 'email'), field(103, 'age', 'int'))
/** Renamed, promoted, added and moved. */
const v2 = schemaWith(field(103, 'age', 'long'), id, field(104, 'plan'), field(102, 'mail'))
/** Dropped, and the name `email` for another column. */
const v3 = schemaWith(id, field(102, 'mail'), field(105, 'email', 'double'))

const evolution = (schemaVersion: number, schema: TableEvolution['schema'], table = TABLE): TableEvolution => ({
	table,
	schema,
	schemaVersion,
})
const versions = [evolution(1, v1), evolution(2, v2), evolution(3, v3)]

const commitOf = (shard: string, from: number, { schema, schemaVersion }: Pick<TableEvolution, 'schema' | 'schemaVersion'>) => {
	const request = contractCommit(shard, from, from, { tables: ['users'], schema })
	return { ...request, appends: request.appends.map((append) => ({ ...append, schemaVersion })) }
}

async function metadataOf(catalog: Catalog, table = TABLE): Promise<IcebergTableMetadata> {
	const found = (await catalog.load()).tables.get(table)
	if (found === undefined) throw new Error(`expected a table ${table}`)
	return found.metadata
}

async function ownFields(catalog: Catalog, table = TABLE): Promise<string[]> {
	const { fields } = currentSchema(await metadataOf(catalog, table))
	return fields.filter(({ id }) => id >= 101).map(({ id, name, type }) => `${id} ${name} ${type}`)
}

const [first, second, third] = versions as [TableEvolution, TableEvolution, TableEvolution]
const FIELDS = [
	['101 id string', '102 email string', '103 age int'],
	['103 age long', '101 id string', '104 plan string', '102 mail string'],
	['101 id string', '102 mail string', '105 email double'],
] as const

/** @param fresh A lake that nobody has written to, and a catalog on it. */
export function catalogEvolutionContract(
	fresh: () => Promise<CatalogHarness & { readonly catalog: Catalog }>,
	contract: { readonly concurrentInstances: boolean },
): void {
	describe('evolves tables', () => {
		it('creating those that are not there, with no snapshot, and changing nothing the second time', async () => {
			const { catalog, store, open } = await fresh()
			const wanted = [first, evolution(1, schemaWith(id), 'orders_changes')]
			const planned = wanted.map((each) => planEvolution(undefined, each))
			const result = await catalog.evolve(wanted)
			expect(result).toEqual({ version: 1, tables: planned })
			expect(result.tables).toEqual([
				{
					table: TABLE,
					status: 'created',
					fromVersion: null,
					toVersion: 1,
					changes: [
						{ op: 'addColumn', name: 'id', type: 'string', fieldId: 101 },
						{ op: 'addColumn', name: 'email', type: 'string', fieldId: 102 },
						{ op: 'addColumn', name: 'age', type: 'int', fieldId: 103 },
					],
				},
				expect.objectContaining({ table: 'orders_changes', status: 'created' }),
			])
			for (const reader of [catalog, await open(store)]) {
				const { version, tables } = await reader.load()
				expect(version).toBe(1)
				expect([...tables.keys()].sort()).toEqual(['orders_changes', TABLE])
				const metadata = await metadataOf(reader)
				expect(getCurrentSnapshot(metadata)).toBeNull()
				expect(schemaVersionOf(metadata)).toBe(1)
				expect(metadata['partition-specs']).toEqual([changesPartitionSpec()])
			}
			const before = (await store.list({ prefix: '' })).objects
			const again = await (await open(store)).evolve(wanted)
			expect(again.version).toBe(1)
			expect(again.tables.map(({ status, changes }) => [status, changes])).toEqual([
				['unchanged', []],
				['unchanged', []],
			])
			expect((await store.list({ prefix: '' })).objects).toEqual(before)
			await catalog.commit(commitOf('a', 1, first))
			expect(await ownFields(catalog)).toEqual(FIELDS[0])
		})

		it('by field id: renaming, adding, dropping, promoting and moving columns, and tells what a plan tells', async () => {
			const { catalog } = await fresh()
			await catalog.evolve([first])
			for (const [i, wanted] of [second, third].entries()) {
				const plan = planEvolution(await metadataOf(catalog), wanted)
				expect((await catalog.evolve([wanted])).tables).toEqual([plan])
				expect(plan).toMatchObject({ status: 'evolved', fromVersion: i + 1, toVersion: i + 2 })
				expect(await ownFields(catalog)).toEqual(FIELDS[i + 1])
				if (i > 0) continue
				expect(plan.changes).toEqual([
					{ op: 'promoteColumn', name: 'age', type: 'long' },
					{ op: 'addColumn', name: 'plan', type: 'string', fieldId: 104 },
					{ op: 'renameColumn', name: 'email', to: 'mail' },
					{ op: 'moveColumn', name: 'age', after: null },
				])
			}
			const metadata = await metadataOf(catalog)
			expect(metadata).toMatchObject({ 'last-column-id': 105, 'current-schema-id': 2 })
			expect(metadata.schemas.map((schema) => schema['schema-id'])).toEqual([0, 1, 2])
			const mapping = JSON.parse(metadata.properties['schema.name-mapping.default'] ?? '[]')
			expect(mapping).toContainEqual({ 'field-id': 102, names: ['mail'] })
			expect(mapping).toContainEqual({ 'field-id': 105, names: ['email'] })
		})

		it('in the commit that brings a later version, and leaves the schema alone for files of an earlier one', async () => {
			const { catalog, store } = await fresh()
			await catalog.commit(commitOf('a', 1, first))
			await catalog.commit(commitOf('b', 1, second))
			await catalog.commit(commitOf('a', 2, first))
			expect(await ownFields(catalog)).toEqual(FIELDS[1])
			await catalog.commit(commitOf('c', 1, third))
			for (const [i, each] of versions.entries()) await catalog.commit(commitOf('abc'.charAt(i), i === 0 ? 3 : 2, each))
			expect(await ownFields(catalog)).toEqual(FIELDS[2])
			const metadata = await metadataOf(catalog)
			expect(metadata.snapshots.map((snapshot) => snapshot['schema-id'])).toEqual([0, 1, 1, 2, 2, 2, 2])
			expect(schemaVersionOf(metadata)).toBe(3)
			expect(await filesOf(catalog, store, TABLE)).toHaveLength(7)
		})

		it('with several versions of a table in one commit, for changes before and after a migration', async () => {
			const { catalog, store } = await fresh()
			const older = commitOf('a', 1, first)
			const newer = commitOf('a', 2, second)
			await catalog.commit({ ...older, toSeq: 2, appends: [...older.appends, ...newer.appends] })
			expect(await ownFields(catalog)).toEqual(FIELDS[1])
			expect(await filesOf(catalog, store, TABLE)).toHaveLength(2)
		})

		it('and takes files with columns that came and went before the lake heard of them, whose ids are not given out again', async () => {
			const { catalog } = await fresh()
			await catalog.commit(commitOf('a', 1, first))
			await catalog.commit(commitOf('c', 1, evolution(3, schemaWith(id, field(102, 'mail')))))
			await catalog.commit(commitOf('b', 1, second))
			expect(await metadataOf(catalog)).toMatchObject({ 'last-column-id': 104 })
			const refused = evolution(4, schemaWith(id, field(104, 'plan', 'double')))
			await expect(catalog.evolve([refused])).rejects.toMatchObject({ code: 'SCHEMA_EVOLUTION' })
			await catalog.evolve([evolution(4, schemaWith(id))])
			expect(await metadataOf(catalog)).toMatchObject({ 'last-column-id': 104 })
		})

		it('all of them or none, and refuses what would make rows unreadable', async () => {
			const { catalog } = await fresh()
			await catalog.evolve([third])
			await catalog.commit(commitOf('a', 1, third))
			const before = await catalog.load()
			const wrong = {
				'another type': evolution(4, schemaWith(id, field(102, 'mail', 'long'))),
				'a type that a dropped column had not': evolution(4, schemaWith(id, field(105, 'email', 'string'))),
				'a required column': evolution(4, schemaWith(id, field(106, 'new', 'string', true))),
				'a name twice': evolution(4, schemaWith(id, field(106, 'mail'), field(102, 'mail'))),
				"none of the lake's own columns": evolution(4, { ...contractSchema, fields: [id] }),
			}
			for (const [why, each] of Object.entries(wrong)) {
				const outcome = catalog.evolve([evolution(1, schemaWith(id), 'orders_changes'), each])
				await expect(outcome, why).rejects.toMatchObject({ code: 'SCHEMA_EVOLUTION' })
				await expect(catalog.commit(commitOf('a', 2, each)), why).rejects.toMatchObject({ code: 'SCHEMA_EVOLUTION' })
			}
			const older = commitOf('b', 1, evolution(2, schemaWith(id, field(102, 'mail', 'long'))))
			await expect(catalog.commit(older)).rejects.toMatchObject({ code: 'SCHEMA_EVOLUTION' })
			for (const tables of [[first, first], [{ ...first, table: '' }], [{ ...first, schemaVersion: -1 }]]) {
				await expect(catalog.evolve(tables)).rejects.toMatchObject({ code: 'RPC_INVALID' })
			}
			expect(await catalog.load()).toEqual(before)
		})

		it('and refuses files without a version under another name than their fields have had', async () => {
			const { catalog } = await fresh()
			await catalog.commit(commitOf('a', 1, evolution(0, v1)))
			await catalog.evolve([second])
			await catalog.commit(commitOf('a', 2, evolution(0, v1)))
			const mixedUp = schemaWith(id, field(102, 'age'), field(103, 'email', 'int'))
			await expect(catalog.commit(commitOf('a', 3, evolution(0, mixedUp)))).rejects.toMatchObject({
				code: 'SCHEMA_EVOLUTION',
				message: expect.stringContaining('"age"'),
			})
			// The other way round: a manifest whose ids are not those that the lake has given by the order of the columns.
			await catalog.evolve([evolution(0, schemaWith(id, field(102, 'name'), field(103, 'email')), 'orders_changes')])
			const otherIds = evolution(1, schemaWith(id, field(102, 'email'), field(103, 'name')), 'orders_changes')
			await expect(catalog.evolve([otherIds])).rejects.toMatchObject({ code: 'SCHEMA_EVOLUTION' })
		})

		it('back to an earlier version only when it is forced, and forward again by the next commit of a later one', async () => {
			const { catalog } = await fresh()
			await catalog.commit(commitOf('a', 1, second))
			expect((await catalog.evolve([first])).tables).toEqual([
				{ table: TABLE, status: 'newer', fromVersion: 2, toVersion: 2, changes: [] },
			])
			expect(await ownFields(catalog)).toEqual(FIELDS[1])
			const plan = planEvolution(await metadataOf(catalog), first, { force: true })
			const back = await catalog.evolve([first], { force: true })
			expect(back.tables).toEqual([plan])
			expect(plan).toMatchObject({ status: 'evolved', fromVersion: 2, toVersion: 1 })
			// A type is never narrowed: files hold values of the wider one.
			expect(await ownFields(catalog)).toEqual(['101 id string', '102 email string', '103 age long'])
			expect((await catalog.evolve([first], { force: true })).tables[0]?.status).toBe('unchanged')
			expect(await metadataOf(catalog)).toMatchObject({ 'last-column-id': 104 })
			await catalog.commit(commitOf('b', 1, first))
			await catalog.commit(commitOf('a', 2, second))
			expect(await ownFields(catalog)).toEqual(FIELDS[1])
			expect(schemaVersionOf(await metadataOf(catalog))).toBe(2)
		})

		it('while others commit: in the end the latest version stands, and every commit is in once', async () => {
			const { catalog, store, open } = await fresh()
			const shards = Array.from({ length: 9 }, (_, i) => `s${i}`)
			const instances = contract.concurrentInstances ? [catalog, await open(store), await open(store)] : [catalog]
			const on = (i: number) => instances[i % instances.length] ?? catalog
			await Promise.all([
				...shards.map(async (shard, i) => {
					for (const [n, each] of versions.slice(i % 3).entries()) await on(i).commit(commitOf(shard, n + 1, each))
				}),
				...versions.map((each, i) => on(i).evolve([each])),
			])
			expect(await ownFields(catalog)).toEqual(FIELDS[2])
			expect(schemaVersionOf(await metadataOf(catalog))).toBe(3)
			const files = await filesOf(catalog, store, TABLE)
			expect(files).toHaveLength(18)
			expect(new Set(files).size).toBe(18)
		})

		it('once, whichever call to the store fails before or after taking effect', { timeout: 60_000 }, async () => {
			const run = async (fault: 'before' | 'after' | 'late', failing: number) => {
				const { catalog, store, open } = await fresh()
				await catalog.commit(commitOf('a', 1, first))
				const faulty = new FaultyStore(store, (_call, index) => (index === failing ? fault : undefined))
				for (let attempt = 1; ; attempt++) {
					try {
						await (await open(faulty)).evolve([third])
						break
					} catch (error) {
						if (!SQLakeError.is(error, 'STORE_UNAVAILABLE') || attempt === 5) throw error
					}
				}
				await faulty.settle()
				const after = await open(store)
				expect(await ownFields(after)).toEqual(FIELDS[2])
				expect((await metadataOf(after)).schemas).toHaveLength(2)
				await after.commit(commitOf('a', 2, first))
				expect(await filesOf(after, store, TABLE)).toHaveLength(2)
				return faulty.calls.length
			}
			const calls = await run('before', -1)
			for (const fault of ['before', 'after', 'late'] as const) {
				for (let index = 0; index < calls; index++) await run(fault, index)
			}
		})
	})
}
