/**
 * Puts capture in place and keeps it there: called after migrations and on every start.
 *
 * @module
 */
import { SQLakeError } from '../errors.ts'
import { quoteIdentifier } from '../schema/quote-identifier.ts'
import type { LakeSchema, TableSchema } from '../schema/table-schema.ts'
import { backfill, restate } from './backfill.ts'
import { BUFFER, ensureWidth, MAX_VALUES, widthFor } from './buffer.ts'
import { ensureDeadLetters } from './dead-letters.ts'
import { addEpoch } from './epochs.ts'
import { ensureLayouts, type Layout, readLayouts, writeLayout } from './layouts.ts'
import { refuseEndlessTriggers } from './recursion.ts'
import { ensureState } from './state.ts'
import { dropTriggers, ensureTriggers, isWatched, readTriggers, type StoredTrigger } from './stored-triggers.ts'
import { fold, readShapes, type TableShape } from './table-shape.ts'
import { columnsNamedIn, triggerName, triggerStatements } from './triggers.ts'

/** A table to capture: as the database has it and as the schema describes it. */
interface WantedTable extends TableShape {
	readonly schema: TableSchema
}

/**
 * Installs capture for the tables of a schema that the shard's database has. Does nothing that is already done.
 *
 * A table that is new to capture is back-filled; rows that changed without a trigger (the table got a new name, or a column with a
 * default) are restated. Where changes may have gone by unseen (the table was
 * rebuilt and lost its triggers, or was dropped and created anew) the shard's history has a gap: a new epoch begins with all
 * rows of all tables.
 *
 * @throws SQLakeError CAPTURE_RECURSIVE_TRIGGER for a trigger that would fire itself without end, CAPTURE_INSTALL otherwise.
 */
export function installCapture(storage: DurableObjectStorage, schema: LakeSchema): void {
	const { sql } = storage
	// The setting is lost whenever the object restarts. Without it REPLACE deletes rows without firing a trigger.
	sql.exec('PRAGMA recursive_triggers = ON')
	storage.transactionSync(() => {
		ensureState(sql)
		ensureLayouts(sql)
		const triggers = readTriggers(sql)
		refuseEndlessTriggers(triggers.filter(({ layout }) => layout === null).map((trigger) => trigger.sql))
		const wanted = wantedShapes(schema, readShapes(sql))
		const before = readLayouts(sql)
		const layouts = followRenames(sql, before, triggers)
		retireUnwanted(sql, layouts, wanted)
		const width = Math.max(1, ...wanted.map(({ columns }) => widthFor(columns.length)))
		ensureWidth(sql, BUFFER, width)
		ensureDeadLetters(sql, width)

		const catchUps: (() => void)[] = []
		let gap = false
		for (const shape of wanted) {
			const own = layouts.filter(({ table }) => isCalled(table, shape.name))
			const current = own.find(({ status }) => status !== 'past')
			const layout = ensureLayout(sql, shape, current)
			ensureTriggers(sql, triggers, layout, Object.values(triggerStatements(layout, shape.rowidAlias)))
			const continuous = current?.status === 'released' || (current !== undefined && isWatched(triggers, current.id))
			const namesakes = before.filter(({ table }) => isCalled(table, shape.name))
			const nameWasAnothers = namesakes.some(({ id }) => !own.some((other) => other.id === id))
			if (nameWasAnothers || (own.length > 0 && !continuous)) gap = true
			else if (own.length === 0) catchUps.push(() => backfill(sql, layout))
			else if (namesakes.length === 0) catchUps.push(() => restate(sql, layout))
			else if (current !== undefined) catchUps.push(() => restateAdded(sql, layout, current))
		}
		if (gap) addEpoch(sql)
		else for (const catchUp of catchUps) catchUp()
	})
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
		const triggers = readTriggers(sql)
		for (const layout of followRenames(sql, readLayouts(sql), triggers)) {
			if (layout.status !== 'active' || !isCalled(layout.table, table) || !isWatched(triggers, layout.id)) continue
			dropTriggers(sql, layout.id)
			writeLayout(sql, { ...layout, status: 'released' })
		}
	})
}

/** Restates the rows that have a value in a column that was added: ADD COLUMN with a default changes rows without a trigger. */
function restateAdded(sql: SqlStorage, layout: Layout, previous: Layout): void {
	const added = layout.columns.filter(({ name }) => !previous.columns.some((column) => isCalled(column.name, name)))
	if (added.length === 0) return
	restate(sql, layout, added.map(({ name }) => `row.${quoteIdentifier(name)} IS NOT NULL`).join(' OR '))
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
 * layout's own trigger tells what its table and columns are called now.
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
		if (rename === undefined) return layout
		const nameNow = (name: string) => rename.columns.get(name) ?? name
		const columns = layout.columns.map((column) => ({ ...column, name: nameNow(column.name) }))
		const schema = {
			...layout.schema,
			columns: layout.schema.columns.map((column) => ({ ...column, name: nameNow(column.name) })),
		}
		const renamed = { ...layout, table: rename.to, columns, schema }
		writeLayout(sql, renamed)
		return renamed
	})
}

/** Stops capturing tables that the schema does not name any more, or that are gone. */
function retireUnwanted(sql: SqlStorage, layouts: readonly Layout[], wanted: readonly WantedTable[]): void {
	for (const layout of layouts) {
		if (layout.status === 'past' || wanted.some(({ name }) => isCalled(name, layout.table))) continue
		dropTriggers(sql, layout.id)
		writeLayout(sql, { ...layout, status: 'past' })
	}
}

/** The table's layout, made active: the one it had if its columns are the same, else a new one. */
function ensureLayout(sql: SqlStorage, shape: WantedTable, current: Layout | undefined): Layout {
	if (current !== undefined && JSON.stringify(current.columns) === JSON.stringify(shape.columns)) {
		const layout: Layout = { ...current, status: 'active', schema: shape.schema }
		if (JSON.stringify(current) !== JSON.stringify(layout)) writeLayout(sql, layout)
		return layout
	}
	if (current !== undefined) writeLayout(sql, { ...current, status: 'past' })
	const id = Math.max(0, ...readLayouts(sql).map((layout) => layout.id)) + 1
	const layout: Layout = { id, table: shape.name, columns: shape.columns, status: 'active', schema: shape.schema }
	writeLayout(sql, layout)
	return layout
}

function isCalled(name: string, other: string): boolean {
	return fold(name) === fold(other)
}
