import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Capture } from '../../src/cdc/capture.ts'
import { NodeStorage } from '../../src/local/node-storage.ts'
import { testRuns, testSeed } from '../support/test-seed.ts'
import { type Pick, type Program, randomProgram } from '../workers/cdc/random-program.ts'
import { Replica, tableContents } from '../workers/cdc/replay.ts'
import { schemaOf } from '../workers/cdc/schema-of.ts'
import { temporaryDirectory } from './fixture.ts'

const numRuns = testRuns(60)
const seed = testSeed('capture.property')

function open(path: string) {
	const nodeStorage = new NodeStorage(path, { get: () => null, set: () => {} })
	const storage = nodeStorage.durableObjectStorage
	return { nodeStorage, storage, sql: storage.sql }
}

/** Runs a program with capture, closing and opening the file in between, and replays what is delivered. */
function run(program: Program, path: string, pick: Pick, replica: Replica): Map<string, string[]> {
	let shard = open(path)
	for (const statement of program.ddl) shard.sql.exec(statement)
	const install = () => {
		const capture = new Capture(shard.storage, schemaOf(shard.sql, ...program.tables), { shard: 's' })
		capture.install()
		return capture
	}
	let capture = install()
	const deliver = (maxChanges: number) => {
		const flight = capture.nextFlight(maxChanges)
		if (flight === null) return false
		replica.apply(capture.readFlight(flight))
		capture.acknowledge(flight)
		return true
	}
	for (const [index, { text }] of program.statements.entries()) {
		if (index === program.statements.length >> 1) {
			for (const trigger of program.laterDdl) shard.sql.exec(trigger)
			capture = install()
		}
		try {
			shard.storage.transactionSync(() => {
				const before = capture.lastSeq()
				shard.sql.exec(text)
				capture.sealTransaction(before)
			})
		} catch (error) {
			// A program may violate its constraints: then the statement has no effect, and the replica must not see one either.
			expect(error).toHaveProperty('code', 'ERR_SQLITE_ERROR')
		}
		if (pick(true, false, false, false)) deliver(pick(1, 7, 1000))
		if (pick(true, ...new Array<false>(9).fill(false))) {
			shard.nodeStorage.close()
			shard = open(path)
			capture = install()
		}
	}
	while (deliver(50));
	const contents = new Map(
		[...schemaOf(shard.sql, ...program.tables).tables].map(([name, { columns }]) => [
			name,
			tableContents(
				shard.sql,
				name,
				columns.map((column) => column.name),
			),
		]),
	)
	shard.nodeStorage.close()
	return contents
}

it("replaying the changes that were captured on Node's SQLite rebuilds each table exactly", { timeout: 3_600_000 }, async () => {
	const directory = await temporaryDirectory()
	let files = 0
	const property = fc.property(fc.gen(), (choose) => {
		const pick: Pick = (...choices) => choices[choose(fc.nat, choices.length - 1)] as (typeof choices)[number]
		const program = randomProgram(pick, 30)
		const replica = new Replica()
		try {
			const contents = run(program, join(directory, `${files++}.sqlite`), pick, replica)
			for (const [table, rows] of contents) expect(replica.contents(table)).toEqual(rows)
		} catch (cause) {
			const texts = [...program.ddl, ...program.laterDdl, ...program.statements.map(({ text }) => text)]
			throw new Error(`${String(cause)}\n${texts.join(';\n')}`, { cause })
		}
	})
	fc.assert(property, { numRuns, seed, endOnFailure: true })
})
