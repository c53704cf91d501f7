/**
 * Puts capture in place and keeps it there: called after migrations and on every start.
 *
 * @module
 */

import { SQLakeError } from '../errors.ts'
import { fold } from '../schema/fold.ts'
import { quoteIdentifier } from '../schema/quote-identifier.ts'
import type { LakeSchema, TableSchema } from '../schema/table-schema.ts'
import { backfill, restate, writeRows } from './backfill.ts'
import { BUFFER, ensureWidth, MAX_VALUES, RowKind, widthFor } from './buffer.ts'
import { ensureDeadLetters } from './dead-letters.ts'
import { captureDifference, staleRows } from './difference.ts'
import { addEpoch } from './epochs.ts'
import { ensureLayouts, fieldsOf, isInUse, isVersioned, type Layout, readLayouts, writeLayout } from './layouts.ts'
import { firstRow } from './query.ts'
import { refuseEndlessTriggers } from './recursion.ts'
import { ensureState } from './state.ts'
import { dropTriggers, ensureTriggers, isWatched, readTriggers, type StoredTrigger } from './stored-triggers.ts'
import { readShapes, type TableShape } from './table-shape.ts'
import { columnsNamedIn, triggerName, triggerStatements } from './triggers.ts'

/** A table to capture: as the database has it and as the schema describes it. */
interface WantedTable extends TableShape {
	readonly schema: TableSchema
}

/**
 * Installs capture for the tables of a schema that the shard's database has. Does nothing that is already done.
 *
 * A table that is new to capture is back-filled; rows that changed without a trigger (the table got a new name, or a column with a
 * default, or the lake another field for a column) are restated. Where changes may have gone by unseen (the table was rebuilt
 * and lost its triggers, or was dropped and created anew) the shard's history has a gap: a new epoch begins with all rows of all
 * tables.
 *
 * @throws SQLakeError CAPTURE_RECURSIVE_TRIGGER for a trigger that would fire itself without end, CAPTURE_INSTALL otherwise.
 */
export function installCapture(storage: DurableObjectStorage, schema: LakeSchema): void {
	install(storage, (_, shapes) => wantedShapes(schema, shapes))
}

/**
 * As {@link installCapture}, between two statements of a migration. Tables go by their old description until the end, when their
 * names and columns are what the new one says; a table that is new is captured then, with the rows that it has.
 */
export function settleCapture(storage: DurableObjectStorage): void {
	install(storage, (layouts, shapes) =>
		layouts.filter(isInUse).flatMap(({ table, schema }) => {
			const shape = shapes.get(fold(table))
			return shape === undefined ? [] : [{ ...shape, schema }]
		}),
	)
}

function install(
	storage: DurableObjectStorage,
	wantedOf: (layouts: readonly Layout[], shapes: ReadonlyMap<string, TableShape>) => WantedTable[],
): void {
	const { sql } = storage
	resumeCapture(sql)
	storage.transactionSync(() => {
		ensureState(sql)
		ensureLayouts(sql)
		const triggers = readTriggers(sql)
		refuseEndlessTriggers(triggers.filter(({ layout }) => layout === null).map((trigger) => trigger.sql))
		const before = readLayouts(sql)
		const layouts = followRenames(sql, before, triggers)
		const wanted = wantedOf(layouts, readShapes(sql))
		retireUnwanted(sql, layouts, wanted)
		const width = Math.max(1, ...wanted.map(({ columns }) => widthFor(columns.length)))
		ensureWidth(sql, BUFFER, width)
		ensureDeadLetters(sql, width)

		const catchUps: (() => void)[] = []
		let gap = false
		for (const shape of wanted) {
			const current = layouts.find((layout) => isInUse(layout) && isCalled(layout.table, shape.name))
			const layout = ensureLayout(sql, shape, current)
			ensureTriggers(sql, triggers, layout, Object.values(triggerStatements(layout, shape.rowidAlias)))
			const continuous = current?.status === 'released' || (current !== undefined && isWatched(triggers, current.id))
			const catchUp = catchUpOf(sql, { layout, current, layouts, before, continuous })
			if (catchUp === 'gap') gap = true
			else catchUps.push(catchUp)
		}
		if (gap) addEpoch(sql)
		else for (const catchUp of catchUps) catchUp()
	})
}

/** Sets what a restart of the object resets. Without it REPLACE deletes rows without firing a trigger. */
export function resumeCapture(sql: SqlStorage): void {
	sql.exec('PRAGMA recursive_triggers = ON')
}

/**
 * Takes the triggers off a table, so that a column can be dropped: SQLite refuses that while a trigger names the column. Call
 * it right before the change and `installCapture` right after, in one transaction; writes in between are not captured.
 *
 * @param table - the table's name in SQL
 */
export function releaseTable(storage: DurableObjectStorage, table: string): void {
	const { sql } = storage
	storage.transactionSync(() => {
		const layout = watchedLayout(sql, table)
		if (layout === null) return
		dropTriggers(sql, layout.id)
		writeLayout(sql, { ...layout, status: 'released' })
	})
}

/**
 * Stops capturing a table that is about to be dropped for good. Its rows stay in the lake as they are, unless they are captured
 * as deleted, after which another table may take the name without a gap in the shard's history.
 *
 * @param table - the table's name in SQL
 * @param deleteRows - whether its rows are captured as deleted
 */
export function abandonTable(storage: DurableObjectStorage, table: string, deleteRows: boolean): void {
	const { sql } = storage
	storage.transactionSync(() => {
		const layout = watchedLayout(sql, table)
		if (layout === null) return
		const name = quoteIdentifier(layout.table)
		const isEmpty = firstRow(sql, `SELECT 1 FROM ${name} LIMIT 1`) === null
		if (deleteRows) writeRows(sql, layout, [RowKind.delete], name, 'TRUE')
		dropTriggers(sql, layout.id)
		writeLayout(sql, { ...layout, status: deleteRows || isEmpty ? 'emptied' : 'past' })
	})
}

/**
 * Hands capture over from a table that is about to be dropped to the one that takes its name, which holds its rows already: what
 * differs between the two is captured, and triggers watch the new table from here on. Call it inside a transaction, right before
 * DROP TABLE.
 *
 * @param schema - the schema as it is after the migration
 * @param table - the table's name in SQL
 * @param by - the name of the other one, until it is renamed
 * @param isFinal - whether it is by then what it will be at the migration's end
 */
export function replaceTable(
	storage: DurableObjectStorage,
	schema: LakeSchema,
	table: string,
	by: string,
	isFinal: boolean,
): void {
	const { sql } = storage
	storage.transactionSync(() => {
		const old = watchedLayout(sql, table)
		const after = [...schema.tables.values()].find(({ name }) => isCalled(name, table))
		const shape = readShapes(sql).get(fold(by))
		if (old === null || shape === undefined) return
		// Where columns or the table itself change later in the migration, the old description has to do until then.
		const isSettled = isFinal && after !== undefined && isCalled(after.name, old.schema.name) && fits(after, shape)
		const described = isSettled ? after : old.schema
		// A table with a history of its own does not continue another's.
		if (watchedLayout(sql, by) !== null) return abandonTable(storage, table, false)
		ensureWidth(sql, BUFFER, widthFor(shape.columns.length))
		const before = readLayouts(sql)
		const layout = ensureLayout(sql, { ...shape, schema: described }, old)
		captureDifference(sql, old, layout, before)
		dropTriggers(sql, old.id)
		for (const statement of Object.values(triggerStatements(layout, shape.rowidAlias))) sql.exec(statement)
	})
}

/** Whether a table has all columns of a description. */
function fits({ columns }: TableSchema, shape: TableShape): boolean {
	return columns.every(({ name }) => shape.columns.some((column) => isCalled(column.name, name)))
}

/** The layout that triggers write for a table; null where it is not captured, or where a trigger is missing. */
function watchedLayout(sql: SqlStorage, table: string): Layout | null {
	const triggers = readTriggers(sql)
	const layouts = followRenames(sql, readLayouts(sql), triggers)
	const layout = layouts.find(({ status, table: name }) => status === 'active' && isCalled(name, table))
	return layout !== undefined && isWatched(triggers, layout.id) ? layout : null
}

/** How a table stands that has its layout. */
interface Standing {
	readonly layout: Layout
	/** The layout that it had, if it had one. */
	readonly current: Layout | undefined
	/** All layouts that there were, by the names of now. */
	readonly layouts: readonly Layout[]
	/** The same, by the names of before. */
	readonly before: readonly Layout[]
	/** Whether no change can have gone by unseen. */
	readonly continuous: boolean
}

/** What the lake must be told of a table besides the changes that triggers saw; `gap` where that is not known. */
function catchUpOf(sql: SqlStorage, { layout, current, layouts, before, continuous }: Standing): (() => void) | 'gap' {
	const name = lakeName(layout)
	/** Layouts under which the lake holds rows of this name. */
	const held = (all: readonly Layout[]) => all.filter((other) => isCalled(lakeName(other), name) && other.status !== 'emptied')
	const own = held(layouts)
	const others = own.filter(({ id }) => id !== current?.id)
	if (held(before).some(({ id }) => id !== current?.id && !own.some((other) => other.id === id))) return 'gap'
	if (current === undefined) return others.length > 0 ? 'gap' : () => backfill(sql, layout)
	if (!continuous) return 'gap'
	if (isCalled(current.schema.name, layout.schema.name)) return () => restateStale(sql, layout, current, own)
	// Without versions what waits goes under the new name, too.
	if (!isVersioned(current.schema) || !isVersioned(layout.schema)) return () => restate(sql, layout)
	// What is in the lake under the new name is of another table, what is there under the old one stays.
	return others.length > 0 ? 'gap' : () => backfill(sql, layout)
}

/** The name under which the lake has the rows of a layout. */
function lakeName({ schema, table }: Layout): string {
	return isVersioned(schema) ? schema.name : table
}

/** Restates the rows of which the lake may hold another value, or none: ADD COLUMN with a default changes rows without a trigger. */
function restateStale(sql: SqlStorage, layout: Layout, previous: Layout, own: readonly Layout[]): void {
	const condition = staleRows(layout, previous, own)
	if (condition !== null) restate(sql, layout, condition)
}

/** The tables to capture, as the database has them. A table that no migration has created yet is left for the next install. */
function wantedShapes(schema: LakeSchema, shapes: ReadonlyMap<string, TableShape>): WantedTable[] {
	if (!schema.cdc) return []
	const wanted: WantedTable[] = []
	for (const table of schema.tables.values()) {
		const { name } = table
		const shape = shapes.get(fold(name))
		if (shape === undefined) continue
		if (shape.kind !== 'table') {
			throw new SQLakeError(
				'CAPTURE_INSTALL',
				`table "${name}": expected an ordinary table, found a ${shape.kind} table or view`,
				{
					hint: 'only ordinary tables take triggers; leave it out of the schema that is captured',
					details: { table: name, kind: shape.kind },
				},
			)
		}
		if (shape.columns.length > MAX_VALUES) {
			throw new SQLakeError(
				'CAPTURE_INSTALL',
				`table "${name}": expected at most ${MAX_VALUES} columns, found ${shape.columns.length}`,
				{ hint: 'split the table; the change buffer needs three of the 100 columns', details: { table: name } },
			)
		}
		wanted.push({ ...shape, schema: table })
	}
	return wanted
}

/**
 * Brings the names in layouts up to date. SQLite itself keeps track: RENAME TABLE and RENAME COLUMN rewrite the triggers, so a
 * layout's own trigger tells what its table and columns are called now. What was captured under a version keeps that version's
 * names on its way to the lake.
 */
function followRenames(sql: SqlStorage, layouts: readonly Layout[], triggers: readonly StoredTrigger[]): Layout[] {
	const renames = layouts.flatMap((layout) => {
		const trigger = triggers.find(({ name }) => layout.status === 'active' && name === triggerName(layout.id, 'c'))
		if (trigger === undefined) return []
		const names = columnsNamedIn(trigger.sql)
		const columns = new Map(layout.columns.map(({ name }, index) => [name, names[index] ?? name]))
		const unchanged = trigger.table === layout.table && [...columns].every(([from, to]) => from === to)
		return unchanged ? [] : [{ from: layout.table, to: trigger.table, columns }]
	})
	return layouts.map((layout) => {
		const rename = renames.find(({ from }) => isCalled(from, layout.table))
		const isVersion = isVersioned(layout.schema)
		if (rename === undefined || (isVersion && !isInUse(layout))) return layout
		const nameNow = (name: string) => rename.columns.get(name) ?? name
		const columns = layout.columns.map((column) => ({ ...column, name: nameNow(column.name) }))
		const schema = {
			...layout.schema,
			columns: layout.schema.columns.map((column) => ({ ...column, name: nameNow(column.name) })),
		}
		const renamed = { ...layout, table: rename.to, columns, schema: isVersion ? layout.schema : schema }
		writeLayout(sql, renamed)
		return renamed
	})
}

/** Stops capturing tables that the schema does not name any more, or that are gone. */
function retireUnwanted(sql: SqlStorage, layouts: readonly Layout[], wanted: readonly WantedTable[]): void {
	for (const layout of layouts) {
		if (!isInUse(layout) || wanted.some(({ name }) => isCalled(name, layout.table))) continue
		dropTriggers(sql, layout.id)
		writeLayout(sql, { ...layout, status: 'past' })
	}
}

/** The table's layout, made active: the one it had if its columns are the same, here and in the lake, else a new one. */
function ensureLayout(sql: SqlStorage, shape: WantedTable, current: Layout | undefined): Layout {
	const { name: table, columns, schema } = shape
	const fields =
		current !== undefined && isSameVersion(current, schema) ? carriedFields(current, shape) : fieldsOf(columns, schema)
	if (current !== undefined && JSON.stringify(current.columns) === JSON.stringify(columns) && isSameVersion(current, schema)) {
		const layout: Layout = { id: current.id, table, status: 'active', columns, schema, fields }
		if (JSON.stringify(ordered(current)) !== JSON.stringify(layout)) writeLayout(sql, layout)
		return layout
	}
	if (current !== undefined) writeLayout(sql, { ...current, status: 'past' })
	const id = Math.max(0, ...readLayouts(sql).map((layout) => layout.id)) + 1
	const layout: Layout = { id, table, status: 'active', columns, schema, fields }
	writeLayout(sql, layout)
	return layout
}

/** The field ids of columns that may have been renamed since, within a migration: they keep those they had. */
function carriedFields(current: Layout, { columns, schema }: WantedTable): (number | null)[] {
	const named = fieldsOf(columns, schema)
	if (!isVersioned(schema)) return named
	const carried = columns.map(
		({ name }) => current.fields[current.columns.findIndex((column) => isCalled(column.name, name))] ?? null,
	)
	return carried.map((field, index) => {
		const byName = named[index] ?? null
		return field ?? (carried.includes(byName) ? null : byName)
	})
}

/** With its properties in one order, to be compared as text. */
function ordered({ id, table, status, columns, schema, fields }: Layout): Layout {
	return { id, table, status, columns, schema, fields }
}

/** Whether rows may go on under a layout: the lake knows them by the same version. */
function isSameVersion({ schema }: Layout, { name, version = 0, columns }: TableSchema): boolean {
	if ((schema.version ?? 0) !== version) return false
	const identity = (all: TableSchema['columns']) => JSON.stringify(all.map((column) => [column.name, column.fieldId]))
	return version === 0 || (schema.name === name && identity(schema.columns) === identity(columns))
}

function isCalled(name: string, other: string): boolean {
	return fold(name) === fold(other)
}
