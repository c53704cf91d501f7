import { env, evictDurableObject, runInDurableObject } from 'cloudflare:test'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Capture } from '../../../src/cdc/capture.ts'
import { testRuns, testSeed } from '../../support/test-seed.ts'
import { type Pick, type Program, type RandomStatement, randomProgram } from './random-program.ts'
import { Replica, tableContents } from './replay.ts'
import { schemaOf } from './support.ts'

const numRuns = testRuns(60)
const seed = testSeed('replay.property')

interface Outcome {
	readonly results: readonly string[]
	readonly contents: ReadonlyMap<string, readonly string[]>
}

let objects = 0

/** What a statement did, so that a shard with capture can be compared with one without. */
function attempt(storage: DurableObjectStorage, statement: RandomStatement): string {
	const { sql } = storage
	const run = () => [...sql.exec(`${statement.text} RETURNING k1 IS NULL`).raw()].length
	let result: string
	// What changes() and last_insert_rowid() say afterwards must be the statement's own doing.
	sql.exec('CREATE TABLE IF NOT EXISTS pad (id INTEGER PRIMARY KEY); REPLACE INTO pad VALUES (77)')
	try {
		result = `${statement.atomic ? storage.transactionSync(run) : run()} rows`
	} catch (error) {
		result = String(error)
	}
	const [row] = [...sql.exec('SELECT changes(), last_insert_rowid()').raw()]
	return `${statement.text}: ${result}, ${row?.join(', ')}`
}

function contentsOf(sql: SqlStorage, tables: readonly string[]): Map<string, string[]> {
	const schema = schemaOf(sql, ...tables)
	return new Map(
		[...schema.tables].map(([name, { columns }]) => [
			name,
			tableContents(
				sql,
				name,
				columns.map((column) => column.name),
			),
		]),
	)
}

/**
 * The program without capture. Every table has a DELETE trigger that does nothing: with any such trigger SQLite checks
 * constraints again after REPLACE removed a row, and then refuses some updates, whether capture is there or not.
 */
function runBare(program: Program): Promise<Outcome> {
	return runInDurableObject(env.PLAIN_DO.getByName(`bare-${objects++}`), (_instance, { storage }) => {
		const { sql } = storage
		sql.exec('PRAGMA recursive_triggers = ON')
		for (const statement of program.ddl) sql.exec(statement)
		for (const [index, table] of program.tables.entries()) {
			sql.exec(`CREATE TRIGGER nothing${index} AFTER DELETE ON "${table.replaceAll('"', '""')}" BEGIN SELECT 1; END`)
		}
		const half = program.statements.length >> 1
		const results = program.statements.map((statement, index) => {
			if (index === half) for (const trigger of program.laterDdl) sql.exec(trigger)
			return attempt(storage, statement)
		})
		return { results, contents: contentsOf(sql, program.tables) }
	})
}

/** The program with capture, flights and evictions in between, replayed into a replica. */
async function runCaptured(program: Program, pick: Pick, replica: Replica): Promise<Outcome> {
	const stub = env.PLAIN_DO.getByName(`captured-${objects++}`)
	const results: string[] = []
	const half = program.statements.length >> 1
	let contents = new Map<string, string[]>()
	let next = 0
	const deliver = (capture: Capture, maxChanges: number) => {
		const flight = capture.nextFlight(maxChanges)
		if (flight === null) return false
		const batch = capture.readFlight(flight)
		expect(capture.nextFlight(1)).toEqual(flight)
		expect(capture.readFlight(flight)).toEqual(batch)
		if (pick(true, true, true, false)) {
			replica.apply(batch)
			capture.acknowledge(flight)
		} else if (pick(true, false)) capture.abandonFlight(flight)
		return true
	}
	while (next < program.statements.length) {
		const until = Math.min(program.statements.length, next + pick(3, 10, 30))
		await runInDurableObject(stub, (_instance, { storage }) => {
			const { sql } = storage
			if (next === 0) for (const statement of program.ddl) sql.exec(statement)
			const capture = new Capture(storage, schemaOf(sql, ...program.tables), { shard: 's' })
			capture.install()
			for (; next < until; next++) {
				if (next === half) {
					for (const trigger of program.laterDdl) sql.exec(trigger)
					capture.install()
				}
				const from = capture.lastSeq()
				const statement = program.statements[next]
				if (statement === undefined) break
				results.push(attempt(storage, statement))
				capture.sealTransaction(from)
				if (statement.noop) expect(capture.lastSeq()).toBe(from)
			}
			for (let flights = pick(0, 1, 2); flights > 0; flights--) deliver(capture, pick(1, 7, 1000))
			contents = contentsOf(sql, program.tables)
		})
		if (pick(true, false, false)) await evictDurableObject(stub)
	}
	await runInDurableObject(stub, (_instance, { storage }) => {
		const capture = new Capture(storage, schemaOf(storage.sql, ...program.tables), { shard: 's' })
		capture.install()
		for (let flight = capture.nextFlight(50); flight !== null; flight = capture.nextFlight(50)) {
			replica.apply(capture.readFlight(flight))
			capture.acknowledge(flight)
		}
		expect(capture.pending().changes).toBe(0)
	})
	return { results, contents }
}

test('replaying the captured changes rebuilds each table exactly, and capture changes no outcome of a statement', {
	timeout: 3_600_000,
}, async () => {
	const property = fc.asyncProperty(fc.gen(), async (choose) => {
		const pick: Pick = (...choices) => choices[choose(fc.nat, choices.length - 1)] as (typeof choices)[number]
		const program = randomProgram(pick, 40)
		try {
			const bare = await runBare(program)
			const replica = new Replica()
			const captured = await runCaptured(program, pick, replica)
			expect(captured.results).toEqual(bare.results)
			for (const [table, rows] of bare.contents) {
				expect(captured.contents.get(table)).toEqual(rows)
				expect(replica.contents(table)).toEqual(rows)
			}
		} catch (cause) {
			const texts = [...program.ddl, ...program.laterDdl, ...program.statements.map(({ text }) => text)]
			throw new Error(`${String(cause)}\n${texts.join(';\n')}`, { cause })
		}
	})
	await fc.assert(property, { numRuns, seed, endOnFailure: true })
})
