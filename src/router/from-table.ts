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
