/**
 * Reads changes out of the buffer, or of a table shaped like it, into columns.
 *
 * @module
 */

import { SQLakeError } from '../errors.ts'
import { fold } from '../schema/fold.ts'
import type { LakeSchema, TableSchema } from '../schema/table-schema.ts'
import { kindOf, layoutOf, RowKind, tagOf, valueColumns } from './buffer.ts'
import type { ChangeOp, ColumnVector, TableChanges } from './change-batch.ts'
import { isVersioned, type Layout } from './layouts.ts'
import { allRows, firstRow, textOf } from './query.ts'
import { concatVectors, type ExactReader, nullVector, toVector } from './vectors.ts'

/** What to read. Positions are inclusive. */
export interface ReadOptions {
	readonly schema: LakeSchema
	readonly layouts: readonly Layout[]
	/** The buffer or a table shaped like it. */
	readonly source: string
	readonly fromSeq: number
	readonly toSeq: number
	/** No change gets an earlier moment, in milliseconds since the epoch. */
	readonly earliest: number
}

/** The changes of one layout: arrays of one entry a change, columns in the order of the layout. */
interface Segment {
	readonly layout: Layout
	readonly op: ChangeOp[]
	readonly seq: number[]
	readonly ts: number[]
	readonly row: readonly ColumnVector[]
	readonly before: readonly ColumnVector[] | null
}

/** The changes of a range, table by table. */
export interface ChangesRead {
	readonly tables: readonly TableChanges[]
	/** As in a `ChangeBatch`. */
	readonly raisedBy: number
}

/** Reads the changes of a range. Moments are made non-decreasing over all tables. */
export function readChanges(sql: SqlStorage, options: ReadOptions): ChangesRead {
	const byTable = new Map<string, { table: TableSchema; segments: Segment[] }>()
	const { layouts, rows } = layoutsIn(sql, options)
	for (const [layout, kinds] of layouts) {
		const table = tableOf(layout, options.schema)
		// Changes from before and after a migration may be in one range: each as the lake knows them.
		const key = `${table.version ?? 0} ${fold(table.name)}`
		const entry = byTable.get(key) ?? { table, segments: [] }
		byTable.set(key, entry)
		const [kind] = kinds
		const plain = rows !== null && (kind === RowKind.create || kind === RowKind.delete)
		entry.segments.push(plain ? readPlainSegment(sql, layout, kind, rows, options) : readSegment(sql, layout, kinds, options))
	}
	const tables = [...byTable.values()].map(({ table, segments }) => assemble(table, segments))
	return { tables, raisedBy: makeMonotone(tables, options.earliest) }
}

/** What the lake is told of the rows of a layout. */
function tableOf({ schema, table }: Layout, current: LakeSchema): TableSchema {
	if (isVersioned(schema)) return schema
	// A table that left the schema is still delivered, as it was described last.
	return [...current.tables.values()].find(({ name }) => fold(name) === fold(table)) ?? schema
}

/** What kinds of rows a range holds. */
interface RangeContents {
	/** Oldest first: a table's layouts follow each other, so this is the order of changes too. */
	readonly layouts: ReadonlyMap<Layout, ReadonlySet<number>>
	/** How many rows there are, where all have one tag; null where tags are mixed. */
	readonly rows: number | null
}

function layoutsIn(sql: SqlStorage, { source, fromSeq, toSeq, layouts }: ReadOptions): RangeContents {
	const range = `FROM ${source} WHERE seq BETWEEN ? AND ? AND tag <> 0`
	// Most ranges hold one kind of row of one table; finding the distinct tags of others needs a sorter.
	const [least, most, rows] = firstRow(sql, `SELECT min(tag), max(tag), count(*) ${range}`, fromSeq, toSeq) ?? []
	if (!rows) return { layouts: new Map(), rows: null }
	const single = least === most
	const tags = single ? [[least]] : allRows(sql, `SELECT DISTINCT tag ${range}`, fromSeq, toSeq)
	const found = new Map<Layout, Set<number>>()
	for (const tag of tags.map(([value]) => Number(value)).sort((a, b) => a - b)) {
		const layout = layouts.find(({ id }) => id === layoutOf(tag))
		if (layout === undefined) throw new SQLakeError('INTERNAL', `change buffer: expected a layout ${layoutOf(tag)}, found none`)
		found.set(layout, (found.get(layout) ?? new Set()).add(kindOf(tag)))
	}
	return { layouts: found, rows: single ? Number(rows) : null }
}

/**
 * Reads a range that holds nothing but creations, or nothing but deletions, of one layout: by far the most of what is read. No
 * tag is looked at, no position where there is no gap between them, and the arrays have their length from the start.
 */
function readPlainSegment(
	sql: SqlStorage,
	layout: Layout,
	kind: typeof RowKind.create | typeof RowKind.delete,
	rows: number,
	{ source, fromSeq, toSeq }: ReadOptions,
): Segment {
	const size = layout.columns.length
	const gapless = rows === toSeq - fromSeq + 1
	const range = `FROM ${source} WHERE seq BETWEEN ${fromSeq} AND ${toSeq} AND tag <> 0`
	const seq = Array.from({ length: rows }, (_, index) => fromSeq + index)
	const ts = new Array<number>(rows).fill(0)
	const columns = Array.from({ length: size }, () => new Array<SqlStorageValue>(rows).fill(null))
	let at = 0
	for (const values of sql
		.exec(`SELECT ts, ${gapless ? '0' : 'seq'}, ${valueColumns(0, size).join(', ')} ${range} ORDER BY seq`)
		.raw()) {
		ts[at] = Math.round((values[0] as number) * 1000)
		if (!gapless) seq[at] = values[1] as number
		for (let index = 0; index < size; index++) (columns[index] as SqlStorageValue[])[at] = values[2 + index] as SqlStorageValue
		at++
	}
	const row = layout.columns.map(({ affinity }, index) =>
		toVector(columns[index] ?? [], affinity, exactReader(sql, seq, [`v${index} ${range}`])),
	)
	return { layout, op: new Array<ChangeOp>(rows).fill(kind === RowKind.create ? 'c' : 'd'), seq, ts, row, before: null }
}

function readSegment(
	sql: SqlStorage,
	layout: Layout,
	present: ReadonlySet<number>,
	{ source, fromSeq, toSeq }: ReadOptions,
): Segment {
	const size = layout.columns.length
	const range = (...kinds: RowKind[]) =>
		`FROM ${source} WHERE seq BETWEEN ${fromSeq} AND ${toSeq} AND tag IN (${kinds.map((kind) => tagOf(layout.id, kind)).join(', ')})`
	const kinds = Object.values(RowKind).filter((kind) => present.has(kind))
	const shared = present.has(RowKind.update)
	const split = present.has(RowKind.before)
	const hasBefore = shared || split
	const width = shared ? 2 * size : size

	const op: ChangeOp[] = []
	const seq: number[] = []
	const ts: number[] = []
	const beforeSeq: number[] = []
	const row: SqlStorageValue[][] = Array.from({ length: size }, () => [])
	const before: SqlStorageValue[][] = Array.from({ length: hasBefore ? size : 0 }, () => [])
	let held: readonly SqlStorageValue[] | null = null
	const cursor = sql.exec(`SELECT seq, ts, tag, ${valueColumns(0, width).join(', ')} ${range(...kinds)} ORDER BY seq`).raw()
	for (const values of cursor) {
		const kind = kindOf(values[2] as number)
		if (kind === RowKind.before) {
			held = values
			continue
		}
		op.push(kind === RowKind.create ? 'c' : kind === RowKind.delete ? 'd' : 'u')
		seq.push(values[0] as number)
		ts.push(Math.round((values[1] as number) * 1000))
		// Plain loops: an iterator's pairs would cost as much as the read itself.
		for (let index = 0; index < size; index++) row[index]?.push(values[3 + index] as SqlStorageValue)
		if (!hasBefore) continue
		const image = kind === RowKind.update ? values : kind === RowKind.after ? held : null
		const offset = kind === RowKind.update ? 3 + size : 3
		beforeSeq.push(image === null ? 0 : (image[0] as number))
		for (let index = 0; index < size; index++) {
			before[index]?.push(image === null ? null : (image[offset + index] as SqlStorageValue))
		}
	}
	const exactRow = (index: number): ExactReader => exactReader(sql, seq, [`v${index} ${range(...kinds)}`])
	const exactBefore = (index: number): ExactReader =>
		exactReader(sql, beforeSeq, [
			...(shared ? [`v${size + index} ${range(RowKind.update)}`] : []),
			...(split ? [`v${index} ${range(RowKind.before)}`] : []),
		])
	const vectors = (columns: SqlStorageValue[][], exact: (index: number) => ExactReader) =>
		layout.columns.map(({ affinity }, index) => toVector(columns[index] ?? [], affinity, exact(index)))
	return { layout, op, seq, ts, row: vectors(row, exactRow), before: hasBefore ? vectors(before, exactBefore) : null }
}

/**
 * Reads the values of a column again.
 *
 * @param seqs - for each index the position of the row that holds the value
 * @param sources - `<column> FROM ... WHERE ...`
 */
function exactReader(sql: SqlStorage, seqs: readonly number[], sources: readonly string[]): ExactReader {
	const read = <T>(storageClass: string, type: string, convert: (value: SqlStorageValue | undefined) => T) => {
		const bySeq = new Map<number, T>()
		for (const source of sources) {
			const column = source.slice(0, source.indexOf(' '))
			const query = `SELECT seq, CAST(${column} AS ${type}) ${source.slice(column.length + 1)} AND typeof(${column}) = '${storageClass}'`
			for (const [seq, value] of sql.exec(query).raw()) bySeq.set(Number(seq), convert(value))
		}
		const byIndex = new Map<number, T>()
		for (const [index, seq] of seqs.entries()) {
			const value = bySeq.get(seq)
			if (value !== undefined) byIndex.set(index, value)
		}
		return byIndex
	}
	return {
		integers: () => read('integer', 'TEXT', (value) => BigInt(textOf(value))),
		texts: () => read('text', 'BLOB', (value) => new Uint8Array(value as ArrayBuffer)),
	}
}

/** Puts the segments of a table behind each other, with their columns in the order of the table's description. */
function assemble(table: TableSchema, segments: readonly Segment[]): TableChanges {
	const hasBefore = segments.some(({ before }) => before !== null)
	const vectorsOf = (image: 'row' | 'before') =>
		table.columns.map(({ name, fieldId, affinity }) =>
			concatVectors(
				segments.map((segment) => {
					const { layout } = segment
					const index = isVersioned(layout.schema)
						? layout.fields.indexOf(fieldId)
						: layout.columns.findIndex((column) => fold(column.name) === fold(name))
					return segment[image]?.[index] ?? nullVector(affinity, segment.seq.length)
				}),
			),
		)
	const op = segments.flatMap((segment) => segment.op)
	return {
		table,
		length: op.length,
		op,
		seq: segments.flatMap(({ seq }) => seq),
		ts: segments.flatMap(({ ts }) => ts),
		row: vectorsOf('row'),
		before: hasBefore ? vectorsOf('before') : null,
	}
}

/**
 * Raises moments to the latest one before them, in the order of changes over all tables: clocks are set back at times.
 *
 * @returns by how much at most, in milliseconds.
 */
function makeMonotone(tables: readonly TableChanges[], earliest: number): number {
	const next = tables.map(() => 0)
	const heads = tables.map(({ seq }) => seq[0] ?? Number.POSITIVE_INFINITY)
	let latest = earliest
	let raisedBy = 0
	for (;;) {
		let first = 0
		for (let index = 1; index < heads.length; index++) if ((heads[index] ?? 0) < (heads[first] ?? 0)) first = index
		const changes = tables[first]
		if (changes === undefined || heads[first] === Number.POSITIVE_INFINITY) return raisedBy
		const index = next[first] ?? 0
		const ts = changes.ts[index] ?? 0
		latest = Math.max(latest, ts)
		raisedBy = Math.max(raisedBy, latest - ts)
		;(changes.ts as number[])[index] = latest
		next[first] = index + 1
		heads[first] = changes.seq[index + 1] ?? Number.POSITIVE_INFINITY
	}
}
