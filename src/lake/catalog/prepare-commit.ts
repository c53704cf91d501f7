/**
 * From admitted commits to the files of one new snapshot for each table. Nothing is written here: the files have unique names,
 * and none of them counts before a catalog points to it.
 *
 * @module
 */
import { createManifest, createManifestEntry, encodeManifest } from '../iceberg/manifest.ts'
import { encodeManifestList } from '../iceberg/manifest-list.ts'
import { encodeTableMetadata } from '../iceberg/metadata-json.ts'
import { partitionSpecById } from '../iceberg/partition-spec.ts'
import { getCurrentSnapshot, getSnapshotById, newSnapshotId } from '../iceberg/snapshot.ts'
import { addSnapshot, currentSchema, logMetadata } from '../iceberg/table-metadata.ts'
import type {
	IcebergDataFile,
	IcebergManifest,
	IcebergManifestEntry,
	IcebergSnapshot,
	IcebergTableMetadata,
} from '../iceberg/types.ts'
import { lakePath } from '../lake-path.ts'
import { summedName } from '../summed-name.ts'
import { type AdmittedTable, metadataFolder } from './admit-changes.ts'
import type { CatalogTable, CommitRequest } from './catalog.ts'
import { mergeManifests } from './merge-manifests.ts'
import type { MetadataReader } from './metadata-reader.ts'

/** Commit ids that a snapshot summary names; a group of more is counted, since the summary stays in the metadata. */
const MAX_COMMIT_IDS = 8

/** An object to put, under a name that no other has. */
export interface PreparedObject {
	readonly key: string
	readonly bytes: Uint8Array
	readonly contentType: string
}

/** A table as it is after the commit. */
export interface PreparedTable extends CatalogTable {
	/** Absent where the table only came to be, or changed its schema. */
	readonly snapshotId?: number
	/** The metadata file's bytes. */
	readonly metadataBytes: Uint8Array
}

export interface PreparedCommit {
	readonly objects: readonly PreparedObject[]
	/** The tables that change, by name. */
	readonly tables: ReadonlyMap<string, PreparedTable>
	/** Tells the reader's cache what was written; call it once the commit stands. */
	readonly remember: () => void
}

export interface PrepareCommitOptions {
	/** Prefix of the lake's paths. */
	readonly location: string
	/** The commits, all for the same new version of the lake. */
	readonly requests: readonly CommitRequest[]
	/** What is to become of the tables, by name. */
	readonly admitted: ReadonlyMap<string, AdmittedTable>
	/** Current state of the tables that they touch. */
	readonly tables: ReadonlyMap<string, CatalogTable>
	readonly reader: MetadataReader
	/** Version of the lake after this commit; the same in the snapshots of all tables. */
	readonly version: number
	/** Milliseconds. */
	readonly now: number
}

/**
 * Prepares one snapshot for each table that the commits add files to.
 *
 * @throws `STORE_UNAVAILABLE` or `LAKE_CORRUPT` if an earlier manifest list or manifest cannot be read.
 */
export async function prepareCommit(options: PrepareCommitOptions): Promise<PreparedCommit> {
	const objects: PreparedObject[] = []
	const tables = new Map<string, PreparedTable>()
	const cached: (() => void)[] = []
	for (const [name, admitted] of options.admitted) {
		const table = await prepareTable(name, admitted, options, objects, cached)
		if (table !== null) tables.set(name, table)
	}
	return {
		objects,
		tables,
		remember: () => {
			for (const remember of cached) remember()
		},
	}
}

/** Prepares an object of the table. @returns its full path */
type PutNew = (stem: string, extension: '.avro' | '.metadata.json', bytes: Uint8Array) => string

async function prepareTable(
	name: string,
	{ metadata: evolved, dataFiles }: AdmittedTable,
	options: PrepareCommitOptions,
	objects: PreparedObject[],
	cached: (() => void)[],
): Promise<PreparedTable | null> {
	const { location, reader } = options
	const folder = metadataFolder(name)
	const before = options.tables.get(name)
	if (dataFiles.length === 0 && evolved === before?.metadata) return null

	const put: PutNew = (stem, extension, bytes) => {
		const key = `${folder}/${summedName(stem, extension, bytes)}`
		objects.push({ key, bytes, contentType: extension === '.avro' ? 'application/octet-stream' : 'application/json' })
		return lakePath(location, key)
	}
	let metadata =
		before === undefined ? evolved : logMetadata(evolved, before.metadataLocation, before.metadata['last-updated-ms'])
	let snapshotId: number | undefined
	if (dataFiles.length > 0) {
		snapshotId = unusedSnapshotId(metadata)
		metadata = addSnapshot(metadata, await prepareSnapshot(metadata, snapshotId, dataFiles, options, put, cached))
	}
	const metadataBytes = encodeTableMetadata(metadata)
	const metadataLocation = put(crypto.randomUUID(), '.metadata.json', metadataBytes)
	const table = metadata
	cached.push(() => reader.remember(metadataLocation, table, metadataBytes.byteLength))
	return { metadataLocation, metadata, metadataBytes, ...(snapshotId === undefined ? {} : { snapshotId }) }
}

async function prepareSnapshot(
	metadata: IcebergTableMetadata,
	snapshotId: number,
	dataFiles: readonly IcebergDataFile[],
	options: PrepareCommitOptions,
	put: PutNew,
	cached: (() => void)[],
): Promise<IcebergSnapshot> {
	const { reader, now } = options
	const schema = currentSchema(metadata)
	const spec = partitionSpecById(metadata, metadata['default-spec-id'])
	const parent = getCurrentSnapshot(metadata)
	const sequenceNumber = metadata['last-sequence-number'] + 1
	const uuid = crypto.randomUUID()
	const earlier = parent === null ? [] : await reader.readManifestList(parent['manifest-list'], metadata)
	const merge = await mergeManifests(earlier, spec['spec-id'], (manifest) => reader.readManifest(manifest, metadata))

	const groups: (readonly IcebergManifestEntry[])[] = [...merge.merged, dataFiles.map(createManifestEntry)]
	const written: IcebergManifest[] = []
	for (const [k, entries] of groups.entries()) {
		const bytes = await encodeManifest({ schema, spec, entries })
		const manifestPath = put(`${uuid}-m${k}`, '.avro', bytes)
		const manifest = createManifest({
			manifestPath,
			manifestLength: bytes.byteLength,
			schema,
			spec,
			entries,
			sequenceNumber,
			snapshotId,
		})
		written.push(manifest)
		const resolved = entries.map((entry) => ({
			...entry,
			snapshotId: entry.snapshotId ?? snapshotId,
			sequenceNumber: entry.sequenceNumber ?? sequenceNumber,
			fileSequenceNumber: entry.fileSequenceNumber ?? sequenceNumber,
		}))
		cached.push(() => reader.remember(manifestPath, resolved, bytes.byteLength))
	}
	const manifests = [...merge.kept, ...written]
	const list = await encodeManifestList({
		table: metadata,
		manifests,
		snapshotId,
		...(parent === null ? {} : { parentSnapshotId: parent['snapshot-id'] }),
		sequenceNumber,
	})
	const manifestList = put(`snap-${snapshotId}-${uuid}`, '.avro', list)
	cached.push(() => reader.remember(manifestList, manifests, list.byteLength))
	return {
		'snapshot-id': snapshotId,
		...(parent === null ? {} : { 'parent-snapshot-id': parent['snapshot-id'] }),
		'sequence-number': sequenceNumber,
		// Never before the parent: a clock that goes back must not reorder history.
		'timestamp-ms': Math.max(now, metadata['last-updated-ms']),
		'manifest-list': manifestList,
		summary: summaryOf(dataFiles, parent, options),
		'schema-id': schema['schema-id'],
	}
}

/** The summary of specification, appendix F, and what makes a snapshot ours. */
function summaryOf(
	dataFiles: readonly IcebergDataFile[],
	parent: IcebergSnapshot | null,
	{ requests, version }: PrepareCommitOptions,
): IcebergSnapshot['summary'] {
	const records = dataFiles.reduce((sum, file) => sum + file.recordCount, 0)
	const bytes = dataFiles.reduce((sum, file) => sum + file.fileSizeInBytes, 0)
	const partitions = new Set(dataFiles.map((file) => JSON.stringify(Object.values(file.partition), bigintText)))
	const total = (key: string, added: number) => {
		const before = parent === null ? 0 : Number(parent.summary[key])
		return Number.isSafeInteger(before + added) ? { [key]: String(before + added) } : {}
	}
	const commitIds = requests.map((request) => request.commitId)
	const epochs = new Set(requests.map((request) => request.epoch))
	const [epoch] = epochs
	return {
		operation: 'append',
		'added-data-files': String(dataFiles.length),
		'added-records': String(records),
		'added-files-size': String(bytes),
		'changed-partition-count': String(partitions.size),
		...total('total-data-files', dataFiles.length),
		...total('total-records', records),
		...total('total-files-size', bytes),
		'total-delete-files': '0',
		'total-position-deletes': '0',
		'total-equality-deletes': '0',
		'engine-name': 'sqlake',
		'sqlake.lake-version': String(version),
		'sqlake.commit-id': commitIds.slice(0, MAX_COMMIT_IDS).join(','),
		'sqlake.commits': String(commitIds.length),
		// Of a group the oldest: what every shard in it has delivered.
		'sqlake.watermark': String(Math.min(...requests.map((request) => request.watermark))),
		...(epochs.size === 1 ? { 'sqlake.epoch': String(epoch) } : {}),
	}
}

function unusedSnapshotId(metadata: IcebergTableMetadata): number {
	let id = newSnapshotId()
	while (getSnapshotById(metadata, id) !== null) id = newSnapshotId()
	return id
}

function bigintText(_key: string, value: unknown): unknown {
	return typeof value === 'bigint' ? String(value) : value
}
