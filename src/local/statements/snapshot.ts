/**
 * drizzle-kit's snapshot of a SQLite schema, version 6: the tables after a migration, as plain data.
 *
 * @module
 */

import { SQLakeError } from '../../errors.ts'
import { isRecord } from '../../schema/is-record.ts'
import { canonicalText } from './canonical-text.ts'

/** One column. */
export interface SnapshotColumn {
	readonly name: string
	readonly type: string
	readonly primaryKey: boolean
	readonly notNull: boolean
	readonly autoincrement: boolean
	/** SQL text; numbers and booleans stand as they are. */
	readonly default?: string | number | boolean
	readonly generated?: { readonly as: string; readonly type: 'stored' | 'virtual' }
}

/** One index; unique columns and constraints are indexes, too. */
export interface SnapshotIndex {
	readonly name: string
	/** Names of columns, and expressions: {@link Snapshot.internal} tells which is which. */
	readonly columns: readonly string[]
	readonly isUnique: boolean
	readonly where?: string
}

/** One foreign key. Its name stands in the snapshot alone. */
export interface SnapshotForeignKey {
	readonly name: string
	readonly tableFrom: string
	readonly tableTo: string
	readonly columnsFrom: readonly string[]
	readonly columnsTo: readonly string[]
	readonly onDelete?: string
	readonly onUpdate?: string
}

/** One table. Everything is keyed by its name. */
export interface SnapshotTable {
	readonly name: string
	readonly columns: Readonly<Record<string, SnapshotColumn>>
	readonly indexes: Readonly<Record<string, SnapshotIndex>>
	readonly foreignKeys: Readonly<Record<string, SnapshotForeignKey>>
	readonly compositePrimaryKeys: Readonly<Record<string, { readonly name?: string; readonly columns: readonly string[] }>>
	readonly uniqueConstraints: Readonly<Record<string, { readonly name: string; readonly columns: readonly string[] }>>
	readonly checkConstraints: Readonly<Record<string, { readonly name: string; readonly value: string }>>
}

/** One view; one that exists already is none of drizzle-kit's. */
export interface SnapshotView {
	readonly name: string
	readonly isExisting: boolean
	readonly definition?: string
}

/** What was renamed: names in double quotes, those of columns after the name that their table has now. */
export interface SnapshotRenames {
	readonly tables: Readonly<Record<string, string>>
	readonly columns: Readonly<Record<string, string>>
}

/** A schema. */
export interface Snapshot {
	readonly version: '6'
	readonly dialect: 'sqlite'
	readonly id: string
	/** The snapshot before. */
	readonly prevId: string
	readonly tables: Readonly<Record<string, SnapshotTable>>
	readonly views: Readonly<Record<string, SnapshotView>>
	readonly enums: object
	readonly _meta: SnapshotRenames
	readonly internal?: {
		readonly indexes: Readonly<
			Record<string, { readonly columns: Readonly<Record<string, { readonly isExpression?: boolean }>> }>
		>
	}
}

/** What the first snapshot names as the one before it. */
export const ORIGIN_ID = '00000000-0000-0000-0000-000000000000'

/** The schema of an empty database. */
export const EMPTY_SNAPSHOT: Snapshot = {
	version: '6',
	dialect: 'sqlite',
	id: ORIGIN_ID,
	prevId: '',
	tables: {},
	views: {},
	enums: {},
	_meta: { tables: {}, columns: {} },
}

/**
 * Takes plain data as a snapshot.
 *
 * @param name - what to call it in messages
 * @throws SQLakeError MIGRATION_INVALID where it is of another kind or version
 */
export function readSnapshot(value: unknown, name: string): Snapshot {
	if (!isRecord(value) || value.version !== '6' || value.dialect !== 'sqlite') {
		throw new SQLakeError('MIGRATION_INVALID', `${name}: expected a snapshot of SQLite in version 6, found something else`, {
			hint: 'run "drizzle-kit up", or restore the file',
			details: { file: name },
		})
	}
	const tables = isRecord(value.tables) ? Object.values(value.tables) : [undefined]
	const parts = ['columns', 'indexes', 'foreignKeys', 'compositePrimaryKeys', 'uniqueConstraints'] as const
	if (!tables.every((table) => isRecord(table) && parts.every((part) => isRecord(table[part])))) {
		throw new SQLakeError('MIGRATION_INVALID', `${name}: expected tables with columns, indexes and keys, found something else`, {
			hint: 'restore the file',
			details: { file: name },
		})
	}
	// Older releases of drizzle-kit wrote no checks and no views.
	const snapshot = value as unknown as Snapshot
	return {
		...snapshot,
		views: snapshot.views ?? {},
		_meta: { ...snapshot._meta, tables: snapshot._meta?.tables ?? {}, columns: snapshot._meta?.columns ?? {} },
		tables: mapValues(snapshot.tables, (table) => ({ ...table, checkConstraints: table.checkConstraints ?? {} })),
	}
}

/** The same keys with other values. */
export function mapValues<T, U>(record: Readonly<Record<string, T>>, map: (value: T, key: string) => U): Record<string, U> {
	return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]))
}

/** Tells whether two snapshots have the same tables and views: what drizzle-kit compares. */
export function isSameSchema(prev: Snapshot, cur: Snapshot): boolean {
	return canonicalText([prev.tables, prev.views]) === canonicalText([cur.tables, cur.views])
}
