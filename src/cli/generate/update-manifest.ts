/**
 * The manifest that follows from the one before, the migrations on disk and the tables of the code.
 *
 * @module
 */

import { canonicalText } from '../../local/statements/canonical-text.ts'
import { EMPTY_SNAPSHOT, mapValues, type Snapshot } from '../../local/statements/snapshot.ts'
import { changesBetween } from '../../local/statements/write-statements.ts'
import { assignAllFieldIds } from '../../migrator/assign-field-ids.ts'
import { createMigrationManifest, type ManifestTables } from '../../migrator/create-migration-manifest.ts'
import type { Migration, MigrationManifest } from '../../migrator/manifest.ts'
import { tablesAfter } from '../../migrator/schema-of.ts'
import { scriptHistory } from '../../migrator/script-tables.ts'
import { fold as foldName } from '../../schema/fold.ts'
import type { ColumnSchema, TableSchema } from '../../schema/table-schema.ts'
import { describeTable } from './describe-table.ts'
import { hasStatements, lossesIn } from './down-script.ts'
import type { MigrationOnDisk, MigrationsDirectory } from './migrations-directory.ts'
import { formerColumnNames, renamesFromMeta } from './renames.ts'

/** What a manifest is made of. */
export interface UpdateManifestOptions {
	/** null for the first one. */
	readonly previous: MigrationManifest | null
	readonly directory: Pick<MigrationsDirectory, 'migrations'>
	/** The captured tables of the code, by SQL name. */
	readonly tables: ReadonlyMap<string, TableSchema>
	/** How many migrations there were before the one that is being generated: the code's tables followed from them until now. */
	readonly existing: number
	/** Tags of migrations that were edited on purpose. */
	readonly acceptEdited: readonly string[]
}

/** Tables and field ids at some point of the history. */
type State = Pick<MigrationManifest, 'tables' | 'lastFieldIds'>

/** The captured tables that a migration changes. */
type Changes = NonNullable<Migration['tables']>

/**
 * Makes the manifest. What the previous one says of a migration stays; migrations that it does not know are told from their
 * snapshots, those of drizzle-kit alone included. `checkHistory()` comes first.
 *
 * @returns the previous manifest itself where nothing changed
 */
export function updateManifest(options: UpdateManifestOptions): MigrationManifest {
	const { directory, tables } = options
	const { migrations } = directory
	const previous = options.previous && withoutRemoved(options.previous, migrations)
	// Without a manifest the migrations themselves are the versions that a lake knows.
	const version = previous === null ? Math.max(1, migrations.length) : previous.version + 1
	const known = previous?.migrations.length ?? 0
	const history =
		previous === null ? foldAdopted(options) : fold(previous, migrations.slice(known), migrations[known - 1], options, version)
	const last = assignAllFieldIds(history.state, tables, new Map(), version)
	const changes = Object.fromEntries([
		...(previous?.migrations ?? []).flatMap(({ tag, tables: changed }) =>
			changed === undefined ? [] : [[tag, changed] as const],
		),
		...history.changes,
	])
	const manifest = manifestOfDisk(migrations, { version, ...last, changes })
	const isSame = canonicalText({ ...manifest, version: previous?.version }) === canonicalText(options.previous)
	return previous !== null && isSame ? previous : manifest
}

function manifestOfDisk(migrations: readonly MigrationOnDisk[], tables?: ManifestTables): MigrationManifest {
	return createMigrationManifest(
		{
			journal: { entries: migrations.map(({ entry }) => entry) },
			files: Object.fromEntries(migrations.map(({ entry, sql }) => [entry.tag, sql])),
			downs: Object.fromEntries(
				migrations.flatMap(({ entry, sql, down }) =>
					down === null || (!hasStatements(down) && hasStatements(sql))
						? []
						: [[entry.tag, { sql: down, losses: lossesIn(down) }]],
				),
			),
		},
		tables,
	)
}

/**
 * Migrations that were taken back on purpose leave the manifest, and their tables are again what they were before. The field ids
 * that they gave out stay given.
 */
function withoutRemoved(previous: MigrationManifest, onDisk: readonly MigrationOnDisk[]): MigrationManifest {
	const isLeft = ({ tag }: Migration) => onDisk.some(({ entry }) => entry.tag === tag)
	const removed = previous.migrations.filter((migration) => !isLeft(migration))
	if (removed.length === 0) return previous
	const left = { ...previous, migrations: previous.migrations.filter(isLeft) }
	const changed = new Set(removed.flatMap(({ tables = {} }) => Object.keys(tables)))
	const entries = (tables: MigrationManifest['tables'], keep: (name: string) => boolean) =>
		Object.entries(tables).filter(([name]) => keep(name))
	return {
		...left,
		tables: Object.fromEntries([
			...entries(previous.tables, (name) => !changed.has(name)),
			...entries(tablesAfter(left, left.migrations.length), (name) => changed.has(name)),
		]),
	}
}

interface History {
	readonly state: State
	readonly changes: readonly (readonly [string, Changes])[]
}

/** Goes through migrations that the manifest does not know yet. */
function fold(
	start: State,
	migrations: readonly MigrationOnDisk[],
	before: MigrationOnDisk | undefined,
	{ tables }: Pick<UpdateManifestOptions, 'tables'>,
	version: number,
): History {
	let state = start
	let prev: Snapshot | null = before === undefined ? EMPTY_SNAPSHOT : before.snapshot
	const changes: (readonly [string, Changes])[] = []
	for (const { entry, snapshot, sql } of migrations) {
		// A custom migration has the snapshot of the one before: nobody knows what its statements change.
		if (snapshot !== null && prev !== null && touchedTables(prev, snapshot).length > 0) {
			const captured = new Map(
				Object.values(snapshot.tables).flatMap((table) => {
					const others = [tables.get(table.name), state.tables[table.name]].filter((each) => each !== undefined)
					return others.length === 0 ? [] : [[table.name, describeTable(table, others)] as const]
				}),
			)
			const next = assignAllFieldIds(state, captured, formerColumnNames(renamesFromMeta(snapshot)), version, rebuiltTables(sql))
			changes.push([entry.tag, changedTables(state, next, touchedTables(prev, snapshot))])
			state = next
		}
		prev = snapshot
	}
	return { state, changes }
}

/** The tables that a migration copies into new ones, as drizzle-kit writes it. */
function rebuiltTables(sql: string): ReadonlySet<string> {
	return new Set(Array.from(sql.matchAll(/\bCREATE TABLE [`"]__new_([^`"]+)[`"]/gi), ([, name = '']) => name))
}

/** The captured tables among those that a migration touches, as they are after it. */
function changedTables(before: State, after: State, touched: readonly string[]): Changes {
	const dropped = Object.keys(before.tables).filter((name) => after.tables[name] === undefined)
	const changed = Object.entries(after.tables).filter(
		([name, table]) => touched.includes(name) || before.tables[name]?.version !== table.version,
	)
	return Object.fromEntries([...dropped.map((name) => [name, null] as const), ...changed])
}

function touchedTables(prev: Snapshot, cur: Snapshot): readonly string[] {
	const { created, dropped, altered } = changesBetween(prev, cur)
	return [...created, ...dropped, ...altered.map(([, after]) => after)].map(({ name }) => name)
}

/**
 * The history of a project that has had no manifest. Its lake, where it has one, knows the columns by the field ids, and the tables
 * by the versions, that follow from the SQL of the migrations; those stay.
 */
function foldAdopted({ directory: { migrations }, existing, ...options }: UpdateManifestOptions): History {
	const old = fold({ tables: {}, lastFieldIds: {} }, migrations.slice(0, existing), undefined, options, 1)
	const told = scriptHistory(manifestOfDisk(migrations.slice(0, existing)).migrations)
	const asTold = (table: TableSchema, count: number): TableSchema => {
		const known = told?.states[count]?.get(foldName(table.name))
		const fieldIdOf = ({ name, fieldId }: ColumnSchema) =>
			known?.columns.find((column) => foldName(column.name) === foldName(name))?.fieldId ?? fieldId
		const columns = table.columns.map((column) => ({ ...column, fieldId: fieldIdOf(column) }))
		return known === undefined ? table : { ...table, columns, version: known.version }
	}
	const state = {
		tables: mapValues(old.state.tables, (table) => asTold(table, existing)),
		lastFieldIds: mapValues(old.state.lastFieldIds, (last, name) => told?.lastFieldIds.get(foldName(name)) ?? last),
	}
	const recent = fold(state, migrations.slice(existing), migrations[existing - 1], options, migrations.length)
	const countOf = (tag: string) => migrations.findIndex(({ entry }) => entry.tag === tag) + 1
	return {
		state: recent.state,
		changes: [
			...old.changes.map(([tag, changes]) => [tag, mapValues(changes, (table) => table && asTold(table, countOf(tag)))] as const),
			...recent.changes,
		],
	}
}
