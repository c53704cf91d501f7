import type { ChangeOp, ColumnVector, TableChanges } from '../../../src/cdc/change-batch.ts'
import { type SqlValue, TextBytes } from '../../../src/schema/sql-value.ts'
import type { ColumnSchema, LakeSchema, TableSchema } from '../../../src/schema/table-schema.ts'

/** A column of a kind that tests care about, by a short name. */
const kinds = {
	text: { declaredType: 'text', affinity: 'TEXT', mode: 'text', lakeType: 'string' },
	json: { declaredType: 'text', affinity: 'TEXT', mode: 'json', lakeType: 'string' },
	integer: { declaredType: 'integer', affinity: 'INTEGER', mode: 'number', lakeType: 'long' },
	boolean: { declaredType: 'integer', affinity: 'INTEGER', mode: 'boolean', lakeType: 'boolean' },
	timestamp: { declaredType: 'integer', affinity: 'INTEGER', mode: 'timestamp', lakeType: 'timestamptz' },
	timestamp_ms: { declaredType: 'integer', affinity: 'INTEGER', mode: 'timestamp_ms', lakeType: 'timestamptz' },
	real: { declaredType: 'real', affinity: 'REAL', mode: 'real', lakeType: 'double' },
	numeric: { declaredType: 'numeric', affinity: 'NUMERIC', mode: 'numeric', lakeType: 'string' },
	/** As lakes had it before. */
	numeric_double: { declaredType: 'numeric', affinity: 'NUMERIC', mode: 'numeric', lakeType: 'double' },
	blob: { declaredType: 'blob', affinity: 'BLOB', mode: 'blob', lakeType: 'binary' },
} as const

export type SampleKind = keyof typeof kinds

export const sampleKinds = Object.keys(kinds) as SampleKind[]

/** A table whose first column is its key. */
export function sampleTable(columns: Readonly<Record<string, SampleKind>>, name = 'things'): TableSchema {
	const entries = Object.entries(columns)
	const [key] = entries
	return {
		name,
		property: name,
		columns: entries.map(
			([column, kind], i): ColumnSchema => ({
				name: column,
				property: column,
				fieldId: 101 + i,
				notNull: false,
				generated: false,
				...kinds[kind],
			}),
		),
		primaryKey: key === undefined ? [] : [key[0]],
		shardKey: key === undefined ? [] : [key[0]],
	}
}

export function sampleLake(table: TableSchema, storage: LakeSchema['storage'] = 'columns'): LakeSchema {
	return { tables: new Map([[table.name, table]]), storage, cdc: true, bucketBinding: 'SQLAKE_BUCKET', variantColumn: '_row' }
}

/** One change, as tests write it. */
export interface SampleChange {
	readonly op?: ChangeOp
	readonly row: readonly SqlValue[]
	readonly before?: readonly SqlValue[]
}

/** Changes with their vectors on the fast path where their values allow it, as capture builds them. */
export function sampleChanges(table: TableSchema, changes: readonly SampleChange[], firstSeq = 1): TableChanges {
	return {
		table,
		length: changes.length,
		op: changes.map(({ op = 'c' }) => op),
		seq: changes.map((_, i) => firstSeq + i),
		ts: changes.map((_, i) => 1_735_689_600_000 + Math.floor(i / 3)),
		row: table.columns.map((_, i) => vectorOf(changes.map(({ row }) => row[i] ?? null))),
		before: changes.some(({ op }) => op === 'u')
			? table.columns.map((_, i) => vectorOf(changes.map(({ before }) => before?.[i] ?? null)))
			: null,
	}
}

/** The narrowest vector that holds the values. */
export function vectorOf(values: readonly SqlValue[]): ColumnVector {
	const all = (test: (value: SqlValue) => boolean) => values.every((value) => value === null || test(value))
	if (all((value) => typeof value === 'bigint' && Number.isSafeInteger(Number(value)))) {
		return { kind: 'integer', values: values.map((value) => (value === null ? null : Number(value))) }
	}
	if (all((value) => typeof value === 'number')) return { kind: 'real', values: values as (number | null)[] }
	if (all((value) => typeof value === 'string')) return { kind: 'text', values: values as (string | null)[] }
	if (all((value) => value instanceof Uint8Array)) return { kind: 'blob', values: values as (Uint8Array | null)[] }
	return { kind: 'mixed', values }
}

/** A form of a value in which two are equal exactly if SQLite holds them alike, to the last bit and the storage class. */
export function exact(value: SqlValue): string {
	if (value === null) return 'NULL'
	if (typeof value === 'bigint') return `INTEGER ${value}`
	if (typeof value === 'string') return `TEXT ${JSON.stringify(value)}`
	if (typeof value === 'number') {
		return `REAL ${new BigInt64Array(new Float64Array([value]).buffer)[0]}`
	}
	return value instanceof TextBytes ? `TEXT ${value.bytes}` : `BLOB ${value}`
}
