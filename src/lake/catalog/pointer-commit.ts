import { SQLakeError } from '../../errors.ts'
import { mapLimit } from '../map-limit.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { type Admission, admitChanges, type LakeChange, tablesOf } from './admit-changes.ts'
import type { CatalogTable } from './catalog.ts'
import { type LakeOutcome, outcomeOf } from './commit-outcome.ts'
import { type LakePointer, shardKey } from './lake-pointer.ts'
import type { MetadataReader } from './metadata-reader.ts'
import type { PointerObject, ReadPointer } from './pointer-object.ts'
import { type PreparedTable, prepareCommit } from './prepare-commit.ts'
import { putPrepared } from './put-prepared.ts'

/** What a group comes to, by the pointer that was read. */
export interface Judged {
	readonly changes: readonly LakeChange[]
	readonly read: ReadPointer
	readonly admission: Admission
	/** Current state of the tables that the group touches. */
	readonly tables: ReadonlyMap<string, CatalogTable>
	/** Milliseconds. */
	readonly now: number
}

/** A commit that has won. */
export interface WonCommit {
	readonly outcomes: readonly LakeOutcome[]
	/** The pointer's mark of this swap. */
	readonly nonce: string
}

/** What a {@link PointerCommit} is made of. */
export interface PointerCommitOptions {
	readonly store: ObjectStore
	readonly location: string
	readonly pointer: PointerObject
	readonly reader: MetadataReader
	readonly maxShards: number
	/** Milliseconds since the epoch. */
	readonly now: () => number
}

/** One commit of a group of changes by one swap of the pointer, in two steps: what it comes to, and doing it. */
export class PointerCommit {
	readonly #options: PointerCommitOptions

	constructor(options: PointerCommitOptions) {
		this.#options = options
	}

	/** Judges a group by the pointer as it was read. Nothing is written. */
	async judge(changes: readonly LakeChange[], read: ReadPointer): Promise<Judged> {
		const { location } = this.#options
		const { pointer } = read
		const tables = await this.readTables(pointer, tablesOf(changes))
		const now = Math.floor(this.#options.now())
		const admission = admitChanges({
			changes,
			location,
			now,
			positionOf: (shard) => pointer.shards.get(shardKey(shard)) ?? null,
			metadataOf: (table) => tables.get(table)?.metadata,
			mayAddShard: (added, shard) => this.#assertRoom(pointer.shards.size + added, shard),
		})
		return { changes, read, admission, tables, now }
	}

	/**
	 * Puts the files of a group that was judged, and swaps the pointer.
	 *
	 * @param lookAgain Whether to look at the pointer right before the puts: what is put for a swap that is lost stays as orphans.
	 * @returns null where another has swapped it before.
	 * @throws `STORE_UNAVAILABLE` where the outcome of the swap is unknown.
	 */
	async commit({ changes, read, admission, tables, now }: Judged, lookAgain: boolean): Promise<WonCommit | null> {
		const { store, location, pointer: object, reader } = this.#options
		const { pointer } = read
		const etag = read.etag ?? (await object.create())
		if (etag === null) return null
		const version = pointer.version + 1
		const { admitted, positions } = admission
		const prepared = await prepareCommit({
			location,
			requests: admitted,
			admitted: admission.tables,
			tables,
			reader,
			version,
			now,
		})
		if (lookAgain && (await object.read()).etag !== etag) return null
		await putPrepared(store, prepared.objects)
		const nonce = `${writerOf(changes)}.${crypto.randomUUID()}`
		const locations = [...prepared.tables].map(([name, table]) => [name, table.metadataLocation] as const)
		const next: LakePointer = {
			...pointer,
			nonce,
			version,
			tables: new Map([...pointer.tables, ...locations]),
			shards: new Map([...pointer.shards, ...[...positions].map(([shard, at]) => [shardKey(shard), at] as const)]),
		}
		if (!(await object.swap(next, etag))) return null
		prepared.remember()
		return { outcomes: outcomesOf(changes, admission, version, prepared.tables), nonce }
	}

	/** Metadata of those of the named tables that exist. */
	async readTables(pointer: LakePointer, names: Iterable<string>): Promise<ReadonlyMap<string, CatalogTable>> {
		const entries = await mapLimit([...new Set(names)], async (name) => {
			const metadataLocation = pointer.tables.get(name)
			if (metadataLocation === undefined) return []
			const metadata = await this.#options.reader.readTableMetadata(metadataLocation)
			return [[name, { metadataLocation, metadata }] as const]
		})
		return new Map(entries.flat())
	}

	#assertRoom(shards: number, shard: string): void {
		const { maxShards } = this.#options
		if (shards <= maxShards) return
		throw new SQLakeError(
			'CATALOG_LIMIT',
			`shard "${shard}": expected at most ${maxShards} shards in a pointer catalog, found ${shards}`,
			{
				hint: 'Bind the catalog Durable Object as SQLAKE_CATALOG: it has no such limit.',
				details: { limit: maxShards },
			},
		)
	}
}

/** The outcomes of a group of which nothing is to be written; null where something is. */
export function outcomesWithoutCommit({ changes, read, admission }: Judged): LakeOutcome[] | null {
	return admission.isEmpty ? outcomesOf(changes, admission, read.pointer.version, new Map()) : null
}

/** Whether the pointer was swapped last for one of the changes' shards. */
export function wasSwappedFor(changes: readonly LakeChange[], { nonce }: LakePointer): boolean {
	return changes.some((change) => nonce.startsWith(`${writerOf([change])}.`))
}

/** Stands in the pointer's nonce for who swapped it: the first shard of the group. */
function writerOf([first]: readonly LakeChange[]): string {
	return first?.kind === 'commit' ? shardKey(first.request.shard) : 'evolution'
}

function outcomesOf(
	changes: readonly LakeChange[],
	{ verdicts }: Admission,
	version: number,
	written: ReadonlyMap<string, PreparedTable>,
): LakeOutcome[] {
	return verdicts.map((verdict, i) => outcomeOf(verdict, version, written, changes[i]))
}
