import fc from 'fast-check'
import { icebergRead } from 'icebird'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NativeEngine } from '../../src/analytics/engines/native/native-engine.node.ts'
import { createLakeQuery } from '../../src/analytics/lake-query.ts'
import type { LakeMoment } from '../../src/driver/transport.ts'
import { encodeTableMetadata } from '../../src/lake/iceberg/metadata-json.ts'
import { MemoryObjectStore } from '../../src/lake/storage/memory.ts'
import type { SqlValue } from '../../src/schema/sql-value.ts'
import type { LakeSchema } from '../../src/schema/table-schema.ts'
import { type TestChange, TestLake, type TestRow } from '../analytics/support/test-lake.ts'
import { lakeWith, tableAt, type VersionColumn, withoutManifest } from '../analytics/support/versions.ts'
import { type ServedStore, serveStore } from './serve-store.ts'

/** Every run has a lake of its own, under the first segment of its paths. */
const stores = new Map<string, MemoryObjectStore>()
let served: ServedStore
const engine = new NativeEngine()

beforeAll(async () => {
	served = await serveStore((path) => {
		const [run = '', ...rest] = path.split('/')
		const store = stores.get(run)
		return store === undefined ? undefined : { store, key: rest.join('/') }
	})
})
afterAll(async () => {
	await served.close()
	await engine.close()
})

const START = Date.UTC(2026, 2, 1)
const SHARDS = ['ada', 'ben', 'cleo']
const KINDS = ['text', 'integer', 'real'] as const

/** Columns that no migration touches. */
const FIXED: readonly VersionColumn[] = [
	[101, 'id', 'integer'],
	[102, 'owner', 'text'],
]

/** What a migration does to one of the other columns. */
interface Edit {
	readonly kind: 'add' | 'drop' | 'rename' | 'replace' | 'move' | 'swap'
	readonly slot: number
}

/** What happens in a shard. */
interface Step {
	readonly shard: number
	readonly kind: 'write' | 'delete' | 'migrate' | 'flush'
	readonly row: number
	readonly value: number
}

const edits: fc.Arbitrary<readonly Edit[]> = fc.array(
	fc.record({ kind: fc.constantFrom('add', 'drop', 'rename', 'replace', 'move', 'swap'), slot: fc.nat(5) }),
	{ minLength: 1, maxLength: 5 },
)
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
	fc.record({
		shard: fc.nat(SHARDS.length - 1),
		kind: fc.constantFrom('write', 'write', 'write', 'delete', 'migrate', 'flush'),
		row: fc.nat(2),
		value: fc.nat(9),
	}),
	{ minLength: 10, maxLength: 50, size: 'max' },
)

/** The versions of a table that edits lead to; a field id is never given out again. */
function versionsOf(all: readonly Edit[]): readonly (readonly VersionColumn[])[] {
	let columns: readonly VersionColumn[] = [
		[103, 'a', 'text'],
		[104, 'b', 'integer'],
	]
	let lastId = 104
	const versions = [[...FIXED, ...columns]]
	for (const { kind, slot } of all) {
		const at = slot % columns.length
		const [id, name, type] = columns[at] ?? [0, '', 'text']
		const [lastOfAll, lastName, lastType] = columns.at(-1) ?? [0, '', 'text']
		if (kind === 'add' || columns.length === 1) {
			lastId++
			columns = columns.toSpliced(at, 0, [lastId, `c${lastId}`, KINDS[slot % KINDS.length] ?? 'text'])
		} else if (kind === 'drop') columns = columns.toSpliced(at, 1)
		else if (kind === 'rename') columns = columns.with(at, [id, `${name}r`, type])
		// Dropped, and another one of its name in its place.
		else if (kind === 'replace') columns = columns.with(at, [++lastId, name, type])
		else if (kind === 'move') columns = [...columns.toSpliced(at, 1), [id, name, type]]
		// The last one first, so that nothing changes where both are one.
		else columns = columns.with(-1, [lastOfAll, name, lastType]).with(at, [id, lastName, type])
		versions.push([...FIXED, ...columns])
	}
	return versions
}

/** A row by field id, as its shard last wrote it. */
type Row = ReadonlyMap<number, SqlValue>

/** The shards, what they delivered, and the versions that the lake has had. */
class Model {
	readonly versions: readonly (readonly VersionColumn[])[]
	readonly lakes: readonly LakeSchema[]
	readonly lake: TestLake
	/** What the lake was told, oldest first. */
	readonly history: { readonly version: number; readonly since: number }[] = []
	/** Every state that a shard has delivered, by the moment of its last change. */
	readonly #states: { readonly shard: string; readonly at: number; readonly row: number; readonly values: Row | null }[] = []
	readonly #shards = SHARDS.map((name) => ({ name, version: 0, rows: new Map<number, Row>(), pending: [] as TestChange[] }))
	#now = START

	constructor(all: readonly Edit[], store: MemoryObjectStore, location: string) {
		this.versions = versionsOf(all)
		this.lakes = this.versions.map((columns, i) => lakeWith(tableAt(i + 1, columns)))
		this.lake = new TestLake(this.lakes[0] ?? lakeWith(), store, location)
	}

	async live(all: readonly Step[]): Promise<void> {
		for (const each of all) await this.#step(each)
		for (const shard of this.#shards.keys()) await this.#flush(shard)
	}

	/** The rows at a moment, each with the values of the columns. */
	rowsAt(moment: number, columns: readonly VersionColumn[]): unknown[][] {
		const newest = new Map<string, Row | null>()
		for (const { shard, at, row, values } of this.#states) if (at <= moment) newest.set(`${shard} ${row}`, values)
		return [...newest.values()]
			.filter((row) => row !== null)
			.map((row) => columns.map(([id]) => plain(row.get(id) ?? null)))
			.sort(byIdentity)
	}

	columnsAt(moment: number): readonly VersionColumn[] {
		const { version } = this.history.findLast(({ since }) => since <= moment) ?? this.history[0] ?? { version: 0 }
		return this.versions[version] ?? []
	}

	async #step({ shard: index, kind, row, value }: Step): Promise<void> {
		const shard = this.#shards[index]
		if (shard === undefined) return
		this.#now += 1000
		const columns = this.versions[shard.version] ?? []
		const before = shard.rows.get(row)
		if (kind === 'flush') await this.#flush(index)
		else if (kind === 'migrate') {
			// What was captured before is delivered under the version of then.
			await this.#flush(index)
			shard.version = Math.min(shard.version + 1, this.versions.length - 1)
		} else if (kind === 'write') {
			const fixed = [BigInt(row), shard.name]
			const after: Row = new Map(columns.map(([id, , type], i) => [id, fixed[i] ?? sampleValue(type, value + i)] as const))
			const change = { table: 'users', ts: this.#now, row: named(after, columns) }
			shard.pending.push(before === undefined ? { ...change, op: 'c' } : { ...change, op: 'u', before: named(before, columns) })
			shard.rows.set(row, after)
			this.#states.push({ shard: shard.name, at: this.#now, row, values: after })
		} else if (before !== undefined) {
			shard.pending.push({ table: 'users', op: 'd', ts: this.#now, row: named(before, columns) })
			shard.rows.delete(row)
			this.#states.push({ shard: shard.name, at: this.#now, row, values: null })
		}
	}

	async #flush(index: number): Promise<void> {
		const shard = this.#shards[index]
		const [first] = shard?.pending ?? []
		if (shard === undefined || first === undefined) return
		const { version, pending } = shard
		shard.pending = []
		await this.lake.deliver(shard.name, pending, this.lakes[version])
		const last = this.history.at(-1)
		if (last === undefined || last.version < version) {
			this.history.push({ version, since: Math.max(first.ts, last?.since ?? 0) })
		}
	}
}

describe('shards at different versions that deliver into one table', () => {
	it('leave what they last wrote, column by column by field id, for sqlake and for icebird', async () => {
		let run = 0
		await fc.assert(
			fc.asyncProperty(edits, steps, fc.nat(50), async (allEdits, allSteps, second) => {
				const name = `run${run++}`
				const store = new MemoryObjectStore()
				stores.set(name, store)
				const model = new Model(allEdits, store, `${served.location}/${name}`)
				await model.live(allSteps)
				const { catalog } = model.lake
				const table = (await catalog.load()).tables.get('users_changes')
				if (table === undefined) return

				const ask = async (code: LakeSchema, moment: LakeMoment, shown = '*', names?: 'code') => {
					const transport = createLakeQuery({ catalog, store, schema: code, engine })
					const statement = { sql: `SELECT ${shown} FROM users`, params: [] }
					const { rows, columns } = await transport.query({ statement, moment, ...(names === undefined ? {} : { names }) })
					return { columns, rows: [...rows].sort(byIdentity) }
				}
				const now = Number.MAX_SAFE_INTEGER
				const present = model.columnsAt(now)
				const held = new Set(present.map(([id]) => id))
				for (const [version, columns] of model.versions.entries()) {
					const code = model.lakes[version] ?? lakeWith()
					// Code of any version finds its columns by field id; what the lake has dropped, or not heard of, is NULL.
					const known = columns.map((column): VersionColumn => (held.has(column[0]) ? column : [-1, column[1], column[2]]))
					expect(await ask(code, { kind: 'current' })).toEqual({
						columns: columns.map(([, column]) => column),
						rows: model.rowsAt(now, known),
					})
				}
				const newest = model.history.at(-1)?.version ?? 0
				expect(await ask(withoutManifest(model.lakes[newest] ?? lakeWith()), { kind: 'current' })).toEqual({
					columns: present.map(([, column]) => column),
					rows: model.rowsAt(now, present),
				})
				const at = START + second * 1000
				const then = model.columnsAt(at)
				expect(await ask(model.lakes.at(-1) ?? lakeWith(), { kind: 'asOf', at })).toEqual({
					columns: then.map(([, column]) => column),
					rows: model.rowsAt(at, then),
				})

				// A built query goes by the field ids of its code, whatever other columns were called then.
				for (const [version, columns] of model.versions.entries()) {
					const known = columns.map(
						(column): VersionColumn => (then.some(([id]) => id === column[0]) ? column : [-1, column[1], column[2]]),
					)
					const names = columns.map(([, column]) => column)
					const built = await ask(model.lakes[version] ?? lakeWith(), { kind: 'asOf', at }, names.join(', '), 'code')
					expect(built).toEqual({ columns: names, rows: model.rowsAt(at, known) })
				}

				// icebird follows the name mapping for files with field ids too, where it finds the values of other columns.
				const { 'schema.name-mapping.default': _, ...properties } = table.metadata.properties
				const metadata = JSON.parse(new TextDecoder().decode(encodeTableMetadata({ ...table.metadata, properties })))
				const changes = await icebergRead({ tableUrl: metadata.location, metadata })
				expect(newestOf(changes, present)).toEqual(model.rowsAt(now, present))
			}),
			{ numRuns: 25 },
		)
	}, 60_000)
})

/** The current state that an outside reader finds in the changes, by the names of the table's current schema. */
function newestOf(changes: readonly Record<string, unknown>[], columns: readonly VersionColumn[]): unknown[][] {
	const newest = new Map<string, Record<string, unknown>>()
	for (const change of [...changes].sort((a, b) => Number(a._seq) - Number(b._seq))) {
		newest.set(`${change._shard} ${change.id}`, change)
	}
	return [...newest.values()]
		.filter((change) => change._op !== 'd')
		.map((change) => columns.map(([, name]) => plain((change[name] ?? null) as SqlValue)))
		.sort(byIdentity)
}

function named(row: Row, columns: readonly VersionColumn[]): TestRow {
	return Object.fromEntries(columns.map(([id, name]) => [name, row.get(id) ?? null]))
}

function sampleValue(kind: VersionColumn[2], value: number): SqlValue {
	if (value % 7 === 0) return null
	return kind === 'integer' ? BigInt(value) : kind === 'real' ? value + 0.5 : `text ${value}`
}

/** Small integers come as numbers. */
function plain(value: SqlValue): unknown {
	return typeof value === 'bigint' ? Number(value) : value
}

function byIdentity(a: readonly unknown[], b: readonly unknown[]): number {
	return `${a[1]} ${a[0]}`.localeCompare(`${b[1]} ${b[0]}`)
}
