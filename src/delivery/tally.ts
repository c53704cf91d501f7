import type { Flight } from '../cdc/capture.ts'

/** What was delivered. */
export interface DeliveryCounts {
	/** Ranges that were committed, by this run or by an earlier one whose answer was lost. */
	readonly flights: number
	readonly changes: number
	/** Of those ranges; none of one that an earlier life of the process has uploaded. */
	readonly files: number
	/** Bytes of Parquet, likewise. */
	readonly bytes: number
	/** Changes that could not be encoded and went to the dead letters. */
	readonly deadLetters: number
}

/** What runs have delivered, as it adds up: one that fails leaves here what it did before, for whoever tells of it. */
export interface DeliveryTally {
	counts: DeliveryCounts
	/** What was uploaded of the flight that may be committed, so that it is counted when that is known. */
	uploaded: (Pick<DeliveryCounts, 'files' | 'bytes'> & { readonly flight: Flight }) | null
}

/** A tally of nothing. */
export function newTally(): DeliveryTally {
	return { counts: { flights: 0, changes: 0, files: 0, bytes: 0, deadLetters: 0 }, uploaded: null }
}

/** What two counts come to. */
export function addCounts(a: DeliveryCounts, b: Partial<DeliveryCounts>): DeliveryCounts {
	return {
		flights: a.flights + (b.flights ?? 0),
		changes: a.changes + (b.changes ?? 0),
		files: a.files + (b.files ?? 0),
		bytes: a.bytes + (b.bytes ?? 0),
		deadLetters: a.deadLetters + (b.deadLetters ?? 0),
	}
}
