/**
 * A statement's analysis, from its tree to the graph of what it says.
 *
 * @module
 */
import type { Stmt } from 'sqlite3-parser'
import { SQLakeError } from '../errors.ts'
import type { TableSchema } from '../schema/table-schema.ts'
import type { Analysis } from './analysis.ts'
import { checkNesting } from './check-statement-size.ts'
import { Constraints } from './constraints.ts'
import { analyzeInsert, type InsertPlan } from './insert.ts'
import type { ParsedStatement } from './parse-sql.ts'
import { analyzeSelect } from './select.ts'
import { analyzeDelete, analyzeUpdate, type KeyAssignment } from './update-delete.ts'

/** What is known of a statement before its parameters are. */
export interface StatementFacts {
	readonly constraints: Constraints
	/** SQL names of the tables it names, in order of appearance. */
	readonly tables: readonly string[]
	/** Those whose columns must stand in the order of the schema for it to mean what it was understood to mean. */
	readonly ordered: readonly string[]
	readonly write: boolean
	/** How an INSERT gives its shard key; null for other statements. */
	readonly insert: InsertPlan | null
	/** Columns of the shard key that an UPDATE sets: allowed only if nothing changes. */
	readonly assignments: readonly KeyAssignment[]
}

/**
 * Analyses a statement against a schema.
 *
 * @throws SQLakeError ROUTE_UNKNOWN_TABLE, ROUTE_UNSUPPORTED, ROUTE_SHARD_KEY_CHANGE, ROUTE_NO_SHARD (an INSERT without its key);
 *   STATEMENT_LIMIT where queries lie too deep within each other
 */
export function analyzeStatement(parsed: ParsedStatement, tables: ReadonlyMap<string, TableSchema>): StatementFacts {
	const constraints = new Constraints()
	const named = new Set<string>()
	const ordered = new Set<string | null>()
	let depth = 0
	const analysis: Analysis = {
		parsed,
		constraints,
		expanding: new Set(),
		table(name) {
			const table = tables.get(name.toLowerCase())
			if (table === undefined) throw unknownTable(name, tables)
			named.add(table.name)
			return table
		},
		restOnOrder: (table) => void ordered.add(table?.name ?? null),
		select(select, options) {
			checkNesting(parsed.sql, ++depth)
			try {
				return analyzeSelect(analysis, select, options)
			} finally {
				depth--
			}
		},
	}
	const statement = parsed.statement.type === 'ExplainStmt' ? parsed.statement.stmt : parsed.statement
	const write = analyzeBody(analysis, statement)
	return {
		constraints,
		tables: [...named],
		ordered: [...named].filter((name) => ordered.has(null) || ordered.has(name)),
		write: write !== null && parsed.statement.type !== 'ExplainStmt',
		insert: write?.insert ?? null,
		assignments: write?.assignments ?? [],
	}
}

function analyzeBody(analysis: Analysis, statement: Stmt): Partial<Pick<StatementFacts, 'insert' | 'assignments'>> | null {
	switch (statement.type) {
		case 'SelectStmt':
			analysis.select(statement.body, { parent: null, ctes: new Map(), from: null, positional: false })
			return null
		case 'InsertStmt':
			return { insert: analyzeInsert(analysis, statement) }
		case 'UpdateStmt':
			return { assignments: analyzeUpdate(analysis, statement) }
		case 'DeleteStmt':
			analyzeDelete(analysis, statement)
			return {}
		default:
			throw unsupported(statement)
	}
}

function unsupported(statement: Stmt): SQLakeError {
	const words = statement.type
		.replace(/Stmt$/, '')
		.replace(/(?<=[a-z])(?=[A-Z])/g, ' ')
		.toUpperCase()
	const isSchema = /^(?:Create|Alter|Drop|Reindex)/.test(statement.type)
	return new SQLakeError('ROUTE_UNSUPPORTED', `statement: expected SELECT, INSERT, UPDATE or DELETE, found ${words}`, {
		hint: isSchema
			? 'change tables by a migration, which reaches every shard, or in one shard with db.shard(id)'
			: 'pin the database to one shard with db.shard(id), or run it inside the Durable Object',
	})
}

function unknownTable(name: string, tables: ReadonlyMap<string, TableSchema>): SQLakeError {
	const known = Array.from(tables.values(), (table) => `"${table.name}"`)
	return new SQLakeError('ROUTE_UNKNOWN_TABLE', `table "${name}": expected a table of the schema (${known.join(', ')})`, {
		hint: 'declare it in SQLake({...}), or correct the name',
		details: { table: name },
	})
}
