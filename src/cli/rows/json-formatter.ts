import { toJsonValue } from '../http/json-values.ts'
import type { Row, RowFormatter } from './row-formatter.ts'

/** Rows as an array of objects, one a line: `[{ "id": "ada" }, ...]`. */
export class JsonFormatter implements RowFormatter {
	readonly #names: readonly string[]
	#started = false

	constructor(columns: readonly string[]) {
		this.#names = uniqueNames(columns)
	}

	rows(rows: readonly Row[]): string {
		let text = ''
		for (const row of rows) {
			text += `${this.#started ? ',' : '['}\n  ${rowJson(this.#names, row)}`
			this.#started = true
		}
		return text
	}

	end(): string {
		return this.#started ? '\n]\n' : '[]\n'
	}
}

/** Rows as objects, each a document of its own on a line. */
export class NdjsonFormatter implements RowFormatter {
	readonly #names: readonly string[]

	constructor(columns: readonly string[]) {
		this.#names = uniqueNames(columns)
	}

	rows(rows: readonly Row[]): string {
		let text = ''
		for (const row of rows) text += `${rowJson(this.#names, row)}\n`
		return text
	}

	end(): string {
		return ''
	}
}

/** Names by which all columns can stand in one object. The second of a name is `name:1`, as SQLite calls it in a sub-query. */
function uniqueNames(columns: readonly string[]): readonly string[] {
	const taken = new Set<string>()
	for (const column of columns) {
		let name = column
		for (let count = 1; taken.has(name); count++) name = `${column}:${count}`
		taken.add(name)
	}
	return [...taken]
}

function rowJson(names: readonly string[], row: Row): string {
	// Written member by member: an object would put keys that look like numbers first.
	const members = names.map((name, index) => `${JSON.stringify(name)}: ${JSON.stringify(toJsonValue(row[index] ?? null))}`)
	return `{ ${members.join(', ')} }`
}
