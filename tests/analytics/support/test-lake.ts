/**
 * A lake in memory, written by the real delivery and committed to a real catalog, from changes that a test spells out.
 *
 * @module
 */
import type { ChangeBatch, ChangeOp, ColumnVector, TableChanges } from '../../../src/cdc/change-batch.ts'
import { DEFAULT_DELIVERY_LIMITS } from '../../../src/delivery/limits.ts'
import { uploadFlight } from '../../../src/delivery/upload-flight.ts'
import type { Catalog } from '../../../src/lake/catalog/catalog.ts'
import { R2PointerCatalog } from '../../../src/lake/catalog/r2-pointer-catalog.ts'
import { CHANGE_FIELDS } from '../../../src/lake/change-table.ts'
import type { IcebergDataFile } from '../../../src/lake/iceberg/types.ts'
import { MemoryObjectStore } from '../../../src/lake/storage/memory.ts'
import type { ObjectStore } from '../../../src/lake/storage/object-store.ts'
import { createObservability } from '../../../src/observability/create-observability.ts'
import type { SqlValue } from '../../../src/schema/sql-value.ts'
import type { LakeSchema, TableSchema } from '../../../src/schema/table-schema.ts'

/** A row by column name, in SQLite's storage classes; a column left out is NULL. */
export type TestRow = Readonly<Record<string, SqlValue>>

/** One change, as a test writes it. */
export interface TestChange {
	readonly table: string
	readonly op: ChangeOp
	/** Milliseconds since the epoch; never decreasing within a shard. */
	readonly ts: number
	readonly row: TestRow
	/** The row before an update. */
	readonly before?: TestRow
}

/** Where a lake's paths begin. */
const LOCATION = 's3://test-lake'

/** A lake that a test fills. */
export class TestLake {
	readonly schema: LakeSchema
	readonly store: ObjectStore
	readonly catalog: Catalog
	readonly #location: string
	readonly #positions = new Map<string, { epoch: number; seq: number }>()

	/**
	 * @param location - where its paths begin
	 * @param now - the clock of the catalog
	 */
	constructor(schema: LakeSchema, store: ObjectStore = new MemoryObjectStore(), location = LOCATION, now = Date.now) {
		this.schema = schema
		this.store = store
		this.catalog = new R2PointerCatalog({ store, location, now })
		this.#location = location
	}

	/** Starts a new epoch of a shard: its history was rewound. */
	rewind(shard: string): void {
		this.#positions.set(shard, { epoch: this.#position(shard).epoch + 1, seq: 0 })
	}

	/**
	 * Delivers changes of one shard in one commit.
	 *
	 * @param schema - of a shard that is at another version
	 * @param asTold - what the metadata is to say of each file
	 */
	async deliver(
		shard: string,
		changes: readonly TestChange[],
		schema: LakeSchema = this.schema,
		asTold: (file: IcebergDataFile) => IcebergDataFile = (file) => file,
	): Promise<void> {
		const { epoch, seq } = this.#position(shard)
		const batch: ChangeBatch = {
			shard,
			epoch,
			fromSeq: seq + 1,
			toSeq: seq + changes.length,
			watermark: changes.at(-1)?.ts ?? 0,
			raisedBy: 0,
			tables: [...schema.tables.values()].flatMap((table) => tableChanges(table, changes, seq + 1) ?? []),
		}
		const upload = {
			batch,
			attempt: 1,
			lake: schema,
			store: this.store,
			location: this.#location,
			tracer: createObservability().tracer,
			limits: DEFAULT_DELIVERY_LIMITS,
		}
		const outcome = await uploadFlight(upload)
		if (outcome.kind !== 'uploaded') throw new Error(`expected an upload, found ${outcome.kind}`)
		const { fromSeq, toSeq, watermark } = batch
		const appends = outcome.appends.map((append) => ({ ...append, dataFiles: append.dataFiles.map(asTold) }))
		const commitId = `${shard}:${epoch}:${fromSeq}-${toSeq}`
		await this.catalog.commit({ commitId, shard, epoch, fromSeq, toSeq, watermark, appends })
		this.#positions.set(shard, { epoch, seq: toSeq })
	}

	#position(shard: string): { epoch: number; seq: number } {
		return this.#positions.get(shard) ?? { epoch: 1, seq: 0 }
	}
}

/** A file as its metadata would tell of it where it held the rows of several shards: without bounds of theirs. */
export function withoutShard(file: IcebergDataFile): IcebergDataFile {
	const others = <T>(bounds: ReadonlyMap<number, T>) => new Map([...bounds].filter(([id]) => id !== CHANGE_FIELDS.shard.id))
	return { ...file, lowerBounds: others(file.lowerBounds), upperBounds: others(file.upperBounds) }
}

function tableChanges(table: TableSchema, all: readonly TestChange[], firstSeq: number): TableChanges | undefined {
	const own = all.map((change, i) => ({ ...change, seq: firstSeq + i })).filter((change) => change.table === table.name)
	if (own.length === 0) return undefined
	const images = (image: 'row' | 'before') =>
		table.columns.map(({ name }): ColumnVector => ({ kind: 'mixed', values: own.map((change) => change[image]?.[name] ?? null) }))
	return {
		table,
		length: own.length,
		op: own.map(({ op }) => op),
		seq: own.map(({ seq }) => seq),
		ts: own.map(({ ts }) => ts),
		row: images('row'),
		before: own.some(({ op }) => op === 'u') ? images('before') : null,
	}
}
