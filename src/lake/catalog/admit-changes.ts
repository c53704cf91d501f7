import { SQLakeError } from '../../errors.ts'
import { encodeShardPath } from '../../schema/shard-path.ts'
import { CHANGE_FIELDS } from '../change-table.ts'
import type { IcebergDataFile, IcebergTableMetadata } from '../iceberg/types.ts'
import { lakePath } from '../lake-path.ts'
import { recordShards } from '../stray-shards.ts'
import type { CommitRequest, EvolvedTable, EvolveOptions, ShardPosition, TableAppend, TableEvolution } from './catalog.ts'
import { assertIncoming, evolveTable, newTable } from './evolve-table.ts'
import { evolveOne } from './plan-evolution.ts'
import { advance, judgeSequence } from './shard-sequence.ts'

/** Something that is to happen to a lake as one. */
export type LakeChange =
	| { readonly kind: 'commit'; readonly request: CommitRequest }
	| { readonly kind: 'evolve'; readonly tables: readonly TableEvolution[]; readonly options: EvolveOptions }

/** What becomes of one change of a group. */
export type Verdict =
	| { readonly kind: 'admitted'; readonly position: ShardPosition }
	| { readonly kind: 'duplicate'; readonly position: ShardPosition }
	| { readonly kind: 'evolved'; readonly tables: readonly EvolvedTable[] }
	| { readonly kind: 'refused'; readonly error: SQLakeError }

/** What a group makes of one table. */
export interface AdmittedTable {
	/** With the schema that the group leaves, and without its files. */
	readonly metadata: IcebergTableMetadata
	readonly dataFiles: readonly IcebergDataFile[]
}

/** A group of changes, judged. */
export interface Admission {
	/** One a change, in order. */
	readonly verdicts: readonly Verdict[]
	/** The commits among them that take effect. */
	readonly admitted: readonly CommitRequest[]
	/** The tables that come to be, evolve or get files, by name. */
	readonly tables: ReadonlyMap<string, AdmittedTable>
	/** New positions, by shard. */
	readonly positions: ReadonlyMap<string, ShardPosition>
	/** Whether anything is to be written. */
	readonly isEmpty: boolean
}

/** What {@link admitChanges} is given. */
export interface AdmitOptions {
	readonly changes: readonly LakeChange[]
	readonly location: string
	/** Milliseconds. */
	readonly now: number
	/** The committed position of a shard. */
	readonly positionOf: (shard: string) => ShardPosition | null
	/** Current metadata of a table; undefined for one that is to be created. */
	readonly metadataOf: (table: string) => IcebergTableMetadata | undefined
	/** Called for a shard without a position; throws where there is no room for it. */
	readonly mayAddShard?: (added: number, shard: string) => void
}

/** The names of the tables that changes are about. */
export function tablesOf(changes: readonly LakeChange[]): string[] {
	return changes.flatMap((change) =>
		(change.kind === 'commit' ? change.request.appends : change.tables).map(({ table }) => table),
	)
}

/** Folder of a table's metadata, as a key of the store. */
export function metadataFolder(table: string): string {
	return `metadata/${encodeShardPath(table)}`
}

/**
 * Judges a group of changes one after the other, as if each were committed before the next. One that is refused leaves the
 * others alone.
 */
export function admitChanges(options: AdmitOptions): Admission {
	const group = new Group(options)
	const verdicts = options.changes.map((change) => group.judge(change))
	const { admitted, tables, positions } = group
	return { verdicts, admitted, tables, positions, isEmpty: admitted.length === 0 && tables.size === 0 }
}

class Group {
	readonly admitted: CommitRequest[] = []
	readonly tables = new Map<string, AdmittedTable>()
	readonly positions = new Map<string, ShardPosition>()
	readonly #options: AdmitOptions
	#addedShards = 0

	constructor(options: AdmitOptions) {
		this.#options = options
	}

	judge(change: LakeChange): Verdict {
		try {
			return change.kind === 'commit' ? this.#commit(change.request) : this.#evolve(change.tables, change.options)
		} catch (error) {
			if (SQLakeError.is(error)) return { kind: 'refused', error }
			throw error
		}
	}

	#commit(request: CommitRequest): Verdict {
		const { positionOf, mayAddShard } = this.#options
		const position = this.positions.get(request.shard) ?? positionOf(request.shard)
		if (judgeSequence(position, request) === 'duplicate' && position !== null) return { kind: 'duplicate', position }
		if (position === null) mayAddShard?.(++this.#addedShards, request.shard)
		assertOneAppendAVersion(request)
		// Aside first: a request is admitted with all of its appends or with none.
		const aside = new Map<string, AdmittedTable>()
		for (const append of request.appends) aside.set(append.table, this.#append(append, aside))
		for (const [name, table] of aside) this.tables.set(name, table)
		const next = advance(position, request)
		this.positions.set(request.shard, next)
		this.admitted.push(request)
		return { kind: 'admitted', position: next }
	}

	#append(append: TableAppend, aside: ReadonlyMap<string, AdmittedTable>): AdmittedTable {
		const { location } = this.#options
		assertIncoming(append)
		for (const file of append.dataFiles) assertDataFile(file, location)
		const before = aside.get(append.table) ?? this.#table(append.table)
		const options = this.#timesOf(append.dataFiles)
		const metadata =
			before === undefined
				? newTable(append, { ...options, ...this.#placeOf(append.table) })
				: evolveTable(before.metadata, append, options)
		const earlier = before?.dataFiles ?? []
		return { metadata: recordShards(metadata, append, earlier.length === 0), dataFiles: [...earlier, ...append.dataFiles] }
	}

	#evolve(tables: readonly TableEvolution[], { force = false }: EvolveOptions): Verdict {
		if (!Array.isArray(tables)) throw new SQLakeError('RPC_INVALID', 'evolve: expected a list of tables')
		if (new Set(tables.map(({ table }) => table)).size < tables.length) {
			throw new SQLakeError('RPC_INVALID', 'evolve: expected each table once, found one several times')
		}
		for (const wanted of tables) assertIncoming(wanted)
		const evolutions = tables.map((wanted) => {
			const before = this.#table(wanted.table)
			const options = { ...this.#timesOf([]), ...this.#placeOf(wanted.table), force }
			return { before, ...evolveOne(before?.metadata, wanted, options) }
		})
		for (const { before, metadata, told } of evolutions) {
			if (metadata !== before?.metadata) this.tables.set(told.table, { metadata, dataFiles: before?.dataFiles ?? [] })
		}
		return { kind: 'evolved', tables: evolutions.map(({ told }) => told) }
	}

	/** A table as the changes before left it. */
	#table(name: string): AdmittedTable | undefined {
		const metadata = this.#options.metadataOf(name)
		return this.tables.get(name) ?? (metadata === undefined ? undefined : { metadata, dataFiles: [] })
	}

	#placeOf(table: string): { readonly tableLocation: string; readonly lakeLocation: string } {
		const { location } = this.#options
		return { tableLocation: lakePath(location, metadataFolder(table)), lakeLocation: location }
	}

	/** A schema holds from the first change that was captured under it. */
	#timesOf(files: readonly IcebergDataFile[]): { readonly now: number; readonly since: number } {
		const { now } = this.#options
		const firsts = files.map((file) => file.lowerBounds.get(CHANGE_FIELDS.ts.id))
		const times = firsts.filter((first) => typeof first === 'bigint').map((micros) => Number(micros / 1000n))
		return { now, since: Math.min(now, ...times) }
	}
}

/** Several for one table only where its schema changed in between. */
function assertOneAppendAVersion({ appends, commitId }: CommitRequest): void {
	const seen = new Set(appends.map(({ table, schemaVersion = 0 }) => `${schemaVersion} ${table}`))
	if (seen.size === appends.length) return
	throw new SQLakeError('RPC_INVALID', `commit ${commitId}: expected one append a table and version, found several`)
}

function assertDataFile(file: IcebergDataFile, location: string): void {
	if (!file.filePath.startsWith(`${location}/`)) {
		throw new SQLakeError('RPC_INVALID', `data file "${file.filePath}": expected a path below "${location}"`)
	}
	if (!Number.isSafeInteger(file.recordCount) || file.recordCount < 1) {
		throw new SQLakeError('RPC_INVALID', `data file "${file.filePath}": expected at least one row, found ${file.recordCount}`)
	}
	if (file.crc32 !== undefined && file.crc32 !== file.crc32 >>> 0) {
		throw new SQLakeError('RPC_INVALID', `data file "${file.filePath}": expected a sum of 32 bits, found ${file.crc32}`)
	}
}
