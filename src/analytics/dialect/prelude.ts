/**
 * What an engine runs once, so that rewritten queries find their macros.
 *
 * @module
 */
import { ANY_MACROS } from './macros/any.ts'
import { DATE_MACROS } from './macros/date.ts'
import { SCALAR_MACROS } from './macros/scalar.ts'

/** Statements that make the macros. They belong to the database, so that one run serves all connections. */
export function dialectPrelude(): string[] {
	return byDependency([...SCALAR_MACROS, ...ANY_MACROS, ...DATE_MACROS]).map((macro) => `CREATE OR REPLACE MACRO ${macro}`)
}

/** DuckDB wants a macro's own macros to be there when it is made. */
function byDependency(macros: readonly string[]): string[] {
	const sources = new Map(macros.map((macro) => [macro.slice(0, macro.indexOf('(')), macro]))
	const ordered: string[] = []
	const visited = new Set<string>()
	const visit = (name: string) => {
		const macro = sources.get(name)
		if (macro === undefined || visited.has(name)) return
		visited.add(name)
		for (const [used] of macro.slice(name.length).matchAll(/\b_sl_\w+/g)) visit(used)
		ordered.push(macro)
	}
	for (const name of sources.keys()) visit(name)
	return ordered
}
