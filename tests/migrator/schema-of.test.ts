import { describe, expect, it } from 'vitest'
import type { Migration, MigrationManifest } from '../../src/migrator/manifest.ts'
import { schemaOf } from '../../src/migrator/schema-of.ts'
import type { LakeSchema, TableSchema } from '../../src/schema/table-schema.ts'

const table = (name: string, version: number): TableSchema => ({
	name,
	property: name,
	columns: [],
	primaryKey: [],
	shardKey: null,
	version,
})
const migration = (idx: number, tables?: Migration['tables']): Migration => ({
	idx,
	tag: `000${idx}`,
	when: idx,
	sql: '',
	hash: '',
	checksum: '',
	down: null,
	...(tables === undefined ? {} : { tables }),
})

const users1 = table('users', 1)
const users2 = table('users', 2)
const people = table('people', 3)
const orders = table('orders', 1)
const manifest: MigrationManifest = {
	formatVersion: 1,
	version: 4,
	migrations: [
		migration(0, { users: users1, orders }),
		migration(1, { users: users2 }),
		migration(2),
		migration(3, { users: null, people }),
	],
	tables: { people: table('people', 4), orders },
	lastFieldIds: {},
}
const lake: LakeSchema = {
	tables: new Map([
		['people', table('people', 0)],
		['orders', table('orders', 0)],
		['extra', table('extra', 0)],
	]),
	storage: 'columns',
	cdc: true,
	bucketBinding: 'SQLAKE_BUCKET',
	variantColumn: '_row',
}
const versions = (applied: number) =>
	Object.fromEntries(Array.from(schemaOf(manifest, lake, applied).tables, ([name, { version }]) => [name, version]))

describe('schemaOf', () => {
	it('folds the tables of the migrations that an object has', () => {
		expect(versions(0)).toEqual({ extra: 0 })
		expect(versions(1)).toEqual({ orders: 1, users: 1, extra: 0 })
		expect(versions(2)).toEqual({ orders: 1, users: 2, extra: 0 })
		expect(versions(3)).toEqual({ orders: 1, users: 2, extra: 0 })
	})

	it('takes the newest tables of the manifest where all migrations are applied, with what needed none', () => {
		expect(versions(4)).toEqual({ people: 4, orders: 1, extra: 0 })
	})

	it('keeps the options of the schema, and the order of its tables', () => {
		expect(schemaOf(manifest, lake, 4)).toMatchObject({ storage: 'columns', bucketBinding: 'SQLAKE_BUCKET' })
		expect([...schemaOf(manifest, lake, 4).tables.keys()]).toEqual(['people', 'orders', 'extra'])
	})

	it('leaves the schema as it is for a manifest that knows of no tables', () => {
		expect(schemaOf({ ...manifest, migrations: [migration(0)], tables: {} }, lake, 0)).toBe(lake)
	})
})
