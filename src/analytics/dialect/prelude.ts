/**
 * The macros that rewritten queries use.
 *
 * @module
 */
import { ANY_MACROS } from './macros/any.ts'
import { DATE_MACROS } from './macros/date.ts'
import { JSON_MACROS } from './macros/json.ts'
import { NATIVE_JSON_MACROS } from './macros/native-json.ts'
import { SCALAR_MACROS } from './macros/scalar.ts'
import { WrittenLengths } from './written-length.ts'

/** Definitions by name. */
const MACROS: ReadonlyMap<string, string> = new Map(
	[...SCALAR_MACROS, ...ANY_MACROS, ...DATE_MACROS, ...JSON_MACROS, ...NATIVE_JSON_MACROS].map((macro) => [nameOf(macro), macro]),
)

const LENGTHS = new WrittenLengths(MACROS)

/** All macros have this prefix, as no table or function of a user's should. */
const MACRO_NAME = /\b_sl_\w+/g

/**
 * Statements that make the macros a query names, and those that these name, in an order in which each finds its own. They
 * belong to the connection: all of them take longer to make than most queries need, and most queries name none.
 */
export function macrosFor(sql: string): string[] {
	const statements: string[] = []
	const visited = new Set<string>()
	const visit = (text: string) => {
		for (const [name] of text.matchAll(MACRO_NAME)) {
			const macro = MACROS.get(name)
			if (macro === undefined || visited.has(name)) continue
			visited.add(name)
			visit(macro.slice(name.length))
			statements.push(`CREATE OR REPLACE TEMP MACRO ${macro}`)
		}
	}
	visit(sql)
	return statements
}

/** Characters of a printed query once DuckDB has written its macros out; not finite where there is no counting them. */
export function writtenLength(sql: string): number {
	return sql.includes('_sl_') ? LENGTHS.of(sql) : sql.length
}

/** Statements that make all macros; those of native DuckDB as well, where it is that. */
export function dialectPrelude({ native }: { readonly native: boolean }): string[] {
	const own = new Set(NATIVE_JSON_MACROS.map(nameOf))
	return macrosFor([...MACROS.keys()].filter((name) => native || !own.has(name)).join(' '))
}

function nameOf(macro: string): string {
	return macro.slice(0, macro.indexOf('('))
}
