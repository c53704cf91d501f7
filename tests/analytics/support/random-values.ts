/**
 * Rows with values of any storage class in columns of every mode, in shards of real SQLite, and the lake that their changes make.
 *
 * @module
 */
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { blob, customType, integer, numeric, primaryKey, real, sqliteTable, text } from '../../../src/columns.ts'
import { SQLake } from '../../../src/schema/database.ts'
import { quoteIdentifier } from '../../../src/schema/quote-identifier.ts'
import type { LakeSchema } from '../../../src/schema/table-schema.ts'
import { type TestChange, TestLake, type TestRow } from './test-lake.ts'

const day = customType<{ data: string }>({ dataType: () => 'date' })
const untyped = customType<{ data: unknown }>({ dataType: () => '' })

/** A column for each mode that Drizzle has. */
const columns = () => ({
	txt: text('txt'),
	json: text('json', { mode: 'json' }),
	int: integer('int'),
	flag: integer('flag', { mode: 'boolean' }),
	sec: integer('sec', { mode: 'timestamp' }),
	ms: integer('ms', { mode: 'timestamp_ms' }),
	rl: real('rl'),
	num: numeric('num'),
	numnum: numeric('numnum', { mode: 'number' }),
	numbig: numeric('numbig', { mode: 'bigint' }),
	bytes: blob('bytes', { mode: 'buffer' }),
	big: blob('big', { mode: 'bigint' }),
	day: day('day'),
	any: untyped('any'),
})

/** `facts` is told apart by a text, each other table by a key of its own mode. */
export const random = SQLake({
	facts: sqliteTable('facts', { tenant: text('tenant').notNull(), id: text('id').notNull(), ...columns() }, (table) => [
		primaryKey({ columns: [table.tenant, table.id] }),
	]),
	byInt: sqliteTable('by_int', { tenant: text('tenant').notNull(), k: integer('k').notNull(), v: integer('v') }, (table) => [
		primaryKey({ columns: [table.tenant, table.k] }),
	]),
	byText: sqliteTable('by_text', { tenant: text('tenant').notNull(), k: text('k').notNull(), v: text('v') }, (table) => [
		primaryKey({ columns: [table.tenant, table.k] }),
	]),
	byNumeric: sqliteTable(
		'by_numeric',
		{ tenant: text('tenant').notNull(), k: numeric('k').notNull(), v: numeric('v') },
		(table) => [primaryKey({ columns: [table.tenant, table.k] })],
	),
	byBlob: sqliteTable('by_blob', { tenant: text('tenant').notNull(), k: blob('k').notNull(), v: blob('v') }, (table) => [
		primaryKey({ columns: [table.tenant, table.k] }),
	]),
	shard: { facts: 'tenant', byInt: 'tenant', byText: 'tenant', byNumeric: 'tenant', byBlob: 'tenant' },
})

/** Names of the columns of `facts` that take any value. */
export const FACT_COLUMNS: readonly string[] = Object.keys(columns())

export type Value = bigint | number | string | Uint8Array | null

const bytes = (...each: number[]) => Uint8Array.from(each)

/** Values that some column or other does not fit. */
export const value: fc.Arbitrary<Value> = fc.oneof(
	{ weight: 6, arbitrary: fc.constantFrom<Value>(0n, 1n, 2n, 5n, -3n, 1_700_000_000n, 1_700_000_000_000n) },
	{ weight: 2, arbitrary: fc.constantFrom<Value>(2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n), -(2n ** 53n) - 1n) },
	{ weight: 4, arbitrary: fc.constantFrom<Value>(9.99, 0.5, -1.5, 2, 1e20, 0.1 + 0.2, 1e-7, 1e300, -(2 ** 63)) },
	{ weight: 5, arbitrary: fc.constantFrom<Value>('oops', '', '5', ' 7 ', '1e3', '0x10', 'inf', 'NaN', 'Ünï', 'OOPS', '1_000') },
	{
		weight: 4,
		arbitrary: fc.constantFrom<Value>('2024-01-05', '2024-02-29 12:34:56', '12:34', '{"a":1}', '9'.repeat(20), 'a\0b'),
	},
	{ weight: 3, arbitrary: fc.constantFrom<Value>(bytes(), bytes(1, 2), bytes(0x35), bytes(0x6f, 0x6f), bytes(0xff, 0, 0xfe)) },
	{ weight: 3, arbitrary: fc.constant(null) },
	{ weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 6 }) },
	{ weight: 1, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
	{ weight: 1, arbitrary: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) },
)

/** What happens in a shard. */
export type Step =
	| { readonly kind: 'insert' | 'update'; readonly shard: number; readonly key: Value; readonly values: readonly Value[] }
	| { readonly kind: 'move'; readonly shard: number; readonly key: Value; readonly to: Value }
	| { readonly kind: 'delete'; readonly shard: number; readonly key: Value }
	| { readonly kind: 'flush'; readonly shard: number }

/** @param key Of a row. @param width Number of values of a row. */
export function steps(key: fc.Arbitrary<Value>, width: number): fc.Arbitrary<readonly Step[]> {
	const shard = fc.nat(1)
	const values = fc.array(value, { minLength: width, maxLength: width })
	const step = fc.oneof(
		{ weight: 6, arbitrary: fc.record({ kind: fc.constant('insert' as const), shard, key, values }) },
		{ weight: 3, arbitrary: fc.record({ kind: fc.constant('update' as const), shard, key, values }) },
		{ weight: 1, arbitrary: fc.record({ kind: fc.constant('move' as const), shard, key, to: key }) },
		{ weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), shard, key }) },
		{ weight: 2, arbitrary: fc.record({ kind: fc.constant('flush' as const), shard }) },
	)
	return fc.array(step, { minLength: 3, maxLength: 25 })
}

/** The first moment of a world's changes, in milliseconds; each change comes one later. */
export const FIRST_MOMENT = Date.UTC(2026, 0, 1)

/** Two shards of one table, what they delivered, and all of their rows in one SQLite. */
export class RandomWorld {
	readonly lake: TestLake
	/** All rows of both shards. */
	readonly union = new DatabaseSync(':memory:')
	readonly #table: string
	readonly #shards = [new DatabaseSync(':memory:'), new DatabaseSync(':memory:')]
	/** All that happened, in its order. */
	readonly history: { readonly shard: string; readonly change: TestChange }[] = []
	readonly #pending: TestChange[][] = [[], []]
	#moment = FIRST_MOMENT

	constructor(table: string, schema: LakeSchema = random.lake) {
		this.lake = new TestLake(schema)
		this.#table = table
		const found = schema.tables.get(table)
		if (found === undefined) throw new Error(`no table ${table}`)
		const list = found.columns.map(({ name, declaredType }) => `${quoteIdentifier(name)} ${declaredType}`).join(', ')
		const keys = found.primaryKey.map(quoteIdentifier).join(', ')
		for (const shard of this.#shards) shard.exec(`CREATE TABLE ${table} (${list}, PRIMARY KEY (${keys}))`)
		this.union.exec(`CREATE TABLE ${table} (${list})`)
	}

	/** Does all of it, and delivers what is left. */
	async run(all: readonly Step[]): Promise<void> {
		for (const step of all) {
			if (step.kind === 'flush') await this.#flush(step.shard)
			else this.#apply(step)
		}
		for (const shard of this.#shards.keys()) await this.#flush(shard)
		for (const [i] of this.#shards.entries()) {
			for (const row of this.#rows(i)) {
				const names = Object.keys(row)
				const marks = names.map(() => '?').join(', ')
				const sql = `INSERT INTO ${this.#table} (${names.map(quoteIdentifier).join(', ')}) VALUES (${marks})`
				this.union.prepare(sql).run(...(Object.values(row) as Value[]))
			}
		}
	}

	close(): void {
		this.union.close()
		for (const shard of this.#shards) shard.close()
	}

	#apply(step: Exclude<Step, { kind: 'flush' }>): void {
		const [key = '', ...others] = this.#names()
		const table = this.#table
		const sqlite = this.#shards[step.shard]
		const before = this.#byRowid(step.shard)
		const tenant = `t${step.shard}`
		if (step.kind === 'insert') {
			const marks = others.map(() => '?').join(', ')
			sqlite?.prepare(`INSERT OR REPLACE INTO ${table} VALUES (?, ?, ${marks})`).run(tenant, step.key, ...step.values)
		} else if (step.kind === 'update') {
			const list = others.map((name) => `${quoteIdentifier(name)} = ?`).join(', ')
			sqlite?.prepare(`UPDATE ${table} SET ${list} WHERE ${quoteIdentifier(key)} = ?`).run(...step.values, step.key)
		} else if (step.kind === 'move') {
			sqlite
				?.prepare(`UPDATE OR IGNORE ${table} SET ${quoteIdentifier(key)} = ? WHERE ${quoteIdentifier(key)} = ?`)
				.run(step.to, step.key)
		} else {
			sqlite?.prepare(`DELETE FROM ${table} WHERE ${quoteIdentifier(key)} = ?`).run(step.key)
		}
		this.#capture(step.shard, before)
	}

	/** What changed, as the triggers would tell it: rows that went, then rows that changed or came. */
	#capture(shard: number, before: ReadonlyMap<bigint, TestRow>): void {
		const after = this.#byRowid(shard)
		const add = (each: Omit<TestChange, 'table' | 'ts'>) => {
			const change = { ...each, table: this.#table, ts: this.#moment++ }
			this.#pending[shard]?.push(change)
			this.history.push({ shard: `t${shard}`, change })
		}
		for (const [rowid, row] of before) if (!after.has(rowid)) add({ op: 'd', row })
		for (const [rowid, row] of after) {
			const old = before.get(rowid)
			if (old === undefined) add({ op: 'c', row })
			else if (show(old) !== show(row)) add({ op: 'u', row, before: old })
		}
	}

	async #flush(shard: number): Promise<void> {
		const changes = this.#pending[shard] ?? []
		this.#pending[shard] = []
		if (changes.length > 0) await this.lake.deliver(`t${shard}`, changes)
	}

	#byRowid(shard: number): Map<bigint, TestRow> {
		const statement = this.#shards[shard]?.prepare(`SELECT rowid AS "rowid ", * FROM ${this.#table}`)
		statement?.setReadBigInts(true)
		const rows = (statement?.all() ?? []) as Record<string, Value>[]
		return new Map(rows.map(({ 'rowid ': rowid, ...row }) => [BigInt(rowid as bigint), row as TestRow]))
	}

	#rows(shard: number): TestRow[] {
		return [...this.#byRowid(shard).values()]
	}

	/** Columns after the tenant: the key first. */
	#names(): string[] {
		return [...(this.lake.schema.tables.get(this.#table)?.columns ?? [])].slice(1).map(({ name }) => name)
	}
}

/** Rows of a query on SQLite, each value with its class. */
export function sqliteRows(sqlite: DatabaseSync, sql: string): Value[][] {
	const statement = sqlite.prepare(sql)
	statement.setReadBigInts(true)
	statement.setReturnArrays(true)
	return statement.all() as unknown as Value[][]
}

/** A row as text that tells apart all that is different, but for the classes of numbers, which `typeof()` tells. */
export function show(row: readonly unknown[] | TestRow): string {
	return JSON.stringify(row, (_, each: unknown) => {
		if (typeof each === 'bigint') return Number.isSafeInteger(Number(each)) ? Number(each) : `${each}n`
		if (typeof each === 'number' && !Number.isFinite(each)) return String(each)
		if (each instanceof Uint8Array || (typeof each === 'object' && each !== null && 'type' in each)) {
			return `x'${Buffer.from(each as Uint8Array).toString('hex')}'`
		}
		return each
	})
}
