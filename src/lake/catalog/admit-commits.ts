import { SQLakeError } from '../../errors.ts'
import { evolveForAppend } from '../iceberg/schema-evolution.ts'
import { currentSchema } from '../iceberg/table-metadata.ts'
import type { IcebergDataFile, IcebergSchema, IcebergTableMetadata } from '../iceberg/types.ts'
import type { CommitRequest, ShardPosition } from './catalog.ts'
import { advance, judgeSequence } from './shard-sequence.ts'

/** What becomes of one request of a group. */
export type Verdict =
	| { readonly kind: 'admitted'; readonly position: ShardPosition }
	| { readonly kind: 'duplicate'; readonly position: ShardPosition }
	| { readonly kind: 'refused'; readonly error: SQLakeError }

/** What a group adds to one table. */
export interface AdmittedAppend {
	readonly schema: IcebergSchema
	readonly dataFiles: readonly IcebergDataFile[]
}

/** A group of requests, judged. */
export interface Admission {
	/** One a request, in order. */
	readonly verdicts: readonly Verdict[]
	readonly admitted: readonly CommitRequest[]
	/** By table. */
	readonly appends: ReadonlyMap<string, AdmittedAppend>
	/** New positions, by shard. */
	readonly positions: ReadonlyMap<string, ShardPosition>
}

/**
 * Judges a group of requests one after the other, as if each were committed before the next. One that is refused leaves the
 * others alone.
 *
 * @param options.positionOf The committed position of a shard.
 * @param options.metadataOf Current metadata of a table; undefined for one that is to be created.
 * @param options.mayAddShard Called for a shard without a position; throws where there is no room for it.
 */
export function admitCommits(options: {
	readonly requests: readonly CommitRequest[]
	readonly location: string
	readonly positionOf: (shard: string) => ShardPosition | null
	readonly metadataOf: (table: string) => IcebergTableMetadata | undefined
	readonly mayAddShard?: (added: number, shard: string) => void
}): Admission {
	const { requests, positionOf, metadataOf, mayAddShard } = options
	const positions = new Map<string, ShardPosition>()
	const appends = new Map<string, AdmittedAppend>()
	const admitted: CommitRequest[] = []
	let addedShards = 0
	const judge = (request: CommitRequest): Verdict => {
		try {
			const committed = positionOf(request.shard)
			const position = positions.get(request.shard) ?? committed
			if (judgeSequence(position, request) === 'duplicate' && position !== null) return { kind: 'duplicate', position }
			if (position === null) mayAddShard?.(++addedShards, request.shard)
			// Evolved aside first: a request is admitted with all of its appends or with none.
			const evolved = request.appends.map((append) => {
				const before = appends.get(append.table)
				const metadata = metadataOf(append.table)
				const current = before?.schema ?? (metadata === undefined ? undefined : currentSchema(metadata))
				const schema = current === undefined ? append.schema : evolveForAppend(current, append.schema, append.table)
				for (const file of append.dataFiles) assertDataFile(file, options.location)
				return [append.table, { schema, dataFiles: [...(before?.dataFiles ?? []), ...append.dataFiles] }] as const
			})
			if (new Set(evolved.map(([table]) => table)).size < evolved.length) {
				throw new SQLakeError('RPC_INVALID', `commit ${request.commitId}: expected one append a table, found several`)
			}
			for (const [table, append] of evolved) appends.set(table, append)
			const next = advance(position, request)
			positions.set(request.shard, next)
			admitted.push(request)
			return { kind: 'admitted', position: next }
		} catch (error) {
			if (SQLakeError.is(error)) return { kind: 'refused', error }
			throw error
		}
	}
	return { verdicts: requests.map(judge), admitted, appends, positions }
}

function assertDataFile(file: IcebergDataFile, location: string): void {
	if (!file.filePath.startsWith(`${location}/`)) {
		throw new SQLakeError('RPC_INVALID', `data file "${file.filePath}": expected a path below "${location}"`)
	}
	if (!Number.isSafeInteger(file.recordCount) || file.recordCount < 1) {
		throw new SQLakeError('RPC_INVALID', `data file "${file.filePath}": expected at least one row, found ${file.recordCount}`)
	}
}
