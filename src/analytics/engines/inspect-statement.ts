/**
 * What a statement reads, as DuckDB's own binder finds it: its plan over empty tables, without the optimizer, which would leave out
 * what gives no rows.
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'
import { quoteIdentifier } from '../../schema/quote-identifier.ts'
import type { EnginePlan, EngineRelation, InspectedStatement } from '../query-engine.ts'
import { literal } from './duckdb-sql.ts'

/** Name of the empty table behind a relation: one that plans show alike, whatever the relation is called. */
const STAND_IN = '_sqlake_inspected_'

/** Statements that make the relations, on a connection that nothing else uses. */
export function standInStatements({ relations }: InspectedStatement): string[] {
	return ['PRAGMA disable_optimizer', ...relations.flatMap(standIn)]
}

/** Gives the plan of the prepared statement, as rows of which the last column is JSON. */
export function planStatement({ params }: InspectedStatement): string {
	return `EXPLAIN (FORMAT json) ${executeStatement(params)}`
}

/**
 * Makes a statement known that was seen to be a single SELECT.
 *
 * @throws `SQL_PARSE` for one with NUL in it: where that ends a statement, the rest was not looked at.
 */
export function prepareStatement(sql: string): string {
	if (sql.includes('\0')) throw new SQLakeError('SQL_PARSE', 'expected one SELECT, found the character NUL in it')
	return `PREPARE query AS ${sql}`
}

/** The error for anything else, as DuckDB's own parser finds it. */
export function notOneSelect(found: string): SQLakeError {
	return new SQLakeError('READ_ONLY', `a lake query only reads: expected one SELECT, found ${found}`, {
		hint:
			'Write through the database itself, not through analytics(), asOf(), snapshot() or between(). ' +
			"A PIVOT is one SELECT where it names its values: PIVOT orders ON status IN ('open', 'paid') USING count(*).",
	})
}

/** Runs the prepared statement. */
export function executeStatement(params: InspectedStatement['params']): string {
	return params.length === 0 ? 'EXECUTE query' : `EXECUTE query(${params.map(literal).join(', ')})`
}

function standIn({ name, columns }: EngineRelation, index: number): string[] {
	const typed = columns.map((column) => `${quoteIdentifier(column.name)} ${column.type}`)
	return [
		`CREATE TEMP TABLE ${STAND_IN}${index} (${typed.join(', ')})`,
		`CREATE TEMP VIEW ${quoteIdentifier(name)} AS SELECT * FROM ${STAND_IN}${index}`,
	]
}

/** An operator of a plan, as far as it matters here. */
interface Operator {
	readonly name: string
	readonly children?: readonly Operator[]
	readonly extra_info?: { readonly Table?: string; readonly Function?: string }
}

/** Reads the JSON of a plan. */
export function readPlan(json: string): EnginePlan {
	const plan = { relations: new Set<number>(), functions: new Set<string>(), others: new Set<string>() }
	const pending: Operator[] = [...(JSON.parse(json) as Operator[])]
	for (let operator = pending.pop(); operator !== undefined; operator = pending.pop()) {
		pending.push(...(operator.children ?? []))
		const { Table: table, Function: called } = operator.extra_info ?? {}
		if (called !== undefined) plan.functions.add(called.trim().toLowerCase())
		if (table === undefined) continue
		const index = new RegExp(`\\b${STAND_IN}(\\d+)$`).exec(table)?.[1]
		if (index === undefined) plan.others.add(table)
		else plan.relations.add(Number(index))
	}
	return plan
}
