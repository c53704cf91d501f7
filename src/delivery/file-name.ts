/**
 * Names of the data files that a flush writes.
 *
 * @module
 */
import { encodeShardPath } from '../schema/shard-path.ts'

/** Where a data file's first change stands, and which attempt wrote it. */
export interface DataFilePosition {
	readonly epoch: number
	/** Position of the file's first change. */
	readonly firstSeq: number
	/** Moment of the file's first change, in milliseconds. */
	readonly firstTs: number
	/** Number of the attempt, from 0; grows whenever the content of a flight may have changed. */
	readonly attempt: number
}

/** 2^53 has 16 digits: with a fixed width the digits of epoch, sequence and attempt cannot run into each other. */
const SEQ_DIGITS = 16
const ATTEMPT_DIGITS = 6

/**
 * The object key of a data file: `data/<table>/_shard=<encoded>/cdc_<ms>_<n>.parquet`. It follows from what is in the file, so
 * that a retry writes the same content under the same name; `n` is made of epoch, first position and attempt, so that
 * different content never shares a name.
 *
 * @example
 * dataFileKey('orders', 'user-1', { epoch: 1, firstSeq: 42, firstTs: 1767225600000, attempt: 0 })
 * // 'data/orders/_shard=user-1/cdc_1767225600000_10000000000000042000000.parquet'
 */
export function dataFileKey(table: string, shard: string, position: DataFilePosition): string {
	const { epoch, firstSeq, firstTs, attempt } = position
	const n = `${epoch}${String(firstSeq).padStart(SEQ_DIGITS, '0')}${String(attempt).padStart(ATTEMPT_DIGITS, '0')}`
	return `data/${encodeURIComponent(table)}/_shard=${encodeShardPath(shard)}/cdc_${firstTs}_${n}.parquet`
}
