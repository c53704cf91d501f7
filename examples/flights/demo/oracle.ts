import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { STRONG_AIRPORT } from '../src/questions.ts'
import type { Change, FlightJson } from '../src/writes.ts'
import type { Airport } from './dataset.ts'

const ORIGINS = 'SELECT origin, count(*) AS flights, avg(delay) AS delay FROM flights GROUP BY origin ORDER BY origin'

/** One plain SQLite database that receives the statements the shards receive, and answers the questions without sqlake. */
export class Oracle {
	readonly #db = new DatabaseSync(':memory:')
	/** The answer to "past", taken when it was the present. */
	#past: unknown[] = []

	constructor() {
		const migration = readFileSync(join(import.meta.dirname, '../drizzle/0000_initial.sql'), 'utf8')
		this.#db.exec(migration.replaceAll('--> statement-breakpoint', ''))
	}

	addAirports(rows: readonly Airport[]): void {
		const insert = this.#db.prepare('INSERT INTO airports VALUES (?, ?, ?, ?, ?, ?, ?)')
		for (const { iata, name, city = null, state = null, country, latitude, longitude } of rows)
			insert.run(iata, name, city, state, country, latitude, longitude)
	}

	addFlights(rows: readonly FlightJson[]): void {
		const insert = this.#db.prepare('INSERT INTO flights VALUES (?, ?, ?, ?, ?, ?)')
		this.#db.exec('BEGIN')
		for (const { id, origin, destination, departure, delay, distance } of rows)
			insert.run(id, origin, destination, departure, delay, distance)
		this.#db.exec('COMMIT')
	}

	/** Applies the changes, and keeps a record of each as plain triggers see it. */
	applyChanges(changes: readonly Change[]): void {
		this.#past = this.#db.prepare(ORIGINS).all()
		this.#db.exec(`
			CREATE TABLE record (position INTEGER PRIMARY KEY, op, id, origin, delay);
			CREATE TRIGGER inserted AFTER INSERT ON flights BEGIN
				INSERT INTO record (op, id, origin, delay) VALUES ('c', NEW.id, NEW.origin, NEW.delay); END;
			CREATE TRIGGER updated AFTER UPDATE ON flights BEGIN
				INSERT INTO record (op, id, origin, delay) VALUES ('u', NEW.id, NEW.origin, NEW.delay); END;
			CREATE TRIGGER deleted AFTER DELETE ON flights BEGIN
				INSERT INTO record (op, id, origin, delay) VALUES ('d', OLD.id, OLD.origin, OLD.delay); END;`)
		const update = this.#db.prepare('UPDATE flights SET delay = ? WHERE origin = ? AND id = ?')
		const remove = this.#db.prepare('DELETE FROM flights WHERE origin = ? AND id = ?')
		const upsert = this.#db.prepare(
			'INSERT INTO flights VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET delay = excluded.delay',
		)
		for (const change of changes) {
			if (change.kind === 'delay') update.run(change.delay, change.origin, change.id)
			else if (change.kind === 'cancel') remove.run(change.origin, change.id)
			else {
				const { id, origin, destination, departure, delay, distance } = change.flight
				upsert.run(id, origin, destination, departure, delay, distance)
			}
		}
	}

	/** The expected rows of a question. */
	answer(question: string): unknown[] {
		switch (question) {
			case 'origins':
				return this.#db.prepare(ORIGINS).all()
			case 'states':
				return this.#db
					.prepare(
						`SELECT state, count(*) AS flights FROM flights JOIN airports ON destination = iata GROUP BY state ORDER BY state`,
					)
					.all()
			case 'past':
				return this.#past
			case 'changes':
				return this.#db.prepare('SELECT op, id, origin, delay FROM record ORDER BY origin, position').all()
			case 'airport':
				return this.#db.prepare('SELECT * FROM flights WHERE origin = ? ORDER BY id').all(STRONG_AIRPORT)
			default:
				throw new Error(`the oracle knows no question ${question}`)
		}
	}

	close(): void {
		this.#db.close()
	}
}
