import { Delivery, type DeliveryParts, type DeliveryResult } from '../delivery/delivery.ts'
import type { DeliveryTally } from '../delivery/tally.ts'
import type { DeliveryLock } from './delivery-lock.ts'

/** A delivery that no other process runs at the same time: it reads and moves the shard's position in several steps. */
export class LockedDelivery extends Delivery {
	readonly #lock: DeliveryLock

	constructor(lock: DeliveryLock, parts: DeliveryParts) {
		super(parts)
		this.#lock = lock
	}

	override run(tally?: DeliveryTally): Promise<DeliveryResult> {
		return this.#lock.hold(() => super.run(tally))
	}
}
