import { describe, expect, it } from 'vitest'
import { findPoison } from '../../src/delivery/find-poison.ts'
import { creations } from './table-changes.ts'

const plan = {
	changes: creations(
		Array.from({ length: 1_000 }, () => 0),
		11,
	),
	from: 100,
	to: 1_000,
}

function encoderThatRefuses(...rows: number[]) {
	let calls = 0
	const encode = (from: number, to: number): void => {
		calls++
		const row = rows.find((row) => row >= from && row < to)
		if (row !== undefined) throw new Error(`row ${row}`)
	}
	return { encode, calls: () => calls }
}

describe('findPoison', () => {
	it('finds each change that cannot be encoded, and only those', () => {
		const { encode, calls } = encoderThatRefuses(100, 555, 999)
		expect(findPoison(plan, encode, new Error('row 100'))).toEqual([
			{ seq: 111, message: 'row 100' },
			{ seq: 566, message: 'row 555' },
			{ seq: 1_010, message: 'row 999' },
		])
		expect(calls()).toBeLessThan(100)
	})

	it('finds none where changes only fail together', () => {
		expect(
			findPoison(
				plan,
				(from, to) => {
					if (to - from > 500) throw new Error('too many')
				},
				new Error('too many'),
			),
		).toEqual([])
	})

	it('gives up telling changes apart when all of them fail', () => {
		const { encode, calls } = encoderThatRefuses(...Array.from({ length: 5_000 }, (_, row) => row))
		const many = { changes: creations(Array.from({ length: 5_000 }, () => 0)), from: 0, to: 5_000 }
		expect(findPoison(many, encode, new Error('row 0'))).toHaveLength(5_000)
		expect(calls()).toBeLessThan(4_000)
	})
})
