/**
 * Compares what a shard believes it has delivered with what the catalog has recorded.
 *
 * @module
 */
import type { ShardPosition } from '../lake/catalog/catalog.ts'

/** Where a flight ends. */
export interface FlightEnd {
	readonly epoch: number
	readonly toSeq: number
	/** Milliseconds: later than that of any flight before it. */
	readonly watermark: number
}

/** What a shard knows of its delivery. */
export interface DeliveryState {
	/** The epochs that undelivered changes belong to, oldest first, with the position that each begins at; never empty. */
	readonly epochs: readonly { readonly epoch: number; readonly fromSeq: number }[]
	/** All changes up to this position were delivered. */
	readonly acknowledged: number
	/** The range whose outcome is not known, as it was recorded before its first upload. */
	readonly flight: FlightEnd | null
}

/**
 * - `in-step`: nothing of the flight, if there is one, is in the lake; go on.
 * - `flight-committed`: all of the flight is in the lake; acknowledge it.
 * - `shard-rewound`: the lake holds changes that the shard has forgotten; a new epoch begins.
 * - `lake-rewound`: the shard has dropped changes that the lake does not hold; a new epoch begins, too, since only a back-fill
 *   brings the present rows to the lake again.
 */
export type Reconciliation = 'in-step' | 'flight-committed' | 'shard-rewound' | 'lake-rewound'

/**
 * Whether a position is the one that the commit of a flight has left. Where the history that a rewound shard has forgotten ends
 * at the same number by chance, its watermark is earlier.
 */
export function isEndOf(flight: FlightEnd, position: ShardPosition): boolean {
	return position.epoch === flight.epoch && position.seq === flight.toSeq && position.watermark >= flight.watermark
}

/** Decides how to go on from the catalog's position of a shard. */
export function reconcile(state: DeliveryState, position: ShardPosition | null): Reconciliation {
	const { epochs, acknowledged, flight } = state
	const started = epochs.findLast(({ fromSeq }) => fromSeq <= acknowledged)
	if (position === null) return started === undefined ? 'in-step' : 'lake-rewound'
	if (flight !== null && isEndOf(flight, position)) return 'flight-committed'
	// Nothing of the oldest epoch was delivered: the lake must not have heard of it.
	if (started === undefined) return position.epoch < (epochs[0]?.epoch ?? 1) ? 'in-step' : 'shard-rewound'
	const ahead = position.epoch - started.epoch || position.seq - acknowledged
	return ahead === 0 ? 'in-step' : ahead > 0 ? 'shard-rewound' : 'lake-rewound'
}
