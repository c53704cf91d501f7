import { SQLakeError } from '../../errors.ts'
import { exactBuffer } from '../../schema/bytes.ts'
import { decodeTableMetadata } from '../iceberg/metadata-json.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { retryUnavailable } from '../storage/retry.ts'
import { STORE_CALL_TIMEOUT, timedStore } from '../storage/timed-store.ts'
import { assertSum } from '../summed-name.ts'
import { admitChanges, type LakeChange } from './admit-changes.ts'
import type {
	Catalog,
	CatalogSnapshot,
	CatalogTable,
	CommitRequest,
	CommitResult,
	EvolutionResult,
	EvolveOptions,
	PositionOptions,
	ShardPosition,
	TableEvolution,
} from './catalog.ts'
import { type LakeOutcome, outcomeOf } from './commit-outcome.ts'
import { CommitQueue } from './commit-queue.ts'
import { assertLocation, assertPointer, emptyPointer, encodeLakePointer, type LakeOwner, POINTER_KEY } from './lake-pointer.ts'
import { fetchPointer } from './lost-pointer.ts'
import type { MetadataCache } from './metadata-cache.ts'
import { MetadataReader } from './metadata-reader.ts'
import { type PreparedTable, prepareCommit } from './prepare-commit.ts'
import { putPrepared } from './put-prepared.ts'

/** A row of a Durable Object holds 2 MB; metadata beyond this many bytes goes on in the next row. */
const METADATA_PART_BYTES = 1024 * 1024

/** What a {@link DurableCatalog} is made of. */
export interface DurableCatalogOptions {
	/** Storage of the Durable Object, with SQLite. */
	readonly storage: DurableObjectStorage
	readonly store: ObjectStore
	/** Prefix of every path in the lake's metadata, such as `s3://my-bucket`; no slash at its end. Cannot change later. */
	readonly location: string
	/** Milliseconds that a call to the store may take. Default: {@link STORE_CALL_TIMEOUT}. */
	readonly callTimeout?: number
	readonly cache?: MetadataCache
	/** Milliseconds since the epoch; the clock of the machine where absent. */
	readonly now?: () => number
}

/**
 * The catalog of a lake in the SQLite of one Durable Object. There is one such object for a lake, so commits queue instead of
 * racing: those that wait form a group, which becomes one snapshot for each table and one transaction. Manifests and metadata
 * are in the store before the transaction; an answer is given once the transaction is on disk.
 *
 * Free of `cloudflare:workers`: the Durable Object class around it is in `src/do/`.
 *
 * @example
 * ```ts
 * const catalog = new DurableCatalog({ storage: ctx.storage, store: new R2ObjectStore(env.SQLAKE_BUCKET), location: 's3://my-bucket' })
 * ```
 */
export class DurableCatalog implements Catalog {
	readonly #storage: DurableObjectStorage
	readonly #store: ObjectStore
	readonly #location: string
	readonly #reader: MetadataReader
	readonly #now: () => number
	readonly #queue = new CommitQueue((changes) => this.#commitGroup(changes))
	/** Tables as of the last transaction; null until they were read. */
	#tables: Map<string, CatalogTable> | null = null

	constructor(options: DurableCatalogOptions) {
		this.#storage = options.storage
		// Commits queue: one call that hangs must not stop them for good.
		this.#store = timedStore(options.store, options.callTimeout ?? STORE_CALL_TIMEOUT)
		this.#location = options.location
		this.#reader = new MetadataReader({ ...options, store: this.#store })
		this.#now = options.now ?? Date.now
		createTables(this.#storage.sql)
	}

	async load(): Promise<CatalogSnapshot> {
		await this.#assertUnclaimedByOthers()
		return { version: this.#version(), tables: new Map(this.#currentTables()) }
	}

	async position(shard: string, { confirm = false }: PositionOptions = {}): Promise<ShardPosition | null> {
		// The claim is a conditional put: unlike a read it cannot miss a lake that another catalog has filled.
		await (confirm ? this.#claim() : this.#assertUnclaimedByOthers())
		return this.#position(shard)
	}

	commit(request: CommitRequest): Promise<CommitResult> {
		return this.#queue.commit(request)
	}

	evolve(tables: readonly TableEvolution[], options: EvolveOptions = {}): Promise<EvolutionResult> {
		return this.#queue.evolve(tables, options)
	}

	/** One group at a time: the queue sees to it, so that what was read before the puts still holds in the transaction. */
	async #commitGroup(changes: readonly LakeChange[]): Promise<readonly LakeOutcome[]> {
		const tables = this.#currentTables()
		const now = Math.floor(this.#now())
		const admission = admitChanges({
			changes,
			location: this.#location,
			now,
			positionOf: (shard) => this.#position(shard),
			metadataOf: (table) => tables.get(table)?.metadata,
		})
		if (admission.isEmpty) return admission.verdicts.map((verdict) => outcomeOf(verdict, this.#version(), new Map()))
		await this.#claim()
		const version = this.#version() + 1
		const prepared = await prepareCommit({
			location: this.#location,
			requests: admission.admitted,
			admitted: admission.tables,
			tables,
			reader: this.#reader,
			version,
			now,
		})
		await putPrepared(this.#store, prepared.objects)
		this.#storage.transactionSync(() => {
			for (const [name, table] of prepared.tables) this.#writeTable(name, table)
			for (const [shard, position] of admission.positions) this.#writePosition(shard, position)
			this.#writeState('version', String(version))
		})
		for (const [name, { metadataLocation, metadata }] of prepared.tables) tables.set(name, { metadataLocation, metadata })
		prepared.remember()
		// An object that is reset before this drops the transaction; nobody has been told of it then.
		await this.#storage.sync()
		return admission.verdicts.map((verdict, i) => outcomeOf(verdict, version, prepared.tables, changes[i]))
	}

	/** Writes into the bucket whose lake it is, so that no pointer catalog and no other object commits beside this one. */
	async #claim(): Promise<void> {
		if (this.#isClaimed()) return
		await this.#assertUnclaimedByOthers()
		let id = this.#readState('id')
		if (id === null) {
			id = crypto.randomUUID()
			this.#writeState('id', id)
			// The claim must not outlive the id it names.
			await this.#storage.sync()
		}
		const owner: LakeOwner = { kind: 'durable-object', id }
		const claim = encodeLakePointer({ ...emptyPointer(this.#location), owner, nonce: crypto.randomUUID() })
		const options = { ifNoneMatch: '*', contentType: 'application/json' } as const
		const put = await retryUnavailable(() => this.#store.put(POINTER_KEY, claim, options))
		if (put === null && !(await this.#assertUnclaimedByOthers())) {
			throw new SQLakeError('STORE_UNAVAILABLE', `${POINTER_KEY}: a conditional PUT found it there, a GET did not`)
		}
		this.#writeState('claimed', this.#location)
	}

	/**
	 * An empty catalog on a bucket that another catalog has filled must not pass for an empty lake: shards would deliver all their
	 * rows anew.
	 *
	 * @returns whether it is known to be this catalog's.
	 */
	async #assertUnclaimedByOthers(): Promise<boolean> {
		if (this.#isClaimed()) return true
		const read = await fetchPointer(this.#store)
		if (read === null) return false
		const owner: LakeOwner = { kind: 'durable-object', id: this.#readState('id') ?? '(new)' }
		assertPointer(read.pointer, { owner, location: this.#location })
		return true
	}

	#isClaimed(): boolean {
		const claimed = this.#readState('claimed')
		if (claimed !== null) assertLocation(claimed, this.#location)
		return claimed !== null
	}

	#version(): number {
		return Number(this.#readState('version') ?? 0)
	}

	#position(shard: string): ShardPosition | null {
		const query = 'SELECT epoch, seq, watermark FROM lake_shards WHERE shard = ?'
		const [row] = this.#storage.sql.exec<{ epoch: number; seq: number; watermark: number }>(query, shard)
		return row ?? null
	}

	#writePosition(shard: string, { epoch, seq, watermark }: ShardPosition): void {
		this.#storage.sql.exec(
			'INSERT INTO lake_shards (shard, epoch, seq, watermark) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (shard) DO UPDATE SET epoch = ?2, seq = ?3, watermark = ?4',
			shard,
			epoch,
			seq,
			watermark,
		)
	}

	#currentTables(): Map<string, CatalogTable> {
		this.#tables ??= this.#readTables()
		return this.#tables
	}

	#readTables(): Map<string, CatalogTable> {
		const { sql } = this.#storage
		const tables = new Map<string, CatalogTable>()
		const query = 'SELECT name, metadata_location FROM lake_tables ORDER BY name'
		for (const { name, metadata_location } of sql.exec<{ name: string; metadata_location: string }>(query)) {
			const parts = sql.exec<{ bytes: ArrayBuffer }>('SELECT bytes FROM lake_metadata WHERE name = ? ORDER BY part', name)
			const bytes = concatenate(Array.from(parts, (part) => new Uint8Array(part.bytes)))
			assertSum(metadata_location, bytes)
			tables.set(name, { metadataLocation: metadata_location, metadata: decodeTableMetadata(bytes, metadata_location) })
		}
		return tables
	}

	#writeTable(name: string, table: PreparedTable): void {
		const { sql } = this.#storage
		sql.exec(
			'INSERT INTO lake_tables (name, metadata_location) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET metadata_location = ?2',
			name,
			table.metadataLocation,
		)
		const { metadataBytes } = table
		let parts = 0
		for (let start = 0; start < metadataBytes.byteLength; start += METADATA_PART_BYTES) {
			const part = exactBuffer(metadataBytes.subarray(start, start + METADATA_PART_BYTES))
			sql.exec(
				'INSERT INTO lake_metadata (name, part, bytes) VALUES (?1, ?2, ?3) ON CONFLICT (name, part) DO UPDATE SET bytes = ?3',
				name,
				parts++,
				part,
			)
		}
		sql.exec('DELETE FROM lake_metadata WHERE name = ? AND part >= ?', name, parts)
	}

	#readState(key: string): string | null {
		const [row] = this.#storage.sql.exec<{ value: string }>('SELECT value FROM lake_state WHERE key = ?', key)
		return row?.value ?? null
	}

	#writeState(key: string, value: string): void {
		const statement = 'INSERT INTO lake_state (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2'
		this.#storage.sql.exec(statement, key, value)
	}
}

/**
 * `lake_state`: the lake's version, and this catalog's claim on the bucket. `lake_tables`: current metadata of each table.
 * `lake_metadata`: the bytes of that file, so that a restart reads nothing from the store. `lake_shards`: how far each shard is.
 */
function createTables(sql: SqlStorage): void {
	sql.exec(`
		CREATE TABLE IF NOT EXISTS lake_state (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
		CREATE TABLE IF NOT EXISTS lake_tables (name TEXT PRIMARY KEY, metadata_location TEXT NOT NULL) WITHOUT ROWID;
		CREATE TABLE IF NOT EXISTS lake_metadata (name TEXT, part INTEGER, bytes BLOB NOT NULL, PRIMARY KEY (name, part));
		CREATE TABLE IF NOT EXISTS lake_shards (
			shard TEXT PRIMARY KEY, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, watermark INTEGER NOT NULL
		) WITHOUT ROWID;
	`)
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
	const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0))
	let offset = 0
	for (const part of parts) {
		bytes.set(part, offset)
		offset += part.byteLength
	}
	return bytes
}
