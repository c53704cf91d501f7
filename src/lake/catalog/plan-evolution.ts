/**
 * What an evolution would do to a table, told without doing it.
 *
 * @module
 */
import { FIRST_COLUMN_FIELD_ID } from '../../schema/table-schema.ts'
import { BEFORE_FIELD_OFFSET } from '../change-table.ts'
import type { SchemaEvolutionOperation } from '../iceberg/schema-operations.ts'
import { currentSchema } from '../iceberg/table-metadata.ts'
import type { IcebergField, IcebergSchema, IcebergTableMetadata } from '../iceberg/types.ts'
import { withKeptTypes } from '../kept-types.ts'
import { schemaVersionOf } from '../schema-log.ts'
import type { EvolvedTable, EvolveOptions, TableEvolution } from './catalog.ts'
import { assertIncoming, evolveTable, type NewTableOptions, newTable } from './evolve-table.ts'

/**
 * Tells what {@link Catalog.evolve} would do to a table, for `--dry-run`.
 *
 * @param metadata Current metadata of the table; undefined where the lake has none of that name.
 * @throws `SCHEMA_EVOLUTION` as the catalog would.
 * @example
 * const { tables } = await catalog.load()
 * const plan = wanted.map((evolution) => planEvolution(tables.get(evolution.table)?.metadata, evolution))
 */
export function planEvolution(
	metadata: IcebergTableMetadata | undefined,
	wanted: TableEvolution,
	options: EvolveOptions = {},
): EvolvedTable {
	assertIncoming(wanted)
	// Where and when it would be done does not show.
	return evolveOne(metadata, wanted, { ...options, now: 0, since: 0, tableLocation: '', lakeLocation: '' }).told
}

/** What an evolution makes of a table, and how it is told. */
export interface Evolution {
	readonly metadata: IcebergTableMetadata
	readonly told: EvolvedTable
}

/** Evolves one table, or makes it where the lake has none. */
export function evolveOne(
	metadata: IcebergTableMetadata | undefined,
	wanted: TableEvolution,
	options: NewTableOptions,
): Evolution {
	const { table, schemaVersion } = wanted
	if (metadata === undefined) {
		const created = newTable(wanted, options)
		const changes = changesBetween(undefined, currentSchema(created))
		return { metadata: created, told: { table, status: 'created', fromVersion: null, toVersion: schemaVersion, changes } }
	}
	const fromVersion = schemaVersionOf(metadata)
	if (fromVersion > schemaVersion && !options.force) {
		return { metadata, told: { table, status: 'newer', fromVersion, toVersion: fromVersion, changes: [] } }
	}
	const evolved = evolveTable(metadata, asKept(wanted, metadata), options)
	const changes = changesBetween(currentSchema(metadata), currentSchema(evolved))
	const status = evolved === metadata ? 'unchanged' : 'evolved'
	return { metadata: evolved, told: { table, status, fromVersion, toVersion: schemaVersion, changes } }
}

/** What is wanted, with numeric columns as the table has them. */
function asKept(wanted: TableEvolution, metadata: IcebergTableMetadata): TableEvolution {
	if (wanted.describes === undefined) return wanted
	const describes = withKeptTypes(wanted.describes, metadata)
	if (describes === wanted.describes) return wanted
	const types = new Map(
		describes.columns.flatMap(({ fieldId, lakeType }) =>
			[fieldId, fieldId + BEFORE_FIELD_OFFSET].map((id) => [id, lakeType] as const),
		),
	)
	const fields = wanted.schema.fields.map((field) => ({ ...field, type: types.get(field.id) ?? field.type }))
	return { ...wanted, describes, schema: { ...wanted.schema, fields } }
}

/**
 * How one schema differs from another in the columns of the table itself. To be read, not to be applied one by one: where columns
 * exchange their names no order of renames would do.
 */
export function changesBetween(before: IcebergSchema | undefined, after: IcebergSchema): SchemaEvolutionOperation[] {
	const old = new Map(ownFields(before).map((field) => [field.id, field]))
	const now = ownFields(after)
	const ids = new Set(now.map(({ id }) => id))
	const dropped = [...old.values()].filter(({ id }) => !ids.has(id))
	return [
		...dropped.map(({ name }): SchemaEvolutionOperation => ({ op: 'dropColumn', name })),
		...now.flatMap((field) => changesOf(old.get(field.id), field)),
		...moves(
			[...old.keys()].filter((id) => ids.has(id)),
			now.filter(({ id }) => old.has(id)),
		),
	]
}

function changesOf(before: IcebergField | undefined, { id, name, type, required }: IcebergField): SchemaEvolutionOperation[] {
	if (before === undefined) return [{ op: 'addColumn', name, type, fieldId: id }]
	return [
		...(before.name === name ? [] : [{ op: 'renameColumn', name: before.name, to: name } as const]),
		...(before.type === type ? [] : [{ op: 'promoteColumn', name, type } as const]),
		...(before.required && !required ? [{ op: 'makeOptional', name } as const] : []),
	]
}

/** Columns that stand behind another one than before. */
function moves(before: readonly number[], after: readonly IcebergField[]): SchemaEvolutionOperation[] {
	const order = [...before]
	return after.flatMap(({ id, name }, i) => {
		if (order[i] === id) return []
		order.splice(order.indexOf(id), 1)
		order.splice(i, 0, id)
		return [{ op: 'moveColumn', name, after: after[i - 1]?.name ?? null } as const]
	})
}

function ownFields(schema: IcebergSchema | undefined): readonly IcebergField[] {
	const isOwn = (id: number) => id >= FIRST_COLUMN_FIELD_ID && id < FIRST_COLUMN_FIELD_ID + BEFORE_FIELD_OFFSET
	return schema?.fields.filter(({ id }) => isOwn(id)) ?? []
}
