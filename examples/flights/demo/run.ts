/**
 * The story of the example: loads the flights, lets them change, and asks across all shards, now and in the past. Every answer
 * is compared with that of one plain SQLite database. The exit code is 1 if any differs.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { QueryPlan } from 'sqlake'
import { Application } from './application.ts'
import { makeChanges, readAirports, readFlights } from './dataset.ts'
import { differences } from './difference.ts'
import { Oracle } from './oracle.ts'
import { report } from './report.ts'

const stories: Readonly<Record<string, string>> = {
	origins: 'flights and mean delay of every origin, over all shards',
	states: 'a join of flights with airports of other shards',
	past: 'the same as of the moment before the changes',
	changes: 'every change between the two moments',
	airport: 'one airport, strongly consistent',
}

const flights = readFlights()
const airports = readAirports(flights)
const changes = makeChanges(flights)
const shards = [...new Set([...airports.map(({ iata }) => iata), ...flights.map(({ origin }) => origin)])]
const application = new Application()
const oracle = new Oracle()

try {
	report.title('Write: every airport is a Durable Object')
	await report.step('start the application in workerd', () => application.start())
	await report.step(`insert ${airports.length} airports`, () => application.post('airports', airports))
	await report.step(`insert ${flights.length} flights`, async (progress) => {
		for (let at = 0; at < flights.length; at += 5_000) {
			await application.post('flights', flights.slice(at, at + 5_000))
			progress(`${Math.min(at + 5_000, flights.length)} of ${flights.length}`)
		}
	})
	oracle.addAirports(airports)
	oracle.addFlights(flights)
	const delivered = (progress: (text: string) => void) =>
		application.waitForDelivery(shards, (waiting) => progress(`${waiting} changes to go`))
	await report.step('alarms deliver the changes to the lake', delivered)

	const before = await moment()
	await report.step(`delay, cancel and upsert ${changes.length} flights`, () => application.post('changes', changes))
	oracle.applyChanges(changes)
	const after = await moment()
	await report.step('alarms deliver the changes to the lake', delivered)

	report.title(`The lake: ${shards.length} shards`)
	report.table((await application.lake()).map((table) => ({ ...table })))

	report.title('Read: through the query builder and through the sql template')
	let wrong = 0
	for (const [question, story] of Object.entries(stories)) {
		const answer = await report.step(story, () => application.ask(question, { before, after }))
		const expected = oracle.answer(question)
		report.line(`  ${describePlan(answer.plan)}`)
		for (const way of ['builder', 'template'] as const) {
			const found = differences(expected, answer[way])
			if (found.length === 0) report.line(`  ${way}: equal to plain SQLite, ${expected.length} rows`)
			else {
				wrong += 1
				report.bad(`${way}: differs from plain SQLite (${expected.length} rows expected, ${answer[way].length} found)`)
				for (const difference of found) report.line(`    ${JSON.stringify(difference)}`)
			}
		}
	}
	report.title(wrong === 0 ? 'Every answer equals that of plain SQLite.' : `${wrong} answers differ from plain SQLite.`)
	if (wrong > 0) process.exitCode = 1
} catch (error) {
	report.bad(error instanceof Error ? error.message : String(error))
	process.exitCode = 1
} finally {
	oracle.close()
	await application.stop()
}

/** A moment that no change shares: changes are stamped with whole milliseconds. */
async function moment(): Promise<number> {
	await sleep(5)
	const now = Date.now()
	await sleep(5)
	return now
}

function describePlan({ shard, lake }: QueryPlan): string {
	if (lake === null) return `answered by the Durable Object ${shard}`
	const { filesKept, filesPruned, bytesRead, rowsRead, durationMs } = lake
	return `${filesKept} files kept, ${filesPruned} pruned, ${bytesRead} bytes and ${rowsRead} changes read in ${Math.round(durationMs)} ms`
}
