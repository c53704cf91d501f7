/**
 * The manifest that follows from the one before, the migrations on disk and the tables of the code.
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'
import { assignAllFieldIds } from '../../migrator/assign-field-ids.ts'
import { computeChecksum } from '../../migrator/compute-checksum.ts'
import { createMigrationManifest } from '../../migrator/create-migration-manifest.ts'
import type { Migration, MigrationManifest } from '../../migrator/manifest.ts'
import { ChecksumMismatchError, MigrationError } from '../../migrator/migration-error.ts'
import { FIRST_COLUMN_FIELD_ID, type TableSchema } from '../../schema/table-schema.ts'
import { describeTable } from './describe-table.ts'
import { hasStatements, lossesIn } from './down-script.ts'
import type { MigrationOnDisk, MigrationsDirectory } from './migrations-directory.ts'
import { formerColumnNames, renamesFromMeta } from './renames.ts'
import { EMPTY_SNAPSHOT, mapValues, type Snapshot } from './snapshot.ts'
import { changesBetween } from './write-statements.ts'

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
 * snapshots, those of drizzle-kit alone included.
 *
 * @returns the previous manifest itself where nothing changed
 * @throws MigrationError MIGRATION_MISSING for a migration of the previous manifest that is gone, MIGRATION_ORDER for one that
 * is at another place; ChecksumMismatchError for one that was edited
 */
export function updateManifest(options: UpdateManifestOptions): MigrationManifest {
	const { directory, tables } = options
	const { migrations } = directory
	const previous = options.previous && withoutRemoved(options.previous, migrations)
	const version = (previous?.version ?? 0) + 1
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
	const manifest = createMigrationManifest(
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
		{ version, ...last, changes },
	)
	if (previous === null || JSON.stringify({ ...manifest, version: previous.version }) !== JSON.stringify(previous))
		return manifest
	return previous
}

/** Migrations that were taken back on purpose leave the manifest; the field ids that they gave out stay given. */
function withoutRemoved(previous: MigrationManifest, onDisk: readonly MigrationOnDisk[]): MigrationManifest {
	return {
		...previous,
		migrations: previous.migrations.filter(({ tag }) => onDisk.some(({ entry }) => entry.tag === tag)),
	}
}

/**
 * Checks that what the manifest recorded is still there, in its place and as it was.
 *
 * @param acceptEdited - tags of migrations that were edited or taken back on purpose
 * @throws MigrationError MIGRATION_MISSING, MIGRATION_ORDER; ChecksumMismatchError
 */
export function checkHistory(
	manifest: MigrationManifest,
	onDisk: readonly MigrationOnDisk[],
	acceptEdited: readonly string[],
): void {
	const tags = onDisk.map(({ entry }) => entry.tag)
	const stranger = acceptEdited.find((tag) => !manifest.migrations.some((migration) => migration.tag === tag))
	if (stranger !== undefined) {
		throw new SQLakeError(
			'USAGE_INVALID',
			`--accept-edited ${stranger}: expected a migration of the manifest, found none of that name`,
			{
				hint: `name one of ${manifest.migrations.map(({ tag }) => tag).join(', ')}`,
			},
		)
	}
	const recorded = manifest.migrations.filter(({ tag }) => tags.includes(tag) || !acceptEdited.includes(tag))
	for (const [position, { tag, sql, checksum }] of recorded.entries()) {
		const found = onDisk.find(({ entry }) => entry.tag === tag)
		if (found === undefined) {
			throw new MigrationError(
				'MIGRATION_MISSING',
				`migration "${tag}": expected it in the journal, as the manifest has it, found none`,
				{
					hint: `restore ${tag}.sql and its entry in meta/_journal.json; where no database has applied it: sqlake generate --accept-edited ${tag}`,
					details: { tag },
				},
			)
		}
		if (tags[position] !== tag) {
			throw new MigrationError(
				'MIGRATION_ORDER',
				`migration "${tag}": expected it at place ${position} of the journal, as the manifest has it, found it at ${tags.indexOf(tag)}`,
				{ hint: 'another branch put one before it: drop the newer one and generate it again', details: { tag } },
			)
		}
		// An empty custom migration waits to be filled in.
		if (!hasStatements(sql) || acceptEdited.includes(tag)) continue
		const now = computeChecksum(found.sql)
		if (now === checksum) continue
		throw new ChecksumMismatchError(
			{ tag, expected: checksum, found: now },
			{
				hint: `restore ${tag}.sql, and put the change in a migration of its own; where no database has applied it: sqlake generate --accept-edited ${tag}`,
			},
		)
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
	for (const { entry, snapshot } of migrations) {
		// A custom migration has the snapshot of the one before: nobody knows what its statements change.
		if (snapshot !== null && prev !== null && touchedTables(prev, snapshot).length > 0) {
			const captured = new Map(
				Object.values(snapshot.tables).flatMap((table) => {
					const others = [tables.get(table.name), state.tables[table.name]].filter((each) => each !== undefined)
					return others.length === 0 ? [] : [[table.name, describeTable(table, others)] as const]
				}),
			)
			const next = assignAllFieldIds(state, captured, formerColumnNames(renamesFromMeta(snapshot)), version)
			changes.push([entry.tag, changedTables(state, next, touchedTables(prev, snapshot))])
			state = next
		}
		prev = snapshot
	}
	return { state, changes }
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
 * The history of a project that has had no manifest. Its lake, where it has one, knows the columns of the newest snapshot by their
 * order of declaration, so those keep these ids; columns that were dropped earlier come behind them.
 */
function foldAdopted({ directory: { migrations }, existing, ...options }: UpdateManifestOptions): History {
	const old = fold({ tables: {}, lastFieldIds: {} }, migrations.slice(0, existing), undefined, options, 1)
	const ids = mapValues(old.state.lastFieldIds, (last, name) => renumbering(old.state.tables[name], last))
	const renumber = (table: TableSchema): TableSchema => ({
		...table,
		columns: table.columns.map((column) => ({ ...column, fieldId: ids[table.name]?.get(column.fieldId) ?? column.fieldId })),
	})
	const state = { ...old.state, tables: mapValues(old.state.tables, renumber) }
	const recent = fold(state, migrations.slice(existing), migrations[existing - 1], options, 1)
	return {
		state: recent.state,
		changes: [
			...old.changes.map(([tag, changes]) => [tag, mapValues(changes, (table) => table && renumber(table))] as const),
			...recent.changes,
		],
	}
}

/** From the ids in order of appearance to those in order of declaration. */
function renumbering(table: TableSchema | undefined, lastFieldId: number): ReadonlyMap<number, number> {
	const present = table?.columns.map(({ fieldId }) => fieldId) ?? []
	const all = Array.from({ length: lastFieldId - FIRST_COLUMN_FIELD_ID + 1 }, (_, index) => FIRST_COLUMN_FIELD_ID + index)
	const gone = all.filter((id) => !present.includes(id))
	return new Map([...present, ...gone].map((id, index) => [id, FIRST_COLUMN_FIELD_ID + index]))
}
