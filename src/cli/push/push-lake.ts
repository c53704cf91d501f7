/**
 * The lake's schemas, as a push leaves them.
 *
 * @module
 */
import type { EvolvedTable, TableEvolution } from '../../lake/catalog/catalog.ts'
import { assertPointer } from '../../lake/catalog/lake-pointer.ts'
import { fetchPointer } from '../../lake/catalog/lost-pointer.ts'
import { planEvolution } from '../../lake/catalog/plan-evolution.ts'
import { R2PointerCatalog } from '../../lake/catalog/r2-pointer-catalog.ts'
import { tableEvolutions } from '../../lake/change-table.ts'
import type { SchemaEvolutionOperation } from '../../lake/iceberg/schema-operations.ts'
import { currentSchema } from '../../lake/iceberg/table-metadata.ts'
import type { IcebergSchema, IcebergTableMetadata } from '../../lake/iceberg/types.ts'
import type { ObjectStore } from '../../lake/storage/object-store.ts'
import type { MigrationManifest } from '../../migrator/manifest.ts'
import { schemaOf } from '../../migrator/schema-of.ts'
import type { LakeSchema } from '../../schema/table-schema.ts'

/** What a push does with a lake. */
export interface LakePlan {
	/** Why the lake is left alone; null where it is not. */
	readonly left: LeftAlone | null
	readonly tables: readonly PushedTable[]
}

/** A change of a column, with the field id that engines know it by. */
export type PushedChange = SchemaEvolutionOperation & { readonly fieldId?: number | undefined }

/** What became, or would become, of a table of the lake. */
export interface PushedTable extends EvolvedTable {
	readonly changes: readonly PushedChange[]
}

/**
 * - `catalog-object`: a Durable Object keeps the catalog, and nobody else may write it.
 * - `not-begun`: nothing was delivered yet, and a catalog object may be what will keep it.
 * - `no-capture`: the schema has `cdc: false`, so nothing gets into a lake.
 */
export type LeftAlone = 'catalog-object' | 'not-begun' | 'no-capture'

/** What {@link pushLake} goes by. */
export interface PushLakeOptions {
	readonly store: ObjectStore
	readonly manifest: MigrationManifest
	/** The schema of the code. */
	readonly lake: LakeSchema
	readonly location: string
	/** Whether the project binds a catalog object; null where that cannot be told. */
	readonly hasCatalog: boolean | null
	readonly dryRun: boolean
	/** Takes the lake back to the version of this manifest where it is further. */
	readonly force: boolean
}

/**
 * Makes a lake know the tables of a manifest, or tells what that would change.
 *
 * @throws SQLakeError CONFIG_INVALID where the lake was written with another location; SCHEMA_EVOLUTION where a table cannot become
 *   what is wanted; COMMIT_CONFLICT; STORE_UNAVAILABLE
 */
export async function pushLake(options: PushLakeOptions): Promise<LakePlan> {
	const { store, manifest, lake, location, dryRun, force } = options
	const left = await whyLeft(options)
	if (left !== null) return { left, tables: [] }
	const wanted = tableEvolutions(schemaOf(manifest, lake, manifest.migrations.length))
	const catalog = new R2PointerCatalog({ store, location })
	const before = (await catalog.load()).tables
	const tables = dryRun
		? wanted.map((each) => planEvolution(before.get(each.table)?.metadata, each, { force }))
		: (await catalog.evolve(wanted, { force })).tables
	return { left, tables: tables.map((table, i) => withFieldIds(table, before.get(table.table)?.metadata, wanted[i])) }
}

function withFieldIds(table: EvolvedTable, before?: IcebergTableMetadata, wanted?: TableEvolution): PushedTable {
	const idOf = (schema: IcebergSchema | undefined, column: string) => schema?.fields.find(({ name }) => name === column)?.id
	const old = before === undefined ? undefined : currentSchema(before)
	const changes = table.changes.map((change): PushedChange => {
		if (change.op === 'addColumn') return change
		// What is dropped or renamed goes by its old name, all else by its present one.
		const schema = change.op === 'dropColumn' || change.op === 'renameColumn' ? old : wanted?.schema
		return { ...change, fieldId: idOf(schema, change.name) }
	})
	return { ...table, changes }
}

async function whyLeft({ store, lake, location, hasCatalog }: PushLakeOptions): Promise<LeftAlone | null> {
	if (!lake.cdc) return 'no-capture'
	const read = await fetchPointer(store)
	// A lake keeps the catalog that first wrote to it: to begin one with a pointer would shut a catalog object out.
	if (read === null) return hasCatalog === false ? null : 'not-begun'
	const { pointer } = read
	if (pointer.owner.kind === 'durable-object') return 'catalog-object'
	assertPointer(pointer, { owner: { kind: 'pointer' }, location })
	return null
}
