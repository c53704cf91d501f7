/**
 * The triggers that write the buffer, three for each captured table.
 *
 * @module
 */

import { quoteIdentifier } from '../schema/quote-identifier.ts'
import { BUFFER, fitsBothImages, RowKind, tagOf, valueColumns } from './buffer.ts'
import type { Layout } from './layouts.ts'
import { balanced } from './query.ts'
import type { ShapeColumn } from './table-shape.ts'

/**
 * The moment of a change, in seconds with milliseconds behind the point. As a REAL it needs no arithmetic in the trigger; times
 * 1,000 and rounded it is exact. SQLite gives one moment throughout a statement, triggers included.
 */
export const NOW = "unixepoch('subsec')"

/**
 * Most bytes of text and blobs that the two images of an update may have in one row. A row may have 2 MB in production; an
 * update must not fail because its two images together have more.
 */
const MAX_SHARED_BYTES = 1_000_000

/** The operations that have a trigger. */
export const triggerOps = ['c', 'u', 'd'] as const
type TriggerOp = (typeof triggerOps)[number]

/** Name of a trigger. It holds the layout, not the table: RENAME TABLE keeps the names of triggers. */
export function triggerName(layout: number, op: TriggerOp): string {
	return `_cdc_l${layout}_${op}`
}

/** The layout of one of our triggers by its name; null for a trigger of the user's. */
export function layoutOfTrigger(name: string): number | null {
	const match = /^_cdc_l(\d+)_[cud]$/.exec(name)
	return match === null ? null : Number(match[1])
}

/**
 * CREATE TRIGGER for the three operations on a table.
 *
 * @param rowidAlias - the column that is another name of the rowid, if there is one
 */
export function triggerStatements(layout: Layout, rowidAlias: string | null): Record<TriggerOp, string> {
	const table = quoteIdentifier(layout.table)
	const size = layout.columns.length
	const after = layout.columns.map(({ name }) => `NEW.${quoteIdentifier(name)}`)
	const before = layout.columns.map(({ name }) => `OLD.${quoteIdentifier(name)}`)
	const insert = (kind: RowKind, values: readonly string[], condition = '') =>
		`INSERT INTO ${BUFFER} (ts, tag, ${valueColumns(0, values.length).join(', ')}) ` +
		`SELECT ${[NOW, tagOf(layout.id, kind), ...values].join(', ')} ${condition};`
	let update: string
	if (fitsBothImages(size)) {
		const bytes =
			balanced(
				layout.columns.flatMap((column) => (column.name === rowidAlias ? [] : bytesOf(column))),
				'+',
			) || '0'
		// In a trigger changes() counts the rows of its last statement, so the size is worked out once.
		update = [
			insert(RowKind.update, [...after, ...before], `WHERE ${bytes} <= ${MAX_SHARED_BYTES}`),
			insert(RowKind.before, before, 'WHERE changes() = 0'),
			insert(RowKind.after, after, 'WHERE changes() = 1'),
		].join(' ')
	} else {
		update = `${insert(RowKind.before, before)} ${insert(RowKind.after, after)}`
	}
	const changed = balanced(
		layout.columns.map((column) => (column.name === rowidAlias ? differs(column.name) : changedIn(column))),
		'OR',
	)
	const create = (op: TriggerOp, event: string, body: string) =>
		`CREATE TRIGGER ${triggerName(layout.id, op)} AFTER ${event} ON ${table} ${body} END`
	return {
		c: create('c', 'INSERT', `BEGIN ${insert(RowKind.create, after)}`),
		u: create('u', 'UPDATE', `WHEN ${changed} BEGIN ${update}`),
		d: create('d', 'DELETE', `BEGIN ${insert(RowKind.delete, before)}`),
	}
}

/** The columns that a `c` trigger names, in the order of the layout, as they are called now: RENAME COLUMN rewrites triggers. */
export function columnsNamedIn(createTrigger: string): string[] {
	const names = createTrigger.matchAll(/NEW\.("(?:[^"]|"")*"|[A-Za-z_][A-Za-z0-9_$]*)/gi)
	return [...names].map(([, name = '']) => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name))
}

/** Compares by value; explicit collation because IS would take the column's, under which texts that differ may be equal. */
function differs(name: string): string {
	const column = quoteIdentifier(name)
	return `OLD.${column} COLLATE BINARY IS NOT NEW.${column}`
}

/**
 * Tells whether a value changed, storage class included. IS NOT takes 1 and 1.0 as equal, so where affinity does not force one
 * class the classes are compared too:
 * - BLOB affinity stores anything as it comes; even -0.0 keeps its sign, which only atan2 tells from that of 0.0.
 * - INTEGER and NUMERIC turn a REAL without a fraction into an INTEGER, save for -2^63.
 * - REAL holds no INTEGER and no -0.0, TEXT holds no number.
 */
function changedIn({ name, affinity }: ShapeColumn): string {
	const column = quoteIdentifier(name)
	const classes = `typeof(OLD.${column}) <> typeof(NEW.${column})`
	switch (affinity) {
		case 'BLOB':
			return `(${differs(name)} OR ${classes} OR OLD.${column} = 0 AND atan2(OLD.${column}, -1) <> atan2(NEW.${column}, -1))`
		case 'INTEGER':
		case 'NUMERIC':
			return `(${differs(name)} OR OLD.${column} <= -9223372036854775808 AND ${classes})`
		default:
			return differs(name)
	}
}

/** Bytes of a column's two values. Any column may hold text or a blob; numbers are below every text in SQLite's order. */
function bytesOf({ name, affinity }: ShapeColumn): string[] {
	const column = quoteIdentifier(name)
	return [`OLD.${column}`, `NEW.${column}`].map((value) =>
		affinity === 'INTEGER' || affinity === 'REAL'
			? `(CASE WHEN ${value} >= '' THEN octet_length(${value}) ELSE 0 END)`
			: `ifnull(octet_length(${value}), 0)`,
	)
}
