/**
 * Functions in a FROM: `json_each()` and `json_tree()`.
 *
 * @module
 */

import type { TableCallSelectTable } from 'sqlite3-parser'
import { callBack } from '../callbacks/callbacks.ts'
import type { RewriteContext } from '../context.ts'
import { asText, decoded, settled } from '../convert.ts'
import { jsonInput } from '../functions/json.ts'
import type { Scope, Source, SourceColumn } from '../scope.ts'
import { INTEGER_CLASS, REAL_CLASS, TEXT_CLASS, typed } from '../typed-sql.ts'
import { refused, unsupported } from '../unsupported.ts'
import { guardOf } from './guards.ts'

/** Prints a function and adds its rows to the scope; its arguments may name the tables before it. */
export function printTableFunction(ctx: RewriteContext, table: TableCallSelectTable, scope: Scope): string {
	const name = table.tblName.objName.text.toLowerCase()
	if (name !== 'json_each' && name !== 'json_tree') throw unsupported(`the table-valued function ${name}()`, table.span)
	const args = (table.args ?? []).map((arg) => settled(ctx.expression(arg, scope)))
	const [subject, path] = args
	if (subject === undefined) throw unsupported(`${name}() without arguments`, table.span)
	if (args.length > 2) throw refused(`too many arguments on ${name}() - max 2`, table.span)
	const input = jsonInput(subject, { name, position: table.span })
	const guard = scope.sources.length === 0 ? undefined : guardOf(ctx, scope, NAMES)
	const texts = [
		guard === undefined ? input : `CASE WHEN ${guard} THEN ${input} END`,
		...(path === undefined ? [] : [asText(path)]),
	]
	const alias = ctx.fresh('j')
	scope.sources.push(rowsOf(alias, (table.alias?.name.text ?? name).toLowerCase()))
	const fields = FIELDS.map((field, i) => `_sl_field(l, ${i + 1}) AS ${field}`)
	const rows = `string_split(${callBack(`_slf_${name}`, texts)}, chr(30))`
	const isConstant = args.every(({ constant }) => constant !== undefined)
	// DuckDB would go through a constant list anew for every 2,048 of its items.
	const once = isConstant ? `WITH ${alias}m AS MATERIALIZED (SELECT ${rows} AS s) ` : ''
	const items = isConstant ? `SELECT unnest(s) AS r FROM ${alias}m` : `SELECT unnest(${rows}) AS r`
	return `(${once}SELECT ${fields.join(', ')} FROM (SELECT string_split(r, chr(31)) AS l FROM (${items}))) AS ${alias}`
}

/** Names of the columns, in the order in which the engine gets them. */
const FIELDS = ['key', 'value', 'type', 'atom', 'id', 'parent', 'fullkey', 'path'] as const

const NAMES: ReadonlySet<string> = new Set(FIELDS)

const CLASSES: Readonly<Record<string, number>> = {
	key: INTEGER_CLASS | TEXT_CLASS,
	value: INTEGER_CLASS | REAL_CLASS | TEXT_CLASS,
	atom: INTEGER_CLASS | REAL_CLASS | TEXT_CLASS,
}

function rowsOf(alias: string, name: string): Source {
	const columns = FIELDS.map((field): SourceColumn => {
		const text = `${alias}.${field}`
		const classes = CLASSES[field]
		if (classes !== undefined) {
			return { ...decoded(text, classes), name: field, affinity: 'BLOB', ...(field === 'value' ? { json: 'mixed' } : {}) }
		}
		const number = field === 'id' || field === 'parent'
		return { ...(number ? typed('integer', `CAST(${text} AS BIGINT)`) : typed('text', text)), name: field, affinity: 'BLOB' }
	})
	return { name, alias, columns, isFunction: true, order: [`CAST(${alias}.id AS BIGINT) ASC`] }
}
