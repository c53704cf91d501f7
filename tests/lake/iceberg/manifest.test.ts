import avro from 'avsc'
import { describe, expect, it } from 'vitest'
import { writeAvroFile } from '../../../src/lake/avro/container.ts'
import type { AvroRecordSchema } from '../../../src/lake/avro/schema.ts'
import { createManifest, createManifestEntry, decodeManifest, encodeManifest } from '../../../src/lake/iceberg/manifest.ts'
import { decodeManifestList, encodeManifestList } from '../../../src/lake/iceberg/manifest-list.ts'
import { avroName } from '../../../src/lake/iceberg/manifest-schema.ts'
import { manifestMayMatch } from '../../../src/lake/iceberg/scan-planner.ts'
import type { IcebergManifest, IcebergManifestEntry } from '../../../src/lake/iceberg/types.ts'
import { emptyTable, fileOf, schema, spec } from './fixtures.ts'

const day = 86_400_000_000n
const rows = [
	{ 2: 'user-1', 4: 1n, 5: 19_000n * day, 101: 1.5, 102: 'a\u0000😀', 103: true, 104: Uint8Array.of(0, 255) },
	{ 2: 'user-1', 4: 2n ** 60n, 5: 19_000n * day + 1n, 101: -0.5, 103: false },
]
const file = fileOf('s3://lake/data/a.parquet', rows)

async function written(entries: readonly IcebergManifestEntry[]) {
	const bytes = await encodeManifest({ schema, spec, entries })
	const manifest = createManifest({
		manifestPath: 's3://lake/metadata/m0.avro',
		manifestLength: bytes.length,
		schema,
		spec,
		entries,
		sequenceNumber: 7,
		snapshotId: 42,
	})
	return { bytes, manifest }
}

describe('a manifest', () => {
	it('gives back its files, and its entries inherit what the list says', async () => {
		const { bytes, manifest } = await written([createManifestEntry(file)])
		const [entry] = await decodeManifest(bytes, { manifest, schemas: [schema], spec })
		expect(entry).toEqual({ status: 'added', snapshotId: 42, sequenceNumber: 7, fileSequenceNumber: 7, dataFile: file })
	})

	it('keeps what existing and deleted entries say themselves, also ids beyond 2^53', async () => {
		const entries: IcebergManifestEntry[] = [
			{ status: 'existing', snapshotId: 2n ** 62n + 1n, sequenceNumber: 3, fileSequenceNumber: 2, dataFile: file },
			{ status: 'deleted', snapshotId: 5, sequenceNumber: 4, fileSequenceNumber: 4, dataFile: file },
		]
		const { bytes, manifest } = await written(entries)
		expect(await decodeManifest(bytes, { manifest, schemas: [schema], spec })).toEqual(entries)
		expect(manifest).toMatchObject({ existingFilesCount: 1, existingRowsCount: 2, deletedFilesCount: 1, minSequenceNumber: 3 })
	})

	it('carries the field ids of the specification', async () => {
		const { bytes } = await written([createManifestEntry(file)])
		const header = avro.Type.forSchema({
			type: 'record',
			name: 'h',
			fields: [
				{ name: 'magic', type: { type: 'fixed', name: 'm', size: 4 } },
				{ name: 'meta', type: { type: 'map', values: 'bytes' } },
			],
		})
		const { meta } = header.decode(Buffer.from(bytes)).value as { meta: Record<string, Buffer> }
		const text = (key: string) => meta[key]?.toString() ?? ''
		expect(JSON.parse(text('schema'))).toEqual(schema)
		expect(JSON.parse(text('partition-spec'))).toEqual(spec.fields)
		expect([text('partition-spec-id'), text('format-version'), text('content'), text('schema-id')]).toEqual([
			'0',
			'2',
			'data',
			'0',
		])
		const ids = [
			...text('avro.schema').matchAll(
				/"name":"(\w+)"[^{}[\]]*?(?:"type":(?:"\w+"|\["null","\w+"\],"default":null),)"field-id":(\d+)/g,
			),
		]
		expect(Object.fromEntries(ids.map((match) => [match[1], Number(match[2])]))).toMatchObject({
			status: 0,
			snapshot_id: 1,
			sequence_number: 3,
			file_sequence_number: 4,
			content: 134,
			file_path: 100,
			file_format: 101,
			record_count: 103,
			file_size_in_bytes: 104,
			sort_order_id: 140,
			_shard_bucket: 1000,
		})
	})

	it('of a version 1 writer with other names is read by field ids', async () => {
		const v1: AvroRecordSchema = {
			type: 'record',
			name: 'manifest_entry',
			fields: [
				{ name: 'status', type: 'int', 'field-id': 0 },
				{ name: 'snapshot_id', type: 'long', 'field-id': 1 },
				{
					name: 'data_file',
					'field-id': 2,
					type: {
						type: 'record',
						name: 'r2',
						fields: [
							{ name: 'path', type: 'string', 'field-id': 100 },
							{ name: 'format', type: 'string', 'field-id': 101 },
							{
								name: 'partition',
								'field-id': 102,
								type: { type: 'record', name: 'r102', fields: [{ name: 'renamed', type: ['null', 'int'], 'field-id': 1001 }] },
							},
							{ name: 'record_count', type: 'long', 'field-id': 103 },
							{ name: 'file_size_in_bytes', type: 'long', 'field-id': 104 },
							{ name: 'block_size_in_bytes', type: 'long', 'field-id': 105 },
						],
					},
				},
			],
		}
		const record = {
			status: 1,
			snapshot_id: 9,
			data_file: {
				path: 's3://lake/b.parquet',
				format: 'parquet',
				partition: { renamed: 19_000 },
				record_count: 3,
				file_size_in_bytes: 10,
				block_size_in_bytes: 64,
			},
		}
		const bytes = await writeAvroFile({ schema: v1, records: [record], codec: 'deflate' })
		const { manifest } = await written([])
		const inherited: IcebergManifest = { ...manifest, sequenceNumber: 0, minSequenceNumber: 0 }
		const [entry] = await decodeManifest(bytes, { manifest: inherited, schemas: [schema], spec })
		expect(entry).toMatchObject({ status: 'added', snapshotId: 9, sequenceNumber: 0 })
		expect(entry?.dataFile).toMatchObject({
			filePath: 's3://lake/b.parquet',
			fileFormat: 'PARQUET',
			partition: { _shard_bucket: null, _ts_day: 19_000 },
			recordCount: 3,
		})
		expect(entry?.dataFile.lowerBounds.size).toBe(0)
	})

	it('gives what an entry leaves out: the numbers of its snapshot to what was added, of the oldest to what was there', async () => {
		const statuses = ['added', 'existing', 'deleted'] as const
		const { manifest, bytes } = await written(statuses.map((status) => ({ status, dataFile: file })))
		const inherited: IcebergManifest = { ...manifest, sequenceNumber: 7, minSequenceNumber: 3, addedSnapshotId: 99 }
		const entries = await decodeManifest(bytes, { manifest: inherited, schemas: [schema], spec })
		expect(entries.map(({ dataFile: _, ...entry }) => entry)).toEqual([
			{ status: 'added', snapshotId: 99, sequenceNumber: 7, fileSequenceNumber: 7 },
			{ status: 'existing', snapshotId: 99, sequenceNumber: 3, fileSequenceNumber: 3 },
			{ status: 'deleted', snapshotId: 99, sequenceNumber: 3, fileSequenceNumber: 3 },
		])
		const stated = await written([{ status: 'added', sequenceNumber: 5, dataFile: file }])
		const [entry] = await decodeManifest(stated.bytes, { manifest: inherited, schemas: [schema], spec })
		expect(entry).toMatchObject({ sequenceNumber: 5, fileSequenceNumber: 5 })
	})

	it('keeps the sums of data files, those that are known, and is corrupt where it has another number of them', async () => {
		const sums = [0, undefined, 0xffff_ffff]
		const entries = sums.map((crc32) => createManifestEntry({ ...file, ...(crc32 === undefined ? {} : { crc32 }) }))
		const { manifest, bytes } = await written(entries)
		const decode = (from: Uint8Array) => decodeManifest(from, { manifest, schemas: [schema], spec })
		expect((await decode(bytes)).map(({ dataFile }) => dataFile.crc32)).toEqual(sums)
		const text = Buffer.from(bytes).toString('latin1')
		const fewer = Buffer.from(text.replace('00000000,,ffffffff', '00000000;,ffffffff'), 'latin1')
		await expect(decode(fewer)).rejects.toMatchObject({
			code: 'LAKE_CORRUPT',
			message: expect.stringMatching(/m0\.avro.*expected 3 sums, found 2/),
		})
		const { bytes: without } = await written([createManifestEntry(file)])
		expect((await decode(without)).map(({ dataFile }) => dataFile)).toEqual([expect.not.objectContaining({ crc32: 0 })])
	})

	it('that holds something else is corrupt, naming the file and the field', async () => {
		const { manifest } = await written([])
		const bytes = await writeAvroFile({
			schema: { type: 'record', name: 'r', fields: [{ name: 'status', type: 'string' }] },
			records: [{ status: 'x' }],
		})
		await expect(decodeManifest(bytes, { manifest, schemas: [schema], spec })).rejects.toMatchObject({
			code: 'LAKE_CORRUPT',
			message: expect.stringMatching(/m0\.avro.*status.*expected a number, found x/),
		})
	})

	it('names partition fields as Avro allows', () => {
		expect(avroName('_shard_bucket')).toBe('_shard_bucket')
		expect(avroName('1st day')).toBe('_1st_x20day')
	})
})

describe('a manifest list', () => {
	it('gives back its manifests with their counts and partition ranges', async () => {
		const other = fileOf('s3://lake/data/b.parquet', [{ 2: 'user-2', 4: 3n, 5: 19_002n * day }])
		const { manifest } = await written([createManifestEntry(file), createManifestEntry(other)])
		expect(manifest).toMatchObject({
			addedFilesCount: 2,
			addedRowsCount: 3,
			partitions: [{ containsNull: false }, { containsNull: false, lowerBound: 19_000, upperBound: 19_002 }],
		})
		const table = emptyTable()
		const bytes = await encodeManifestList({
			table,
			manifests: [manifest],
			snapshotId: 42,
			parentSnapshotId: 41,
			sequenceNumber: 7,
		})
		expect(await decodeManifestList(bytes, { name: 'snap-42.avro', table })).toEqual([manifest])
	})

	it('of a version 1 writer that counts nothing is not taken for one without files', async () => {
		const v1: AvroRecordSchema = {
			type: 'record',
			name: 'manifest_file',
			fields: [
				{ name: 'manifest_path', type: 'string', 'field-id': 500 },
				{ name: 'manifest_length', type: 'long', 'field-id': 501 },
				{ name: 'partition_spec_id', type: 'int', 'field-id': 502 },
			],
		}
		const record = { manifest_path: 's3://lake/metadata/m0.avro', manifest_length: 10, partition_spec_id: 0 }
		const bytes = await writeAvroFile({ schema: v1, records: [record] })
		const [manifest] = await decodeManifestList(bytes, { name: 'snap-1.avro', table: emptyTable() })
		if (manifest === undefined) return expect.fail('no manifest')
		expect(manifest).toMatchObject({ content: 'data', sequenceNumber: 0, minSequenceNumber: 0, deletedFilesCount: 0 })
		// Either count alone says that there may be files: what was added once is what exists later.
		expect(manifest.addedFilesCount).toBeGreaterThan(0)
		expect(manifest.existingFilesCount).toBeGreaterThan(0)
		expect(manifestMayMatch(manifest, { op: 'alwaysTrue' }, [])).toBe(true)
		expect(manifestMayMatch({ ...manifest, addedFilesCount: 0 }, { op: 'alwaysTrue' }, [])).toBe(true)
		expect(manifestMayMatch({ ...manifest, addedFilesCount: 0, existingFilesCount: 0 }, { op: 'alwaysTrue' }, [])).toBe(false)
	})

	it('that names a partition spec the table does not have is corrupt', async () => {
		const { manifest } = await written([])
		const table = emptyTable()
		const foreign = { ...table, 'partition-specs': [{ ...spec, 'spec-id': 3 }] }
		const bytes = await encodeManifestList({ table, manifests: [manifest], snapshotId: 1, sequenceNumber: 1 })
		await expect(decodeManifestList(bytes, { name: 'snap-1.avro', table: foreign })).rejects.toMatchObject({
			code: 'LAKE_CORRUPT',
		})
	})
})
