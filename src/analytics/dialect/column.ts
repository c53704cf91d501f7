/**
 * Names of columns.
 *
 * @module
 */
import type { RewriteContext } from './context.ts'
import type { FoundColumn, Scope } from './scope.ts'
import type { TypedSql } from './typed-sql.ts'
import { type Position, refused, unsupported } from './unsupported.ts'

/** What `rowid` may be called. */
export const ROWID_NAMES: ReadonlySet<string> = new Set(['rowid', 'oid', '_rowid_'])

/**
 * The column that a name means, in the SELECT it stands in or one around it; an alias of an output if there is no column.
 *
 * @param ctx Prints what is behind an alias; null where no alias can be meant.
 * @throws `QUERY_FAILED` if it may mean several; `DIALECT_UNSUPPORTED` for a column that neither is grouped nor stands in an
 *   aggregate.
 */
export function columnOf(
	ctx: RewriteContext | null,
	name: string,
	qualifier: string | null,
	scope: Scope,
	position: Position,
): TypedSql | undefined {
	const table = qualifier?.toLowerCase() ?? null
	for (let at: Scope | null = scope; at !== null; at = at.parent) {
		const [found, other] = at.candidates(name, table)
		if (other !== undefined) throw refused(`ambiguous column name: ${table === null ? name : `${table}.${name}`}`, position)
		if (found !== undefined) return use(found, name, scope, position)
		const rowid = ROWID_NAMES.has(name.toLowerCase()) ? rowidOf(at, table, position) : undefined
		if (rowid !== undefined) return use(rowid, name, scope, position)
		if (ctx !== null && table === null) {
			const where = at
			const aliased = at.withAlias(name, (expr) => ctx.expression(expr, where))
			if (aliased !== undefined) return aliased
		}
	}
	return undefined
}

/** The INTEGER PRIMARY KEY under one of the names that SQLite gives it. */
function rowidOf(scope: Scope, qualifier: string | null, position: Position): FoundColumn | undefined {
	const tables = scope.sources.filter((source) => source.table !== undefined && (qualifier === null || source.name === qualifier))
	const [source, other] = tables
	if (source === undefined) return undefined
	if (other !== undefined) throw refused('ambiguous column name: rowid', position)
	const column = source.columns.find(({ name }) => name === source.table?.rowid)
	if (column === undefined) {
		throw unsupported('rowid of a table without an INTEGER PRIMARY KEY', position, 'The lake does not keep it.')
	}
	return { column, source, scope }
}

function use({ column, source, scope: owner }: FoundColumn, name: string, scope: Scope, position: Position): TypedSql {
	for (let at: Scope | null = scope; at !== null; at = at.parent) {
		at.trace?.add(owner)
		// For what stands around that one it is a column of a sub-query.
		if (at === owner) break
	}
	const { name: _, ...value } = column
	const { grouping } = owner
	if (grouping === null) return value
	if (value.kind === 'null') return { ...value, sql: 'CAST(NULL AS BIGINT)' }
	const key = grouping.keys.get(value.sql)
	if (key !== undefined) return { ...value, sql: key }
	if (source !== null && grouping.determined.has(source)) return { ...value, sql: `any_value(${value.sql})` }
	if (grouping.extreme !== null) {
		const { picker, sql } = grouping.extreme
		return { ...value, sql: `${picker}(${value.sql}, ${sql})` }
	}
	throw unsupported(
		`the column "${name}", which is neither in GROUP BY nor in an aggregate,`,
		position,
		`SQLite takes it from an arbitrary row: write min(${name}) or max(${name}), or add it to GROUP BY.`,
	)
}
