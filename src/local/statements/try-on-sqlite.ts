/**
 * Runs migrations on an empty SQLite, to see what schema they make.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { messageOf } from '../../errors.ts'
import { tokenizeSql } from '../../migrator/sql-tokens.ts'
import { openDatabase } from '../node-sqlite.ts'
import type { Snapshot } from './snapshot.ts'
import { createAllSql } from './snapshot-sql.ts'

/** Statements that lead from one schema to another. */
export interface Step {
	readonly from: Snapshot
	readonly statements: readonly string[]
	readonly to: Snapshot
}

/**
 * Runs statements on an empty database that has the schema `from`, and compares the outcome with `to`.
 *
 * @returns what is wrong with them, in words; null where they do what they shall
 */
export function problemOf({ from, statements, to }: Step): string | null {
	using found = emptyDatabase(createAllSql(from))
	using expected = emptyDatabase(createAllSql(to))
	try {
		for (const statement of statements) found.database.exec(statement)
	} catch (error) {
		return messageOf(error)
	}
	const [foundShape, expectedShape] = [shapeOf(found.database), shapeOf(expected.database)]
	const lacking = expectedShape.find((line) => !foundShape.includes(line))
	if (lacking !== undefined) return `it does not make: ${lacking}`
	const surplus = foundShape.find((line) => !expectedShape.includes(line))
	return surplus === undefined ? null : `it leaves: ${surplus}`
}

function emptyDatabase(statements: readonly string[]): { readonly database: DatabaseSync } & Disposable {
	const database = openDatabase(':memory:', { enableForeignKeyConstraints: false })
	for (const statement of statements) database.exec(statement)
	return { database, [Symbol.dispose]: () => database.close() }
}

/**
 * A schema as lines of text that are equal where SQLite treats two schemas alike: however names are quoted, and in whatever order
 * columns and constraints were added.
 */
export function shapeOf(database: DatabaseSync): readonly string[] {
	const rows = database
		.prepare(
			"SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
		)
		.all()
	return rows
		.flatMap(({ type, name, sql }) =>
			type === 'table' ? tableShape(database, String(name), String(sql)) : [`${type} ${plainTokens(String(sql)).join(' ')}`],
		)
		.sort()
}

function tableShape(database: DatabaseSync, name: string, sql: string): string[] {
	const keys = database
		.prepare(
			`SELECT group_concat("from", ',' ORDER BY seq) AS columns, "table" AS target, group_concat("to", ',' ORDER BY seq) AS keys, on_update, on_delete
			FROM pragma_foreign_key_list(?) GROUP BY id`,
		)
		.all(name)
	return [
		`table ${name}`,
		...partsOf(plainTokens(sql)).map((part) => `table ${name}: ${part}`),
		...keys.map((key) => `table ${name}: ${Object.values(key).join(' ')}`.toLowerCase()),
	]
}

/** The definitions between the outermost brackets of CREATE TABLE. Foreign keys are left to the pragma: they have two notations. */
function partsOf(tokens: readonly string[]): string[] {
	const parts: string[][] = [[]]
	let depth = 0
	for (const token of tokens.slice(tokens.indexOf('(') + 1)) {
		if (token === ')') depth--
		if (depth < 0) break
		if (token === ',' && depth === 0) parts.push([])
		else parts.at(-1)?.push(token)
		if (token === '(') depth++
	}
	return parts
		.filter(([first, second]) => !(first === 'foreign' && second === 'key'))
		.map((part) => (part.includes('references') ? part.slice(0, part.indexOf('references')) : part).join(' '))
}

/** Tokens with names bare and in lower case, texts as they are. */
function plainTokens(sql: string): string[] {
	return tokenizeSql(sql).map(({ text }) => {
		if (text.startsWith("'") || /^x'/i.test(text)) return text
		const [first] = text
		if (first === '"' || first === '`')
			return text
				.slice(1, -1)
				.replaceAll(first + first, first)
				.toLowerCase()
		return (first === '[' ? text.slice(1, -1) : text).toLowerCase()
	})
}
