import { describe, expect, it } from 'vitest'
import { MERGE_COUNT, MERGED_BYTES, mergeManifests } from '../../../src/lake/catalog/merge-manifests.ts'
import { createManifestEntry } from '../../../src/lake/iceberg/manifest.ts'
import type { IcebergManifest, IcebergManifestEntry } from '../../../src/lake/iceberg/types.ts'
import { contractFile } from '../../contract/catalog-fixture.ts'

const SPEC = 3

function manifest(n: number, change: Partial<IcebergManifest> = {}): IcebergManifest {
	return {
		manifestPath: `s3://lake/m${n}.avro`,
		manifestLength: 1_000,
		partitionSpecId: SPEC,
		content: 'data',
		sequenceNumber: n,
		minSequenceNumber: n,
		addedSnapshotId: n,
		addedFilesCount: 1,
		existingFilesCount: 0,
		deletedFilesCount: 0,
		addedRowsCount: 1,
		existingRowsCount: 0,
		deletedRowsCount: 0,
		partitions: [],
		...change,
	}
}

const many = (count: number, change: Partial<IcebergManifest> = {}) =>
	Array.from({ length: count }, (_, n) => manifest(n, change))

/** One file a manifest, as a reader resolves it, with the status given. */
const entriesOf =
	(statusOf: (n: number) => IcebergManifestEntry['status'] = () => 'added') =>
	async ({ sequenceNumber: n }: IcebergManifest): Promise<readonly IcebergManifestEntry[]> => [
		{
			...createManifestEntry(contractFile('users', 'a', n + 1, n + 1)),
			status: statusOf(n),
			snapshotId: n,
			sequenceNumber: n,
			fileSequenceNumber: n,
		},
	]

const refuse = async (): Promise<never> => {
	throw new Error('nothing is to be read')
}

describe('manifests of a table', () => {
	it('stay, and are not read, while there are fewer small ones than are merged', async () => {
		const manifests = many(MERGE_COUNT - 1)
		expect(await mergeManifests(manifests, SPEC, refuse)).toEqual({ kept: manifests, merged: [] })
	})

	it('are merged into one once there are so many, each file with the snapshot and sequence number that it came with', async () => {
		const { kept, merged } = await mergeManifests(many(MERGE_COUNT), SPEC, entriesOf())
		expect(kept).toEqual([])
		expect(merged).toHaveLength(1)
		expect(merged[0]?.map(({ status, snapshotId, sequenceNumber }) => [status, snapshotId, sequenceNumber])).toEqual(
			many(MERGE_COUNT).map((_, n) => ['existing', n, n]),
		)
	})

	it('that are of another partition spec, of deletes, or large already, neither count nor are merged', async () => {
		const others = [
			manifest(1_000, { partitionSpecId: SPEC + 1 }),
			manifest(1_001, { content: 'deletes' }),
			manifest(1_002, { manifestLength: MERGED_BYTES }),
		]
		const few = [...many(MERGE_COUNT - 1), ...others]
		expect(await mergeManifests(few, SPEC, refuse)).toEqual({ kept: few, merged: [] })
		const { kept, merged } = await mergeManifests([...many(MERGE_COUNT), ...others], SPEC, entriesOf())
		expect(kept).toEqual(others)
		expect(merged.flat()).toHaveLength(MERGE_COUNT)
		const almost = many(MERGE_COUNT, { manifestLength: MERGED_BYTES - 1 })
		expect((await mergeManifests(almost, SPEC, entriesOf())).kept).toEqual([])
	})

	it('do not bring a file back that was deleted', async () => {
		const { merged } = await mergeManifests(
			many(MERGE_COUNT),
			SPEC,
			entriesOf((n) => (n % 2 === 0 ? 'deleted' : 'existing')),
		)
		expect(merged.flat().map(({ sequenceNumber }) => sequenceNumber)).toEqual(
			many(MERGE_COUNT).flatMap((_, n) => (n % 2 === 0 ? [] : [n])),
		)
		const none = await mergeManifests(
			many(MERGE_COUNT),
			SPEC,
			entriesOf(() => 'deleted'),
		)
		expect(none).toEqual({ kept: [], merged: [] })
	})

	it('are gathered into as many as keep each near the size that is merged to', async () => {
		const { merged } = await mergeManifests(many(MERGE_COUNT, { manifestLength: MERGED_BYTES / 4 }), SPEC, entriesOf())
		expect(merged.map((entries) => entries.length)).toEqual(many(MERGE_COUNT / 4).map(() => 4))
	})
})
