import type { IcebergManifest, IcebergManifestEntry } from '../iceberg/types.ts'
import { mapLimit } from '../map-limit.ts'

/** This many small manifests are merged: a scan reads each of them. Iceberg's `commit.manifest.min-count-to-merge` has the same default. */
export const MERGE_COUNT = 100

/** A manifest of this size (bytes) is left alone. Iceberg aims at 8 MB; a Worker has 128 MB, and holds entries decoded. */
export const MERGED_BYTES = 2 * 1024 * 1024

/** What is left as it is, and what is to be written anew. */
export interface ManifestMerge {
	readonly kept: readonly IcebergManifest[]
	/** Entries of each new manifest. */
	readonly merged: readonly (readonly IcebergManifestEntry[])[]
}

/**
 * Decides whether a table has too many small manifests, and gathers their live entries into few. An entry keeps the snapshot and
 * the sequence number it came with.
 *
 * @param specId The partition spec that new manifests are written with; those of another spec stay.
 */
export async function mergeManifests(
	manifests: readonly IcebergManifest[],
	specId: number,
	read: (manifest: IcebergManifest) => Promise<readonly IcebergManifestEntry[]>,
): Promise<ManifestMerge> {
	const isSmall = (manifest: IcebergManifest) =>
		manifest.content === 'data' && manifest.partitionSpecId === specId && manifest.manifestLength < MERGED_BYTES
	const small = manifests.filter(isSmall)
	if (small.length < MERGE_COUNT) return { kept: manifests, merged: [] }
	const entries = await mapLimit(small, read)
	const merged: IcebergManifestEntry[][] = []
	let open: IcebergManifestEntry[] = []
	let bytes = 0
	for (const [i, manifest] of small.entries()) {
		for (const entry of entries[i] ?? []) if (entry.status !== 'deleted') open.push({ ...entry, status: 'existing' })
		bytes += manifest.manifestLength
		if (bytes >= MERGED_BYTES) {
			merged.push(open)
			open = []
			bytes = 0
		}
	}
	merged.push(open)
	return { kept: manifests.filter((manifest) => !isSmall(manifest)), merged: merged.filter((group) => group.length > 0) }
}
