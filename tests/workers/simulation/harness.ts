import { env } from 'cloudflare:test'
import { expect } from 'vitest'
import type { FaultPlan } from './faults.ts'
import { type LakeRow, lakeRows } from './lake-rows.ts'
import { type AuditEntry, lakeOf, plans, simulated } from './objects.ts'

/** A fresh stub: one breaks when its object dies. */
export const shardOf = (name: string) => env.SIMULATED_DO.getByName(name)

/**
 * Flushes under a plan. It may fail as its faults make it fail, and in no other way; that nothing is lost is checked in the end.
 */
export async function flushUnder(name: string, plan: FaultPlan): Promise<void> {
	plans.set(name, plan)
	try {
		await shardOf(name).flush()
	} catch (error) {
		if (!isFaultOf(plan, error)) throw error
	} finally {
		plans.delete(name)
	}
}

/** Whether a flush may have failed so: the object died, or tells that the store failed it or brought what cannot be right. */
function isFaultOf(plan: FaultPlan, error: unknown): boolean {
	const kinds = new Set(plan.faults.values())
	const code = error instanceof Error && 'code' in error ? error.code : undefined
	if (plan.struck === 0) return false
	if (code === 'STORE_UNAVAILABLE' || code === 'COMMIT_CONFLICT') return true
	if (code === 'LAKE_CORRUPT') return kinds.has('truncated') || kinds.has('swapped') || kinds.has('stale')
	const died = kinds.has('kill-before') || kinds.has('kill-after')
	return died && error instanceof Error && error.message.includes('simulated crash')
}

/** Flushes until the store has everything. */
export async function drain(name: string): Promise<void> {
	plans.delete(name)
	for (let attempt = 0; attempt < 5; attempt++) {
		const { drained } = await shardOf(name).flush()
		if (drained) return
	}
	throw new Error(`shard ${name} does not drain`)
}

/** Checks that the lake holds each change of the shard once, in the shard's order, as the application recorded them. */
export async function expectSame(name: string, context: string): Promise<void> {
	const { store, catalog } = lakeOf(name, env)
	const rows = await lakeRows(store, catalog, name)
	expect(rows.map(entryOf), context).toEqual(await shardOf(name).audit())
	const times = rows.map(({ _ts }) => _ts.getTime())
	expect(times, `${context}: order of time`).toEqual(times.toSorted((a, b) => a - b))
	expect(new Set(rows.map(({ _epoch, _seq }) => `${_epoch}/${_seq}`)).size, `${context}: positions`).toBe(rows.length)
}

/** Checks that the changes of the newest epoch, replayed, make the shard's tables as they are now. */
export async function expectSameState(name: string, epoch: bigint): Promise<void> {
	const { store, catalog } = lakeOf(name, env)
	const rows = await lakeRows(store, catalog, name)
	expect(rows.at(-1)?._epoch).toBe(epoch)
	const tables: Record<string, Map<unknown, readonly unknown[]>> = { accounts: new Map(), entries: new Map() }
	for (const row of rows.filter(({ _epoch }) => _epoch === epoch)) {
		const { table, before, after } = entryOf(row)
		if (before !== null) tables[table]?.delete(before[0])
		if (after !== null) tables[table]?.set(after[0], after)
	}
	const replayed = Object.fromEntries(
		Object.entries(tables).map(([table, byKey]) => [table, [...byKey.values()].sort((a, b) => compare(a[0], b[0]))]),
	)
	expect(replayed).toEqual(await shardOf(name).tables())
}

function compare(a: unknown, b: unknown): number {
	return String(a) < String(b) ? -1 : 1
}

function entryOf(row: LakeRow): AuditEntry {
	const columns = simulated.lake.tables.get(row._table)?.columns ?? []
	const image = (prefix: string) => columns.map(({ name }) => plain(row[`${prefix}${name}`]))
	return {
		table: row._table,
		op: row._op,
		after: row._op === 'd' ? null : image(''),
		before: row._op === 'c' ? null : image(row._op === 'd' ? '' : '_before_'),
	}
}

function plain(value: unknown): unknown {
	return typeof value === 'bigint' ? Number(value) : (value ?? null)
}
