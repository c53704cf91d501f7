import { SQLakeError } from '../errors.ts'
import { firstRow, textOf } from './query.ts'

/** A range of changes that is recorded durably as being delivered. Positions are inclusive. */
export interface Flight {
	readonly epoch: number
	readonly fromSeq: number
	readonly toSeq: number
	/** From 1; grows when a flight was given up, so that a name made from it is never used for different content. */
	readonly attempt: number
}

/** The changes from a position on belong to an epoch. */
export interface EpochStart {
	readonly epoch: number
	readonly fromSeq: number
}

/** What capture remembers of a shard besides the changes themselves. */
export interface CaptureState {
	/** The epochs that the buffer holds changes of, oldest first; never empty. */
	readonly epochs: readonly EpochStart[]
	/** All changes up to this position are in the lake. */
	readonly acknowledged: number
	/** The latest moment that was delivered, in milliseconds since the epoch; later changes get a later one. */
	readonly mark: number
	readonly flight: Flight | null
	/** The attempt that the next flight gets. */
	readonly attempt: number
}

const META = '_sqlake_meta'

const initial: CaptureState = { epochs: [{ epoch: 1, fromSeq: 1 }], acknowledged: 0, mark: 0, flight: null, attempt: 1 }

/** Creates the table of the state. The state is one row, because every written row is billed. */
export function ensureState(sql: SqlStorage): void {
	sql.exec(`CREATE TABLE IF NOT EXISTS ${META} (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID`)
}

/**
 * Reads the state. It is never cached: a transaction that rolls back takes the state back with it.
 *
 * @throws SQLakeError CAPTURE_INSTALL when capture is not installed.
 */
export function readState(sql: SqlStorage): CaptureState {
	let row: readonly SqlStorageValue[] | null
	try {
		row = firstRow(sql, `SELECT value FROM ${META} WHERE key = 'capture'`)
	} catch (cause) {
		throw SQLakeError.wrap(cause, 'CAPTURE_INSTALL', 'capture: expected its own tables, found none', {
			hint: 'call install() after migrations, and again after deleteAll()',
		})
	}
	return row === null ? initial : (JSON.parse(textOf(row[0])) as CaptureState)
}

/** Writes the state; call it inside the transaction whose effects it describes. */
export function writeState(sql: SqlStorage, state: CaptureState): void {
	sql.exec(`INSERT OR REPLACE INTO ${META} (key, value) VALUES ('capture', ?)`, JSON.stringify(state))
}

/** The newest epoch. */
export function currentEpoch({ epochs }: CaptureState): number {
	return epochs.at(-1)?.epoch ?? 1
}
