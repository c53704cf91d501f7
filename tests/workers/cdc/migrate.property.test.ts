import { env, evictDurableObject, runInDurableObject } from 'cloudflare:test'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Capture } from '../../../src/cdc/capture.ts'
import type { ChangeBatch } from '../../../src/cdc/change-batch.ts'
import { storedValues } from '../../../src/cdc/vectors.ts'
import { createMigrationManifest } from '../../../src/migrator/create-migration-manifest.ts'
import { MigrationRunner } from '../../../src/migrator/migration-runner.ts'
import { testRuns, testSeed } from '../../support/test-seed.ts'
import { lakeSchemaOf, RandomMigrations, type Tables } from './random-migrations.ts'
import type { Pick } from './random-program.ts'
import { exactly, tableContents } from './replay.ts'

const numRuns = testRuns(25)
const seed = testSeed('migrate.property')

/** The lake's current state: of each row what the newest change of the newest epoch says, by field id. */
class LakeModel {
	#epoch = 0
	readonly #tables = new Map<string, Map<string, ReadonlyMap<number, string>>>()

	/** Rows of earlier epochs are void. The lake hears of an epoch with its first change, so of an empty shard's not yet. */
	begin(epoch: number): void {
		if (epoch > this.#epoch) this.#tables.clear()
		this.#epoch = epoch
	}

	apply(batch: ChangeBatch): void {
		this.begin(batch.epoch)
		const changes = batch.tables.flatMap(({ table, op, seq, row }) => {
			const columns = row.map((vector) => storedValues(vector).map(exactly))
			const key = table.columns.findIndex(({ name }) => name === table.primaryKey[0])
			return op.map((kind, index) => ({
				table: table.name,
				kind,
				seq: seq[index] ?? 0,
				key: columns[key]?.[index] ?? '',
				fields: new Map(table.columns.map(({ fieldId }, column) => [fieldId, columns[column]?.[index] ?? 'null'])),
			}))
		})
		for (const { table, kind, key, fields } of changes.sort((a, b) => a.seq - b.seq)) {
			const rows = this.#tables.get(table) ?? new Map()
			this.#tables.set(table, rows)
			if (kind === 'c' && rows.has(key)) throw new Error(`${table}: ${key} is created, but is there`)
			if (kind !== 'c' && !rows.has(key)) throw new Error(`${table}: ${key} is changed, but is not there`)
			if (kind === 'd') rows.delete(key)
			else rows.set(key, fields)
		}
	}

	/** The rows of a table, with the fields that are asked for. */
	contents(table: string, fields: readonly number[]): string[] {
		return Array.from(this.#tables.get(table)?.values() ?? [], (row) =>
			fields.map((field) => row.get(field) ?? 'null').join('|'),
		).sort()
	}
}

/** One application of a manifest. */
interface Applied {
	readonly up: string
	readonly down: string | null
	readonly before: Tables
	readonly after: Tables
}

let objects = 0

/** Runs random writes, migrations, rollbacks, flights and restarts, and compares the lake with the tables. */
async function campaign(pick: Pick, log: string[]): Promise<void> {
	const stub = env.PLAIN_DO.getByName(`migrations-${objects++}`)
	const random = new RandomMigrations(pick)
	const lake = new LakeModel()
	const applied: Applied[] = []
	let tables: Tables = []
	const inObject = (run: (storage: DurableObjectStorage, capture: Capture) => Promise<void> | void) =>
		runInDurableObject(stub, async (_, { storage }) => {
			const capture = new Capture(storage, lakeSchemaOf(tables), { shard: 's' })
			capture.install()
			await run(storage, capture)
		})
	const deliver = (capture: Capture, flights: number) => {
		for (let left = flights; left > 0; left--) {
			const flight = capture.nextFlight(pick(1, 5, 100))
			if (flight === null) return
			lake.apply(capture.readFlight(flight))
			capture.acknowledge(flight)
		}
	}
	const runner = (storage: DurableObjectStorage, capture: Capture) =>
		new MigrationRunner({
			storage,
			migrations: createMigrationManifest({
				journal: { entries: applied.map((_, idx) => ({ idx, tag: `m${idx}`, when: idx + 1, breakpoints: true })) },
				files: Object.fromEntries(applied.map(({ up }, idx) => [`m${idx}`, up])),
				downs: Object.fromEntries(
					applied.flatMap(({ down }, idx) => (down === null ? [] : [[`m${idx}`, { sql: down, losses: [] }]])),
				),
			}),
			hooks: (count, direction) => {
				const { before, after } = applied[direction === 'up' ? count - 1 : count] ?? { before: [], after: [] }
				return capture.migrate(lakeSchemaOf(direction === 'up' ? after : before), direction)
			},
		})
	for (let steps = 8; steps > 0; steps--) {
		await inObject(async (storage, capture) => {
			for (const write of random.writes(tables, 6)) {
				log.push(write)
				storage.sql.exec(write)
			}
			deliver(capture, pick(0, 0, 1, 3))
			const last = applied.at(-1)
			if (last !== undefined && last.down !== null && pick(true, false, false, false)) {
				log.push(`-- down\n${last.down}`)
				await runner(storage, capture).rollback(applied.length === 1 ? null : `m${applied.length - 2}`)
				tables = last.before
				applied.pop()
			} else {
				const { up, down, after } = random.migration(tables)
				log.push(`-- up\n${up}`)
				applied.push({ up, down, before: tables, after })
				await runner(storage, capture).run()
				tables = after
			}
			capture.describe(lakeSchemaOf(tables))
			if (pick(true, false)) deliver(capture, pick(1, 3))
		})
		if (pick(true, false)) await evictDurableObject(stub)
	}
	await inObject((storage, capture) => {
		for (const write of random.writes(tables, 6)) {
			log.push(write)
			storage.sql.exec(write)
		}
		deliver(capture, Number.POSITIVE_INFINITY)
		lake.begin(capture.epoch)
		for (const { name, columns } of tables) {
			const names = columns.map((column) => column.name)
			const fields = columns.map((column) => column.field)
			expect(lake.contents(name, fields)).toEqual(tableContents(storage.sql, name, names))
		}
	})
}

test('after random writes, migrations and rollbacks the delivered changes amount to the tables', {
	timeout: 3_600_000,
}, async () => {
	const property = fc.asyncProperty(fc.gen(), async (choose) => {
		const pick: Pick = (...choices) => choices[choose(fc.nat, choices.length - 1)] as (typeof choices)[number]
		const log: string[] = []
		try {
			await campaign(pick, log)
		} catch (cause) {
			throw new Error(`${String(cause)}\n${log.join(';\n')}`)
		}
	})
	await fc.assert(property, { numRuns, seed, endOnFailure: true })
})
