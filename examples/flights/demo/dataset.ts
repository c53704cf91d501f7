import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { airports } from '../src/schema.ts'
import type { Change, FlightJson } from '../src/writes.ts'

export type Airport = typeof airports.$inferInsert

/** The 20,000 flight records, with their position in the file as id. */
export function readFlights(): FlightJson[] {
	const records: { date: string; delay: number; distance: number; origin: string; destination: string }[] = JSON.parse(
		readFileSync(dataFile('flights-20k.json'), 'utf8'),
	)
	return records.map(({ date, delay, distance, origin, destination }, id) => {
		const departure = Date.parse(`${date.replaceAll('/', '-').replace(' ', 'T')}:00Z`) / 1000
		return { id, origin, destination, departure, delay, distance }
	})
}

/** The airports that the flights leave from or go to. */
export function readAirports(flights: readonly FlightJson[]): Airport[] {
	const wanted = new Set(flights.flatMap((flight) => [flight.origin, flight.destination]))
	const [header, ...lines] = readFileSync(dataFile('airports.csv'), 'utf8').trim().split('\n')
	const names = splitCsv(header ?? '')
	return lines
		.map((line) => Object.fromEntries(splitCsv(line).map((value, i) => [names[i], value])))
		.filter((record) => wanted.has(record.iata ?? ''))
		.map((record) => ({
			iata: record.iata ?? '',
			name: record.name ?? '',
			city: record.city || null,
			state: record.state || null,
			country: record.country ?? '',
			latitude: Number(record.latitude),
			longitude: Number(record.longitude),
		}))
}

/** What happens after the load: delays arrive, some flights are cancelled, some are reported again, a few are new. */
export function makeChanges(flights: readonly FlightJson[]): Change[] {
	const delays = flights
		.filter(({ id }) => id % 10 === 3)
		.map(({ id, origin, delay }) => ({ kind: 'delay' as const, id, origin, delay: delay + 15 }))
	const cancellations = flights
		.filter(({ id }) => id % 97 === 5)
		.map(({ id, origin }) => ({ kind: 'cancel' as const, id, origin }))
	const reports = flights
		.filter(({ id }) => id % 101 === 7)
		.map((flight) => ({ kind: 'upsert' as const, flight: { ...flight, delay: flight.delay + 1_000 } }))
	const extra = flights
		.slice(0, 50)
		.map((flight, i) => ({ kind: 'upsert' as const, flight: { ...flight, id: flights.length + i } }))
	return [...delays, ...cancellations, ...reports, ...extra]
}

/** Splits one line of comma-separated values (RFC 4180, section 2; the file holds no line breaks in quotes). */
function splitCsv(line: string): string[] {
	return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
		(match) => match[1]?.replaceAll('""', '"') ?? match[2] ?? '',
	)
}

/** Where a file of the package vega-datasets is. The package does not export its data files. */
function dataFile(name: string): string {
	return join(import.meta.dirname, '../../../node_modules/vega-datasets/data', name)
}
