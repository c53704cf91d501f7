/**
 * Queries at one moment of a lake.
 *
 * @module
 */
import type { LakeMoment, LakeQueryStats, LakeRequest, LakeResponse, LakeTransport, WireValue } from '../driver/transport.ts'
import { SQLakeError } from '../errors.ts'
import type { IcebergTableMetadata } from '../lake/iceberg/types.ts'
import {
	parseTime,
	parseTimeRange,
	resolveTimeTravel,
	type TimeInput,
	type TimeTravelOptions,
	type TimeTravelResolution,
} from './time-travel.ts'

/** A range of changes: from inclusive, to exclusive. */
export interface TimeTravelRange {
	readonly from: TimeInput
	readonly to: TimeInput
}

/** Limits of one query. */
export type TimeTravelLimits = Pick<LakeRequest, 'timeoutMs' | 'signal'>

/**
 * Asks a lake as it was at a moment, at a snapshot, or what changed in a range of time. Without any of them it asks the present.
 *
 * @example
 * ```ts
 * const yesterday = new TimeTravelQuery(lake, { asOf: '2026-01-31T12:00:00Z' })
 * const users = await yesterday.all<User>('SELECT * FROM users WHERE plan = ?', ['pro'])
 * ```
 */
export class TimeTravelQuery {
	readonly #lake: LakeTransport
	readonly #options: TimeTravelOptions | TimeTravelRange
	/** The moment that the queries see. */
	readonly moment: LakeMoment

	/**
	 * @param lake What answers, such as `createDuckDBProvider(...)` or `createDuckDBServiceClient(...)`.
	 * @throws `TIME_INVALID` if a moment is none, if two are given, or a range ends before it starts.
	 */
	constructor(lake: LakeTransport, options: TimeTravelOptions | TimeTravelRange = {}) {
		this.#lake = lake
		this.#options = options
		this.moment = momentOf(options)
	}

	/** Rows as arrays, and what the query did. @throws as {@link LakeTransport.query} does. */
	async query(sql: string, params: readonly WireValue[] = [], limits: TimeTravelLimits = {}): Promise<LakeResponse> {
		return this.#lake.query(this.#request(sql, params, limits))
	}

	/** Rows by column name; of two columns of one name the last wins. @throws as {@link LakeTransport.query} does. */
	async all<T = Record<string, WireValue>>(
		sql: string,
		params: readonly WireValue[] = [],
		limits: TimeTravelLimits = {},
	): Promise<T[]> {
		const { columns, rows } = await this.query(sql, params, limits)
		return rows.map((row) => rowObject(columns, row) as T)
	}

	/** Rows by column name, made as they are asked for. @returns the statistics at the end. */
	async *stream<T = Record<string, WireValue>>(
		sql: string,
		params: readonly WireValue[] = [],
		limits: TimeTravelLimits = {},
	): AsyncGenerator<T, LakeQueryStats, undefined> {
		const request = this.#request(sql, params, limits)
		const batches = this.#lake.stream?.(request) ?? wholeAnswer(this.#lake, request)
		try {
			for (let step = await batches.next(); ; step = await batches.next()) {
				if (step.done) return step.value
				const { columns, rows } = step.value
				for (const row of rows) yield rowObject(columns, row) as T
			}
		} finally {
			await batches.return(undefined as never) // Where the loop was left early.
		}
	}

	/**
	 * The snapshot of a table that is meant.
	 *
	 * @throws `SNAPSHOT_NOT_FOUND` if it is not kept; `TIME_INVALID` for a range, which has no one snapshot.
	 */
	resolve(metadata: IcebergTableMetadata): TimeTravelResolution {
		if ('from' in this.#options) throw new SQLakeError('TIME_INVALID', 'expected one moment, found a range of time')
		return resolveTimeTravel(metadata, this.#options)
	}

	#request(sql: string, params: readonly WireValue[], limits: TimeTravelLimits): LakeRequest {
		return { statement: { sql, params }, moment: this.moment, ...limits }
	}
}

async function* wholeAnswer(
	lake: LakeTransport,
	request: LakeRequest,
): AsyncGenerator<Pick<LakeResponse, 'columns' | 'rows'>, LakeQueryStats, undefined> {
	const { stats, ...batch } = await lake.query(request)
	yield batch
	return stats
}

function momentOf(options: TimeTravelOptions | TimeTravelRange): LakeMoment {
	if ('from' in options) return { kind: 'between', ...parseTimeRange(options.from, options.to) }
	const { asOf, snapshotId } = options
	if (asOf !== undefined && snapshotId !== undefined) {
		throw new SQLakeError('TIME_INVALID', 'expected a moment or a snapshot, found both')
	}
	if (snapshotId !== undefined) return { kind: 'snapshot', id: BigInt(snapshotId) }
	return asOf === undefined ? { kind: 'current' } : { kind: 'asOf', at: parseTime(asOf) }
}

function rowObject(columns: readonly string[], row: readonly WireValue[]): Record<string, WireValue> {
	return Object.fromEntries(columns.map((column, index) => [column, row[index] ?? null]))
}
