import type { QualifiedName } from 'sqlite3-parser'
import type { Analysis, CteScope } from './analysis.ts'
import { cteColumns } from './cte.ts'
import { addUse, type Block, derivedSource, type Source, tableSource } from './scope.ts'

/**
 * Adds a named table, or a common table expression of that name, to a block.
 *
 * @param alias - what stands after AS
 * @throws SQLakeError ROUTE_UNKNOWN_TABLE
 */
export function addTable(
	analysis: Analysis,
	block: Block,
	name: QualifiedName,
	alias: string | undefined,
	ctes: CteScope,
): Source {
	const database = name.dbName?.text
	const table = name.objName.text
	const cte = database === undefined ? ctes.get(table.toLowerCase()) : undefined
	let source: Source
	if (cte === undefined) {
		const known = analysis.table(database === undefined || /^main$/i.test(database) ? table : `${database}.${table}`)
		source = tableSource(analysis.constraints, block, known, alias ?? table)
		addUse(analysis.constraints, known, source)
	} else source = derivedSource(alias ?? table, cteColumns(analysis, cte, block.id))
	block.sources.push(source)
	return source
}

const tableFunctions = new Map([
	['json_each', ['key', 'value', 'type', 'atom', 'id', 'parent', 'fullkey', 'path']],
	['json_tree', ['key', 'value', 'type', 'atom', 'id', 'parent', 'fullkey', 'path']],
	['jsonb_each', ['key', 'value', 'type', 'atom', 'id', 'parent', 'fullkey', 'path']],
	['jsonb_tree', ['key', 'value', 'type', 'atom', 'id', 'parent', 'fullkey', 'path']],
])

/**
 * A table-valued function as a source.
 *
 * @throws SQLakeError ROUTE_UNKNOWN_TABLE for those that read what a shard holds besides its tables, as `pragma_table_info()` does.
 */
export function tableFunction(analysis: Analysis, name: string, alias: string | undefined): Source {
	const columns = tableFunctions.get(name.toLowerCase())
	if (columns === undefined) analysis.table(name)
	const scoped = ['json', 'root', ...(columns ?? [])].map((column) => {
		return { name: column, node: null, terms: null, affinity: null, nullable: true }
	})
	const source = derivedSource(alias ?? name, scoped)
	return { ...source, columnNames: columns ?? [] }
}
