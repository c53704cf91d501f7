/**
 * Which files a scan has to read (Iceberg specification, "Scan Planning"). Pure: manifests and entries in, a choice out.
 *
 * The law: a file that holds a row for which the predicate is true is never left out. Where something is not known, such as a
 * missing bound, the file stays.
 *
 * @module
 */
import type { TypedPartitionField } from './partition-spec.ts'
import { mayMatch, type ScanLeaf, type ScanPredicate, type ScanValue } from './scan-predicate.ts'
import { applyTransform, parseTransform } from './transform.ts'
import type { IcebergDataFile, IcebergFieldSummary, IcebergManifest, IcebergManifestEntry, IcebergValue } from './types.ts'
import { compareIcebergValues } from './value-order.ts'

/** What is known of the values of a column, or of a partition field, over some rows. */
interface Domain {
	/** Not above any value; null where it is not known. */
	readonly lower: IcebergValue
	/** Not below any value; null where it is not known. */
	readonly upper: IcebergValue
	readonly mayBeNull: boolean
	/** Whether there may be a value that is not NULL. */
	readonly mayBeValue: boolean
}

const UNKNOWN: Domain = { lower: null, upper: null, mayBeNull: true, mayBeValue: true }

/**
 * Tells whether a manifest may list a file with a matching row, by the ranges of its partition fields.
 *
 * @param partition The fields of the manifest's own partition spec.
 */
export function manifestMayMatch(
	manifest: IcebergManifest,
	predicate: ScanPredicate,
	partition: readonly TypedPartitionField[],
): boolean {
	if (manifest.addedFilesCount === 0 && manifest.existingFilesCount === 0) return false
	const domains = manifest.partitions.map(summaryDomain)
	return mayMatch(predicate, (leaf) => partitionMayMatch(leaf, partition, (_field, index) => domains[index] ?? UNKNOWN))
}

/**
 * Tells whether a file may hold a matching row, by its partition and by the bounds and counts of its columns.
 *
 * @param partition The fields of the partition spec that the file was written with.
 */
export function dataFileMayMatch(
	file: IcebergDataFile,
	predicate: ScanPredicate,
	partition: readonly TypedPartitionField[],
): boolean {
	if (file.recordCount === 0) return false
	return mayMatch(
		predicate,
		(leaf) =>
			leafMayMatch(leaf, columnDomain(file, leaf.fieldId)) &&
			partitionMayMatch(leaf, partition, ({ field }) => valueDomain(file.partition[field.name])),
	)
}

/** Entries to read, and how many were left out. */
export interface ScanPlan {
	readonly files: readonly IcebergDataFile[]
	/** Live files of the entries that no matching row can be in. */
	readonly pruned: number
}

/** Chooses among the entries of manifests that were written with one partition spec. Deleted entries count as nothing. */
export function planScan(options: {
	readonly entries: Iterable<IcebergManifestEntry>
	readonly predicate: ScanPredicate
	readonly partition: readonly TypedPartitionField[]
}): ScanPlan {
	const files: IcebergDataFile[] = []
	let pruned = 0
	for (const { status, dataFile } of options.entries) {
		if (status === 'deleted') continue
		if (dataFileMayMatch(dataFile, options.predicate, options.partition)) files.push(dataFile)
		else pruned++
	}
	return { files, pruned }
}

function leafMayMatch(leaf: ScanLeaf, domain: Domain): boolean {
	switch (leaf.op) {
		case 'isNull':
			return domain.mayBeNull
		case 'notNull':
			return domain.mayBeValue
		case 'in':
			return leaf.values.some((value) => rangeMayHold(domain, value))
		case 'eq':
			return rangeMayHold(domain, leaf.value)
		case 'lt':
			return domain.mayBeValue && !(compare(domain.lower, leaf.value) >= 0)
		case 'lte':
			return domain.mayBeValue && !(compare(domain.lower, leaf.value) > 0)
		case 'gt':
			return domain.mayBeValue && !(compare(domain.upper, leaf.value) <= 0)
		case 'gte':
			return domain.mayBeValue && !(compare(domain.upper, leaf.value) < 0)
	}
}

function rangeMayHold(domain: Domain, value: ScanValue): boolean {
	return domain.mayBeValue && !(compare(domain.lower, value) > 0) && !(compare(domain.upper, value) < 0)
}

/** NaN, of which every comparison is false, where a bound is not known or not of the value's kind. */
function compare(bound: IcebergValue, value: ScanValue): number {
	return compareIcebergValues(bound, value)
}

function columnDomain(file: IcebergDataFile, fieldId: number): Domain {
	const values = file.valueCounts.get(fieldId)
	const nulls = file.nullValueCounts.get(fieldId)
	return {
		lower: file.lowerBounds.get(fieldId) ?? null,
		upper: file.upperBounds.get(fieldId) ?? null,
		mayBeNull: nulls !== 0,
		mayBeValue: values === undefined || nulls === undefined || nulls < values,
	}
}

function summaryDomain(summary: IcebergFieldSummary): Domain {
	const { lowerBound = null, upperBound = null, containsNull } = summary
	// Without bounds there are only NULLs, says the specification; a bound that could not be read looks the same, so this proves nothing.
	return { lower: lowerBound, upper: upperBound, mayBeNull: containsNull, mayBeValue: true }
}

function valueDomain(value: IcebergValue | undefined): Domain {
	if (value === undefined) return UNKNOWN
	return { lower: value, upper: value, mayBeNull: value === null, mayBeValue: value !== null }
}

/** A leaf, projected through each transform of its column, must be possible for every partition field. */
function partitionMayMatch(
	leaf: ScanLeaf,
	partition: readonly TypedPartitionField[],
	domainOf: (field: TypedPartitionField, index: number) => Domain,
): boolean {
	return partition.every((field, index) => {
		if (field.field['source-id'] !== leaf.fieldId) return true
		const projected = project(leaf, field)
		return projected === null || leafMayMatch(projected, domainOf(field, index))
	})
}

/** The weakest condition on a partition value that every matching row meets; null where there is none. */
function project(leaf: ScanLeaf, { field, sourceType }: TypedPartitionField): ScanLeaf | null {
	const { kind } = parseTransform(field.transform)
	if (kind === 'void' || kind === 'unknown') return null
	if (!('value' in leaf || 'values' in leaf)) return leaf
	const through = (value: ScanValue): ScanValue | null => {
		try {
			return applyTransform(field.transform, sourceType, value)
		} catch {
			// A value of another kind than the column, such as text for a number: the predicate is not ours to judge.
			return null
		}
	}
	if ('values' in leaf) {
		const values = leaf.values.map(through)
		return values.every((value) => value !== null) ? { ...leaf, values } : null
	}
	const value = through(leaf.value)
	if (value === null) return null
	if (leaf.op === 'eq') return { ...leaf, value }
	if (kind === 'bucket') return null
	if (kind === 'identity') return { ...leaf, value }
	// The other transforms keep the order but join neighbours: x < v gives T(x) <= T(v).
	return { ...leaf, op: leaf.op === 'lt' || leaf.op === 'lte' ? 'lte' : 'gte', value }
}
