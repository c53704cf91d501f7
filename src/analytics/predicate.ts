/**
 * Predicates over column names, for choosing files by what their metadata says of them.
 *
 * @module
 */
import { dataFileMayMatch } from '../lake/iceberg/scan-planner.ts'
import { ALWAYS_TRUE, type ScanPredicate } from '../lake/iceberg/scan-predicate.ts'
import { type PlainValue, typedValue } from '../lake/iceberg/typed-value.ts'
import type { IcebergDataFile, IcebergManifestEntry, IcebergSchema } from '../lake/iceberg/types.ts'

/** A value that a column is compared with, as JavaScript has it. */
export type PredicateValue = PlainValue

/** A predicate on one column. */
export type ColumnPredicate =
	| { readonly op: 'eq' | 'lt' | 'lte' | 'gt' | 'gte'; readonly column: string; readonly value: PredicateValue }
	| { readonly op: 'in'; readonly column: string; readonly values: readonly PredicateValue[] }
	| { readonly op: 'isNull'; readonly column: string }
	| { readonly op: 'notNull'; readonly column: string }

/** A predicate on the rows of a table. */
export type Predicate =
	| ColumnPredicate
	| { readonly op: 'and'; readonly operands: readonly Predicate[] }
	| { readonly op: 'or'; readonly operands: readonly Predicate[] }

/** What is known of the values of one column over the rows of a file. */
export interface ZoneMapStats {
	/** Not above any value. */
	readonly min?: PredicateValue | null
	/** Not below any value. */
	readonly max?: PredicateValue | null
	/** Absent: not known. */
	readonly nullCount?: number
}

/** A file with zone maps by column name. A column that is missing is not known. */
export interface ZoneMappedFile {
	readonly recordCount: number
	readonly columns: Readonly<Record<string, ZoneMapStats>>
}

/** The files that may hold a matching row, and how many cannot. */
export interface PruningResult<TFile> {
	readonly files: readonly TFile[]
	readonly pruned: number
}

/** Builds predicates; {@link P} is the one to use. */
export class PredicateBuilder {
	eq(column: string, value: PredicateValue): Predicate {
		return { op: 'eq', column, value }
	}
	lt(column: string, value: PredicateValue): Predicate {
		return { op: 'lt', column, value }
	}
	lte(column: string, value: PredicateValue): Predicate {
		return { op: 'lte', column, value }
	}
	gt(column: string, value: PredicateValue): Predicate {
		return { op: 'gt', column, value }
	}
	gte(column: string, value: PredicateValue): Predicate {
		return { op: 'gte', column, value }
	}
	/** `low <= column <= high`. */
	between(column: string, low: PredicateValue, high: PredicateValue): Predicate {
		return this.and(this.gte(column, low), this.lte(column, high))
	}
	in(column: string, values: readonly PredicateValue[]): Predicate {
		return { op: 'in', column, values }
	}
	isNull(column: string): Predicate {
		return { op: 'isNull', column }
	}
	notNull(column: string): Predicate {
		return { op: 'notNull', column }
	}
	and(...operands: readonly Predicate[]): Predicate {
		return { op: 'and', operands }
	}
	or(...operands: readonly Predicate[]): Predicate {
		return { op: 'or', operands }
	}
}

/**
 * Builds predicates.
 *
 * @example
 * P.and(P.eq('plan', 'pro'), P.gte('created_at', new Date('2026-01-01')))
 */
export const P: PredicateBuilder = new PredicateBuilder()

/**
 * Chooses the files that may hold a matching row, by their zone maps. Where nothing is known the file stays.
 *
 * @param files - files with zone maps by column name; or data files of an Iceberg table, whose bounds go by field id
 * @param schema - by which names find the columns of data files that know no schema themselves: those that
 *   `IcebergRegistry.dataFiles()` lists and `buildDataFileStats()` describes know theirs
 * @example
 * ```ts
 * const files = await registry.dataFiles('users_changes')
 * const relevant = filterDataFiles(files, P.and(P.eq('plan', 'pro'), P.gte('created_at', new Date('2026-01-01'))))
 * console.log(relevant.files.length, relevant.pruned)
 * ```
 */
export function filterDataFiles<TFile extends IcebergDataFile | ZoneMappedFile>(
	files: readonly TFile[],
	predicate: Predicate,
	schema?: IcebergSchema,
): PruningResult<TFile> {
	const predicates = new Map<IcebergSchema, ScanPredicate>()
	const predicateOver = (names: IcebergSchema): ScanPredicate => {
		const known = predicates.get(names) ?? scanPredicate(predicate, names)
		predicates.set(names, known)
		return known
	}
	const kept = files.filter((file) => {
		if ('columns' in file) return zonesMayMatch(file, predicate)
		const names = schema ?? file.schema
		return names === undefined || dataFileMayMatch(file, predicateOver(names), [])
	})
	return { files: kept, pruned: files.length - kept.length }
}

/** Chooses the live entries of a manifest whose files may hold a matching row. */
export function filterManifestEntries(
	entries: readonly IcebergManifestEntry[],
	predicate: Predicate,
	schema: IcebergSchema,
): PruningResult<IcebergManifestEntry> {
	const live = entries.filter(({ status }) => status !== 'deleted')
	const scan = scanPredicate(predicate, schema)
	const files = live.filter(({ dataFile }) => dataFileMayMatch(dataFile, scan, []))
	return { files, pruned: live.length - files.length }
}

/** The predicate over field ids. A column that the schema lacks, or a value of another kind, leaves files as they are. */
export function scanPredicate(predicate: Predicate, schema: IcebergSchema): ScanPredicate {
	if (predicate.op === 'and' || predicate.op === 'or') {
		const operands = predicate.operands.map((operand) => scanPredicate(operand, schema))
		return { op: predicate.op, operands }
	}
	const field = schema.fields.find(({ name }) => name === predicate.column)
	if (field === undefined) return ALWAYS_TRUE
	if (predicate.op === 'isNull' || predicate.op === 'notNull') return { op: predicate.op, fieldId: field.id }
	if (predicate.op === 'in') {
		const values = predicate.values.map((value) => typedValue(value, field))
		return values.every((value) => value !== undefined) ? { op: 'in', fieldId: field.id, values } : ALWAYS_TRUE
	}
	const value = typedValue(predicate.value, field)
	return value === undefined ? ALWAYS_TRUE : { op: predicate.op, fieldId: field.id, value }
}

function zonesMayMatch(file: ZoneMappedFile, predicate: Predicate): boolean {
	if (file.recordCount === 0) return false
	if (predicate.op === 'and') return predicate.operands.every((operand) => zonesMayMatch(file, operand))
	if (predicate.op === 'or') return predicate.operands.some((operand) => zonesMayMatch(file, operand))
	const zone = Object.hasOwn(file.columns, predicate.column) ? file.columns[predicate.column] : undefined
	if (zone === undefined) return true
	const { nullCount } = zone
	if (predicate.op === 'isNull') return nullCount !== 0
	if (nullCount === file.recordCount) return false
	const above = (value: PredicateValue) => order(zone.min, value)
	const below = (value: PredicateValue) => order(zone.max, value)
	const mayHold = (value: PredicateValue) => !(above(value) > 0) && !(below(value) < 0)
	switch (predicate.op) {
		case 'notNull':
			return true
		case 'in':
			return predicate.values.some(mayHold)
		case 'eq':
			return mayHold(predicate.value)
		case 'lt':
			return !(above(predicate.value) >= 0)
		case 'lte':
			return !(above(predicate.value) > 0)
		case 'gt':
			return !(below(predicate.value) <= 0)
		case 'gte':
			return !(below(predicate.value) < 0)
	}
}

/** NaN, of which every comparison is false, where the two cannot be compared. */
function order(bound: PredicateValue | null | undefined, value: PredicateValue): number {
	const [a, b] = [comparable(bound), comparable(value)]
	const numbers = ['number', 'bigint', 'boolean']
	if (typeof a !== typeof b && !(numbers.includes(typeof a) && numbers.includes(typeof b))) return Number.NaN
	if (a === undefined || b === undefined) return Number.NaN
	return a < b ? -1 : a > b ? 1 : a === b || Number(a) === Number(b) ? 0 : Number.NaN
}

function comparable(value: PredicateValue | null | undefined): string | number | bigint | boolean | undefined {
	if (value instanceof Date) return value.getTime()
	// Bytes and text beyond ASCII sort otherwise in JavaScript than in a file.
	if (value === null || value === undefined || value instanceof Uint8Array) return undefined
	return typeof value === 'string' && !/^[\0-\x7f]*$/.test(value) ? undefined : value
}
