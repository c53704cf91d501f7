/**
 * Compares what a shard believes it has delivered with what the catalog has recorded.
 *
 * @module
 */
import type { ShardPosition } from '../lake/catalog/catalog.ts'

/** What a shard knows of its delivery. */
export interface DeliveryState {
	/** The epochs that undelivered changes belong to, oldest first, with the position that each begins at; never empty. */
	readonly epochs: readonly { readonly epoch: number; readonly fromSeq: number }[]
	/** All changes up to this position were delivered. */
	readonly acknowledged: number
	/** The range whose outcome is not known, as it was recorded before its first upload. */
	readonly flight: { readonly epoch: number; readonly toSeq: number } | null
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
 * Decides how to go on from the catalog's position of a shard. Sound only if the flight was recorded after the shard had been
 * found in step in the same life of the object: otherwise a rewound shard could reach the lake's position by chance.
 */
export function reconcile(state: DeliveryState, position: ShardPosition | null): Reconciliation {
	const { epochs, acknowledged, flight } = state
	const started = epochs.findLast(({ fromSeq }) => fromSeq <= acknowledged)
	if (position === null) return started === undefined ? 'in-step' : 'lake-rewound'
	if (flight !== null && position.epoch === flight.epoch && position.seq === flight.toSeq) return 'flight-committed'
	// Nothing of the oldest epoch was delivered: the lake must not have heard of it.
	if (started === undefined) return position.epoch < (epochs[0]?.epoch ?? 1) ? 'in-step' : 'shard-rewound'
	const ahead = position.epoch - started.epoch || position.seq - acknowledged
	return ahead === 0 ? 'in-step' : ahead > 0 ? 'shard-rewound' : 'lake-rewound'
}
