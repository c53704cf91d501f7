import { describe, expect, it } from 'vitest'
import type { ShardReport } from '../../src/fleet/fleet.ts'
import { ShardRegister } from '../../src/fleet/register.ts'
import { NodeStorage } from '../../src/local/node-storage.ts'
import { names } from './harness.ts'

function openRegister() {
	const { sql } = new NodeStorage(':memory:', { get: () => null, set: () => {} }).durableObjectStorage
	return { register: new ShardRegister(sql), sql }
}

function reportOf(shard: string, report: Partial<ShardReport> = {}): ShardReport {
	return { shard, binding: 'USER_DO', version: '0001_a', state: 'current', lastError: null, ...report }
}

function all(register: ShardRegister, filter: Parameters<ShardRegister['page']>[0]): string[] {
	const found: string[] = []
	for (let cursor: string | null | undefined; cursor !== null; ) {
		const page = register.page({ ...filter, ...(cursor === undefined ? {} : { cursor }) })
		found.push(...page.shards.map(({ shard }) => shard))
		cursor = page.cursor
	}
	return found
}

describe('the register of shards', () => {
	it('keeps what a shard said last', () => {
		const { register } = openRegister()
		const lastError = { code: 'MIGRATION_FAILED', message: 'no', tag: '0002_b', at: 5 }
		expect(register.report(reportOf('a'), 10)).toBe(true)
		expect(register.report(reportOf('a', { state: 'failed', lastError }), 20)).toBe(false)
		expect(register.get('a')).toEqual({ ...reportOf('a', { state: 'failed', lastError }), lastSeen: 20 })
		register.report(reportOf('a', { version: null, binding: null, state: 'pending' }), 30)
		expect(register.get('a')).toMatchObject({ version: null, binding: null, lastError: null, lastSeen: 30 })
		expect(() => register.get('b')).toThrow(expect.objectContaining({ code: 'SHARD_NOT_FOUND' }))
	})

	it('takes each part of a report, though the rest is as it was', () => {
		const { register } = openRegister()
		const lastError = { code: 'MIGRATION_FAILED', message: 'no', tag: '0002_b', at: 5 }
		const report = reportOf('a', { state: 'failed', lastError })
		for (const changed of [
			{ binding: 'OTHER_DO' },
			{ binding: null },
			{ version: '0002_b' },
			{ state: 'held' as const },
			{ lastError: { ...lastError, code: 'MIGRATION_INVALID' } },
			{ lastError: { ...lastError, message: 'never' } },
			{ lastError: { ...lastError, tag: null } },
			{ lastError: null },
		]) {
			register.report(report, 10)
			register.report({ ...report, ...changed }, 20)
			expect(register.get('a')).toEqual({ ...report, ...changed, lastSeen: 20 })
		}
	})

	it('notes that a shard did not answer instead of its last error, until it reports again', () => {
		const { register } = openRegister()
		const lastError = { code: 'MIGRATION_FAILED', message: 'no', tag: '0002_b', at: 5 }
		const report = reportOf('a', { state: 'failed', lastError })
		register.report(report, 10)
		register.unreachable('a', { code: 'SHARD_UNAVAILABLE', message: 'gone' }, 20)
		const unreachable = { code: 'SHARD_UNAVAILABLE', message: 'gone', tag: null, at: 20 }
		expect(register.get('a')).toEqual({ ...report, lastError: unreachable, lastSeen: 10 })
		register.report(report, 30)
		expect(register.get('a')).toEqual({ ...report, lastSeen: 30 })
	})

	it('names no page behind the last one', () => {
		const { register } = openRegister()
		for (const shard of names(4)) register.report(reportOf(shard), 1)
		const first = register.page({ limit: 2 })
		expect(first.shards).toHaveLength(2)
		expect(register.page({ limit: 2, cursor: first.cursor ?? '' })).toMatchObject({ shards: [{}, {}], cursor: null })
	})

	it('gives every shard on one page exactly, whatever the filter', () => {
		const { register } = openRegister()
		const shards = names(57)
		for (const [i, shard] of shards.entries()) {
			const state = i % 3 === 0 ? 'pending' : 'current'
			register.report(reportOf(shard, { state, version: i % 2 === 0 ? null : '0001_a' }), i)
		}
		expect(all(register, { limit: 10 })).toEqual(shards)
		expect(all(register, { limit: 7, version: null })).toEqual(shards.filter((_, i) => i % 2 === 0))
		expect(all(register, { limit: 4, state: 'pending' }).toSorted()).toEqual(shards.filter((_, i) => i % 3 === 0))
		expect(all(register, { limit: 4, state: 'pending', version: '0001_a' })).toEqual(shards.filter((_, i) => i % 6 === 3))
		expect(all(register, { state: 'held' })).toEqual([])
		expect(() => register.page({ cursor: 'x' })).toThrow(expect.objectContaining({ code: 'RPC_INVALID' }))
	})

	it('counts versions and states, and groups failures by their reason', () => {
		const { register } = openRegister()
		const failed = (message: string) => ({ state: 'failed' as const, lastError: { code: 'X', message, tag: null, at: 1 } })
		for (const shard of names(5)) register.report(reportOf(shard), 1)
		register.report(reportOf('new', { version: '0002_b' }), 1)
		register.report(reportOf('none', { version: null, state: 'pending' }), 1)
		for (const shard of ['y', 'x']) register.report(reportOf(shard, failed('duplicate')), 1)
		register.report(reportOf('z', failed('other')), 1)
		expect(register.summary()).toEqual({
			shards: 10,
			versions: [
				{ version: '0002_b', shards: 1 },
				{ version: '0001_a', shards: 8 },
				{ version: null, shards: 1 },
			],
			states: { current: 6, pending: 1, failed: 3, held: 0, ahead: 0, invalid: 0 },
			failures: [
				{ message: 'duplicate', shards: 2, example: 'x' },
				{ message: 'other', shards: 1, example: 'z' },
			],
		})
	})

	it.each([
		['a page', 'SELECT * FROM fleet_shards WHERE shard > ? ORDER BY shard LIMIT ?'],
		['a state', 'SELECT * FROM fleet_shards WHERE state = ? AND (version, shard) > (?, ?) ORDER BY version, shard LIMIT ?'],
		['a version', 'SELECT * FROM fleet_shards WHERE version = ? AND (version, shard) > (?, ?) ORDER BY version, shard LIMIT ?'],
		['a summary', 'SELECT state, version, count(*) AS n FROM fleet_shards GROUP BY state, version'],
	])('answers %s from an index, without sorting', (_, query) => {
		const { sql } = openRegister()
		const values = Array(query.split('?').length - 1).fill('x')
		const plan = Array.from(sql.exec<{ detail: string }>(`EXPLAIN QUERY PLAN ${query}`, ...values), ({ detail }) => detail)
		expect(plan.join('; ')).not.toMatch(/TEMP B-TREE|SCAN fleet_shards(?! USING COVERING INDEX)/)
	})
})
