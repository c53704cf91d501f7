import { describe, expect, it } from 'vitest'
import { reconcile } from '../../src/delivery/reconcile.ts'

const fresh = { epochs: [{ epoch: 1, fromSeq: 1 }], acknowledged: 0, flight: null }
const delivered = { ...fresh, acknowledged: 50 }
const at = (epoch: number, seq: number, watermark = 7) => ({ epoch, seq, watermark })

describe('reconcile', () => {
	it('finds a new shard in step with a lake that has never heard of it', () => {
		expect(reconcile(fresh, null)).toBe('in-step')
	})

	it('finds a shard in step whose acknowledged position is the catalog position', () => {
		expect(reconcile(delivered, at(1, 50))).toBe('in-step')
		expect(reconcile({ ...delivered, flight: { epoch: 1, toSeq: 60, watermark: 7 } }, at(1, 50))).toBe('in-step')
	})

	it('finds a flight committed when the position is its end', () => {
		expect(reconcile({ ...delivered, flight: { epoch: 1, toSeq: 60, watermark: 7 } }, at(1, 60))).toBe('flight-committed')
		expect(reconcile({ ...fresh, flight: { epoch: 1, toSeq: 60, watermark: 7 } }, at(1, 60))).toBe('flight-committed')
	})

	it('takes a flight for committed by its watermark, too: a forgotten history may end at the same number', () => {
		const flying = { ...delivered, flight: { epoch: 1, toSeq: 60, watermark: 7 } }
		expect(reconcile(flying, at(1, 60, 8))).toBe('flight-committed')
		expect(reconcile(flying, at(1, 60, 6))).toBe('shard-rewound')
	})

	it('takes no flight for committed by a position of another epoch, whatever its number', () => {
		const next = { epochs: [{ epoch: 2, fromSeq: 51 }], acknowledged: 50, flight: { epoch: 2, toSeq: 60, watermark: 7 } }
		expect(reconcile(next, at(1, 60))).toBe('in-step')
		expect(reconcile(next, at(2, 60))).toBe('flight-committed')
	})

	it('takes a position that no flight explains for a rewound shard', () => {
		expect(reconcile(delivered, at(1, 80))).toBe('shard-rewound')
		expect(reconcile({ ...delivered, flight: { epoch: 1, toSeq: 60, watermark: 7 } }, at(1, 80))).toBe('shard-rewound')
		expect(reconcile(fresh, at(1, 80))).toBe('shard-rewound')
		expect(reconcile(fresh, at(3, 2))).toBe('shard-rewound')
	})

	it('takes a position behind the acknowledged one for a rewound lake', () => {
		expect(reconcile(delivered, at(1, 40))).toBe('lake-rewound')
		expect(reconcile(delivered, null)).toBe('lake-rewound')
	})

	it('lets a new epoch follow any position of an earlier one', () => {
		const next = { epochs: [{ epoch: 2, fromSeq: 51 }], acknowledged: 50, flight: null }
		expect(reconcile(next, at(1, 80))).toBe('in-step')
		expect(reconcile(next, null)).toBe('in-step')
		expect(reconcile(next, at(2, 60))).toBe('shard-rewound')
		expect(reconcile({ ...next, acknowledged: 70 }, at(1, 80))).toBe('lake-rewound')
	})

	it('does not take a later epoch that is still in the buffer for the one delivered', () => {
		const two = {
			epochs: [
				{ epoch: 1, fromSeq: 1 },
				{ epoch: 2, fromSeq: 60 },
			],
			acknowledged: 50,
			flight: null,
		}
		expect(reconcile(two, at(1, 50))).toBe('in-step')
		expect(reconcile(two, at(2, 70))).toBe('shard-rewound')
	})
})
