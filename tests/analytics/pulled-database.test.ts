import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NativeEngine } from '../../src/analytics/engines/native/native-engine.node.ts'
import { loadWasmModules } from '../../src/analytics/engines/wasm/modules.node.ts'
import { WasmEngine } from '../../src/analytics/engines/wasm/wasm-engine.ts'
import { createLakeQuery } from '../../src/analytics/lake-query.ts'
import { PULLED_DDL, pulled, REPORTS } from './support/pulled-schema.ts'
import { sqliteRows, type Value } from './support/random-values.ts'
import { type TestChange, TestLake, type TestRow } from './support/test-lake.ts'

const STORES = ['berlin', 'paris', 'rome']
const T = Date.UTC(2026, 0, 1)

/** Rows of one store, the same on each run. */
function rowsOf(store: number): readonly (readonly [table: string, ...values: Value[]])[] {
	const name = STORES[store] ?? ''
	let state = 7 + store * 97
	const next = (below: number) => {
		state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
		// The low bits of such a generator repeat soon.
		return Math.floor(state / 65_536) % below
	}
	const pick = <T>(...values: readonly T[]): T => values[next(values.length)] as T
	const day = () => `2024-0${1 + next(6)}-${String(1 + next(28)).padStart(2, '0')}`
	const moment = () => `${pick(day(), '2024-02-29')} ${String(next(24)).padStart(2, '0')}:${String(next(60)).padStart(2, '0')}:00`
	const rows: [string, ...Value[]][] = []
	for (let i = 1; i <= 8; i++) {
		const limit = pick<Value>(100, 250.5, null, 1000)
		rows.push([
			'customers',
			BigInt(i),
			name,
			`${name} ${i}`,
			pick<Value>('DE', 'FR', null),
			`19${60 + next(40)}-02-0${1 + next(9)}`,
			limit,
		])
	}
	for (let i = 1; i <= 30; i++) {
		const id = BigInt(store * 1000 + i)
		const total = pick<Value>(5, 0.99, 13.86, 100, 49.5, next(10_000) / 100, 1.98, 0)
		const odd: Value = i === 30 && store === 1 ? 'on request' : total
		const paid = pick<Value>(null, moment())
		const reference = pick<Value>(null, BigInt(i), 9_007_199_254_740_993n + BigInt(i))
		rows.push([
			'invoices',
			id,
			name,
			BigInt(1 + next(7)),
			pick(moment(), day()),
			pick<Value>(day(), null, '2024-03-31'),
			paid,
			odd,
			pick(0.19, 0.07),
			reference,
		])
		for (let line = 0; line < 2; line++) {
			rows.push([
				'invoice_items',
				id * 10n + BigInt(line),
				name,
				id,
				pick(0.99, 1.99, 25, 12.5),
				BigInt(1 + next(5)),
				pick<Value>(null, 0.1, 0.025),
			])
		}
	}
	return rows
}

/** What each table's rows are in SQLite, by rowid. */
function stored(sqlite: DatabaseSync, table: string): Map<Value, TestRow> {
	const statement = sqlite.prepare(`SELECT rowid AS "r ", * FROM ${table}`)
	statement.setReadBigInts(true)
	return new Map((statement.all() as Record<string, Value>[]).map(({ 'r ': rowid = null, ...row }) => [rowid, row]))
}

describe.each([
	['wasm', new WasmEngine({ modules: loadWasmModules })],
	['native', new NativeEngine()],
])('a database that was pulled, on the %s engine', (_name, engine) => {
	const lake = new TestLake(pulled.lake)
	const union = new DatabaseSync(':memory:')
	afterAll(() => {
		union.close()
		return engine.close()
	})

	beforeAll(async () => {
		const tables = Object.keys(PULLED_DDL)
		for (const ddl of Object.values(PULLED_DDL)) union.exec(ddl.replace('PRIMARY KEY NOT NULL', 'NOT NULL'))
		for (const [i, store] of STORES.entries()) {
			const shard = new DatabaseSync(':memory:')
			for (const ddl of Object.values(PULLED_DDL)) shard.exec(ddl)
			let known = new Map(tables.map((table) => [table, new Map<Value, TestRow>()]))
			const flush = async () => {
				const changes: TestChange[] = []
				const now = new Map(tables.map((table) => [table, stored(shard, table)]))
				for (const [table, rows] of now) {
					const before = known.get(table) ?? new Map<Value, TestRow>()
					for (const [id, row] of before) if (!rows.has(id)) changes.push({ table, op: 'd', ts: T, row })
					for (const [id, row] of rows) {
						const old = before.get(id)
						changes.push(old === undefined ? { table, op: 'c', ts: T, row } : { table, op: 'u', ts: T, row, before: old })
					}
				}
				known = now
				await lake.deliver(store, changes)
			}
			for (const [table, ...values] of rowsOf(i)) {
				shard.prepare(`INSERT INTO ${table} VALUES (${values.map(() => '?').join(', ')})`).run(...values)
			}
			await flush()
			if (i > 0) {
				shard.exec(
					"UPDATE invoices SET total = total * 1.1, paid_at = '2024-06-30' WHERE invoice_id % 5 = 0 AND typeof(total) <> 'text'",
				)
				shard.exec('DELETE FROM invoices WHERE invoice_id % 7 = 0')
				shard.exec("UPDATE invoices SET due_date = date(due_date, '+1 day') WHERE invoice_id % 4 = 0")
				await flush()
			}
			for (const [table, rows] of known) {
				for (const row of rows.values()) {
					const values = Object.values(row) as Value[]
					union.prepare(`INSERT INTO ${table} VALUES (${values.map(() => '?').join(', ')})`).run(...values)
				}
			}
			shard.close()
		}
	}, 60_000)

	const ask = async (sql: string, dialect: 'sqlite' | 'duckdb' = 'sqlite') => {
		const transport = createLakeQuery({ ...lake, engine })
		return (await transport.query({ statement: { sql, params: [] }, moment: { kind: 'current' }, dialect })).rows
	}

	it.each(Object.entries(REPORTS))(
		'tells %s as SQLite does',
		async (_report, sql) => {
			const expected = sqliteRows(union, sql).map((row) => row.map(plain))
			expect(expected.length).toBeGreaterThan(0)
			const found = await ask(sql)
			if (/ORDER BY/.test(sql)) return expectRows(found, expected)
			const sorted = (rows: readonly (readonly unknown[])[]) => rows.toSorted((a, b) => (String(a) < String(b) ? -1 : 1))
			expectRows(sorted(found), sorted(expected))
		},
		60_000,
	)

	it('needs no value to be rescued', async () => {
		for (const table of Object.keys(PULLED_DDL)) {
			expect(await ask(`SELECT count(*) FROM ${table} WHERE _rescued IS NOT NULL`, 'duckdb')).toEqual([[0]])
		}
	})
})

function plain(value: Value): Value {
	return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value
}

/** The order in which a sum's terms are added is not defined: its last digits may differ. */
const SUMMATION_ORDER = 2 ** -50

function expectRows(found: readonly (readonly unknown[])[], expected: readonly (readonly unknown[])[]): void {
	expect(found.length).toBe(expected.length)
	for (const [i, row] of expected.entries()) {
		for (const [j, value] of row.entries()) {
			const other = found[i]?.[j]
			const near =
				typeof value === 'number' &&
				typeof other === 'number' &&
				Math.abs(value - other) <= SUMMATION_ORDER * Math.max(100, Math.abs(value))
			if (!near) expect(other, `row ${i}`).toEqual(value)
		}
	}
}
