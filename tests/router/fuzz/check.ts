/**
 * Runs a statement where the router says, and on all rows, and tells whether both give the same.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { SQLakeError } from '../../../src/errors.ts'
import { determineRoute } from '../../../src/router/determine-route.ts'
import type { Route } from '../../../src/router/route.ts'
import type { TableSchema } from '../../../src/schema/table-schema.ts'
import type { Statement } from './statements.ts'
import { type Row, rowsOf, toInput, type World } from './world.ts'

export type Verdict =
	/** The claim held. */
	| { readonly kind: 'sound'; readonly route: Route }
	/** The claim did not hold. */
	| { readonly kind: 'unsound'; readonly route: Route; readonly finding: string }
	/** The router made no claim. */
	| { readonly kind: 'unclaimed'; readonly code: string }
	/** SQLite refuses the statement. */
	| { readonly kind: 'invalid'; readonly message: string }

export function check(world: World, statement: Statement): Verdict {
	let route: Route
	try {
		route = determineRoute(statement.sql, { schema: world.schema, params: statement.params })
	} catch (error) {
		if (!(error instanceof SQLakeError) || error.code === 'INTERNAL') throw error
		return { kind: 'unclaimed', code: error.code }
	}
	if (route.kind === 'scatter') return { kind: 'unclaimed', code: 'scatter' }
	const shards = route.kind === 'shard' ? [route.shard] : route.kind === 'shards' ? route.shards : []
	const outcome = run(world, world.full, statement)
	if (outcome.kind === 'error') return { kind: 'invalid', message: outcome.message }
	// Where any shard may answer, an empty one must as well.
	const others = route.kind === 'any' || route.kind === 'none' ? [[], world.shards.slice(0, 1), world.shards.slice(-1)] : [shards]
	for (const set of others) {
		const part = run(world, world.part(set), statement)
		const finding = part.kind === 'error' ? part.message : compare(world, outcome, part, statement, shards)
		if (finding !== null) return { kind: 'unsound', route, finding: `on ${JSON.stringify(set)}: ${finding}` }
	}
	return { kind: 'sound', route }
}

interface Outcome {
	readonly kind: 'ok'
	readonly rows: readonly string[]
	/** By table, before and after. */
	readonly before: readonly (readonly Row[])[]
	readonly after: readonly (readonly Row[])[]
}

function run(world: World, database: DatabaseSync, statement: Statement): Outcome | { kind: 'error'; message: string } {
	const tables = (): Row[][] => (statement.writes ? world.tables.map((table) => rowsOf(database, table)) : [])
	const before = tables()
	if (statement.writes) database.exec('BEGIN')
	try {
		const prepared = database.prepare(statement.bound)
		prepared.setReadBigInts(true)
		prepared.setReturnArrays(true)
		const rows = (prepared.all(...statement.params.map(toInput)) as unknown as Row[]).map(print).sort()
		return { kind: 'ok', rows, before, after: tables() }
	} catch (error) {
		return { kind: 'error', message: String(error) }
	} finally {
		if (statement.writes) database.exec('ROLLBACK')
	}
}

function compare(world: World, full: Outcome, part: Outcome, statement: Statement, shards: readonly string[]): string | null {
	if (full.rows.join('\n') !== part.rows.join('\n'))
		return `expected rows\n${full.rows.join('\n')}\nfound\n${part.rows.join('\n')}`
	if (!statement.writes) return null
	for (const [i, table] of world.tables.entries()) {
		const changes = [full, part].map(({ before, after }) => difference(before[i] ?? [], after[i] ?? []))
		if (changes[0] !== changes[1]) return `table ${table.name}: expected changes\n${changes[0]}\nfound\n${changes[1]}`
		for (const row of part.after[i] ?? []) {
			const shard = shardOfRow(world, table, row)
			if (!shards.includes(shard) && !part.before[i]?.some((old) => print(old) === print(row))) {
				return `table ${table.name}: row ${print(row)} is of shard ${shard}`
			}
		}
	}
	return null
}

/** The shard of a row, or why it has none. */
function shardOfRow(world: World, table: TableSchema, row: Row): string {
	try {
		return world.shardOfRow(table, row)
	} catch (error) {
		return String(error)
	}
}

/** What changed between two states of a table, as a multiset. */
function difference(before: readonly Row[], after: readonly Row[]): string {
	const counts = new Map<string, number>()
	for (const row of before) counts.set(print(row), (counts.get(print(row)) ?? 0) - 1)
	for (const row of after) counts.set(print(row), (counts.get(print(row)) ?? 0) + 1)
	return [...counts]
		.filter(([, count]) => count !== 0)
		.map(([row, count]) => `${count} x ${row}`)
		.sort()
		.join('\n')
}

/** A row with its storage classes. */
function print(row: Row): string {
	return row
		.map((value) => {
			if (typeof value === 'bigint') return `${value}`
			if (typeof value === 'number') return Number.isInteger(value) ? `${value === 0 ? 0 : value}.0` : `${value}`
			return value === null || typeof value === 'string'
				? JSON.stringify(value)
				: `blob:${Buffer.from(new Uint8Array(value)).toString('hex')}`
		})
		.join(', ')
}
