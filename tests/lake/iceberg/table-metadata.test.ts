import { describe, expect, it } from 'vitest'
import { decodeTableMetadata, encodeTableMetadata } from '../../../src/lake/iceberg/metadata-json.ts'
import {
	getCurrentSnapshot,
	getSnapshotAsOf,
	getSnapshotById,
	getSnapshotsInRange,
	newSnapshotId,
} from '../../../src/lake/iceberg/snapshot.ts'
import {
	addSnapshot,
	createTableMetadata,
	currentSchema,
	MAX_UNUSED_SCHEMAS,
	setCurrentSchema,
} from '../../../src/lake/iceberg/table-metadata.ts'
import type { IcebergSnapshot, IcebergTableMetadata, SnapshotId } from '../../../src/lake/iceberg/types.ts'
import { emptyTable, schema } from './fixtures.ts'

const snapshot = (id: SnapshotId, sequenceNumber: number, moment: number): IcebergSnapshot => ({
	'snapshot-id': id,
	'sequence-number': sequenceNumber,
	'timestamp-ms': moment,
	'manifest-list': `s3://lake/metadata/snap-${id}.avro`,
	summary: { operation: 'append' },
	'schema-id': 0,
})

const tableWith = (count: number): IcebergTableMetadata => {
	let table = emptyTable()
	for (let i = 1; i <= count; i++) {
		table = addSnapshot(table, snapshot(i, i, 1000 + i * 10), { previousMetadataLocation: `m${i - 1}.json` })
	}
	return table
}

describe('a new table', () => {
	it('is empty and names every field in its name mapping', () => {
		const table = emptyTable()
		expect(table).toMatchObject({ 'format-version': 2, 'last-column-id': 104, 'last-partition-id': 1001, snapshots: [] })
		expect(getCurrentSnapshot(table)).toBeNull()
		expect(JSON.parse(table.properties['schema.name-mapping.default'] ?? '')[0]).toEqual({ 'field-id': 2, names: ['_shard'] })
	})

	it('is refused with a malformed schema', () => {
		const create = (...fields: { id: number; name: string }[]) =>
			createTableMetadata({
				location: 'x',
				schema: { type: 'struct', 'schema-id': 0, fields: fields.map((field) => ({ ...field, required: false, type: 'long' })) },
			})
		expect(() => create({ id: 1, name: 'a' }, { id: 1, name: 'b' })).toThrow(/field id 1: expected one field, found "a" and "b"/)
		expect(() => create({ id: 1, name: 'a' }, { id: 2, name: 'a' })).toThrow(/name of its own/)
		expect(() => create({ id: 0, name: 'a' })).toThrow(/positive id/)
	})
})

describe('snapshots', () => {
	it('are found by id, by moment and by range', () => {
		const table = tableWith(3)
		expect(getCurrentSnapshot(table)?.['snapshot-id']).toBe(3)
		expect(getSnapshotById(table, 2n)?.['snapshot-id']).toBe(2)
		expect(getSnapshotById(table, 9)).toBeNull()
		expect(getSnapshotAsOf(table, 1009)).toBeNull()
		expect(getSnapshotAsOf(table, 1010)?.['snapshot-id']).toBe(1)
		expect(getSnapshotAsOf(table, 1029)?.['snapshot-id']).toBe(2)
		expect(getSnapshotAsOf(table, 1e15)?.['snapshot-id']).toBe(3)
		expect(getSnapshotsInRange(table, 1010, 1030).map((each) => each['snapshot-id'])).toEqual([1, 2])
	})

	it('beyond the bound leave oldest first, but for tagged ones, and history keeps no hole', () => {
		let table = tableWith(5)
		table = { ...table, refs: { ...table.refs, keep: { 'snapshot-id': 1, type: 'tag' } } }
		table = addSnapshot(table, snapshot(6, 6, 2000), { maxSnapshots: 4 })
		expect(table.snapshots.map((each) => each['snapshot-id'])).toEqual([1, 4, 5, 6])
		expect(table['snapshot-log'].map((each) => each['snapshot-id'])).toEqual([4, 5, 6])
	})

	it('are bounded by 500, and earlier metadata files by 100', () => {
		const table = tableWith(520)
		expect(table.snapshots).toHaveLength(500)
		expect(table['snapshot-log']).toHaveLength(500)
		expect(table['metadata-log']).toHaveLength(100)
		expect(table['metadata-log'].at(-1)).toMatchObject({ 'metadata-file': 'm519.json' })
		expect(encodeTableMetadata(table).length).toBeLessThan(500_000)
	})

	it('need a sequence number above the last and an id of their own', () => {
		expect(() => addSnapshot(tableWith(2), snapshot(9, 2, 5000))).toThrow(/expected a sequence number above 2/)
		expect(() => addSnapshot(tableWith(2), snapshot(1, 3, 5000))).toThrow(/id of its own/)
	})

	it('have ids that a double holds', () => {
		for (let i = 0; i < 1000; i++) {
			const id = newSnapshotId()
			expect(Number.isSafeInteger(id) && id > 0).toBe(true)
		}
	})
})

describe('metadata files', () => {
	it('come back as they were written', () => {
		const table = tableWith(3)
		expect(decodeTableMetadata(encodeTableMetadata(table), 'm.json')).toEqual(table)
	})

	it("keep another writer's 64-bit snapshot ids to the last digit", () => {
		const id = 8_744_736_658_442_914_487n
		const table = addSnapshot(tableWith(1), { ...snapshot(id, 2, 3000), 'parent-snapshot-id': 2n ** 62n + 1n })
		const bytes = encodeTableMetadata(table)
		expect(new TextDecoder().decode(bytes)).toContain('"snapshot-id":8744736658442914487')
		const decoded = decodeTableMetadata(bytes, 'm.json')
		expect(decoded).toEqual(table)
		expect(getCurrentSnapshot(decoded)).toMatchObject({ 'snapshot-id': id, 'parent-snapshot-id': 2n ** 62n + 1n })
		expect(decoded.snapshots[0]?.['snapshot-id']).toBe(1)
	})

	it('that are none are corrupt, saying what was expected and found', () => {
		const decode = (text: string) => () => decodeTableMetadata(new TextEncoder().encode(text), 'm.json')
		expect(decode('{"format')).toThrow(/"m.json" is not JSON/)
		expect(decode('[]')).toThrow(/expected an object/)
		expect(decode('{"format-version":3}')).toThrow(/expected format-version 2, found 3/)
		expect(decode(JSON.stringify({ ...emptyTable(), schemas: 5 }))).toThrow(/expected a list in schemas, found 5/)
		expect(decode(JSON.stringify({ ...emptyTable(), snapshots: [{}] }))).toThrow(/expected a snapshot-id, found undefined/)
	})
})

describe('a schema change', () => {
	it('gets a new id, and the name mapping learns the new names', () => {
		const fields = [...schema.fields, { id: 105, name: 'note', required: false, type: 'string' as const }]
		const table = setCurrentSchema(emptyTable(), { ...schema, fields }, 5000)
		expect(table).toMatchObject({ 'current-schema-id': 1, 'last-column-id': 105 })
		expect(table.schemas).toHaveLength(2)
		expect(currentSchema(table).fields).toHaveLength(8)
		expect(table.properties['schema.name-mapping.default']).toContain('"note"')
	})

	it('leaves sixteen schemas that nothing was written with, the newest first, and never the current or the newest', () => {
		const added = (n: number) => ({
			...schema,
			fields: [...schema.fields, { id: 200 + n, name: `c${n}`, required: false, type: 'string' as const }],
		})
		let table = addSnapshot(emptyTable(), snapshot(1, 1, 1000))
		for (let n = 1; n <= MAX_UNUSED_SCHEMAS + 4; n++) table = setCurrentSchema(table, added(n), 2000 + n)
		const ids = (of: IcebergTableMetadata) => of.schemas.map((each) => each['schema-id'])
		// Schema 0 has a snapshot, 20 is current; of the others the newest sixteen stay.
		expect(ids(table)).toEqual([0, ...Array.from({ length: MAX_UNUSED_SCHEMAS }, (_, i) => i + 4), MAX_UNUSED_SCHEMAS + 4])
		// Back to the first: the newest stays, for its id is not to be given out again.
		table = setCurrentSchema(table, schema, 3000)
		expect(table['current-schema-id']).toBe(0)
		expect(ids(table)).toContain(MAX_UNUSED_SCHEMAS + 4)
		for (let n = 50; n < 50 + 3 * MAX_UNUSED_SCHEMAS; n++) {
			const before = Math.max(...ids(table))
			table = setCurrentSchema(setCurrentSchema(table, added(n), 4000), schema, 4001)
			expect(Math.max(...ids(table))).toBe(before + 1)
			expect(ids(table)).toContain(0)
		}
		// The first, which is current, the newest, and sixteen that nothing needs.
		expect(table.schemas).toHaveLength(MAX_UNUSED_SCHEMAS + 2)
	})
})
