/**
 * Functions that make JSON. Those that read it need a parser that DuckDB-WASM lacks.
 *
 * @module
 */
import { asText } from '../convert.ts'
import { constant, NULL } from '../literals.ts'
import { BLOB_CLASS, TEXT_CLASS, type TypedSql, typed } from '../typed-sql.ts'
import { type Position, refused, unsupported } from '../unsupported.ts'
import { expectArguments, type ScalarFunction } from './scalar-function.ts'

export const JSON_FUNCTIONS: Readonly<Record<string, ScalarFunction>> = {
	json_array: ({ args, position }) => {
		if (args.length === 0) return { ...constant('[]'), json: true }
		return json(`('[' || ${args.map((arg) => jsonValue(arg, position)).join(" || ',' || ")} || ']')`)
	},
	json_object: ({ args, position }) => {
		if (args.length % 2 === 1) throw refused('json_object() requires an even number of arguments', position)
		if (args.length === 0) return { ...constant('{}'), json: true }
		const members: string[] = []
		for (let i = 0; i < args.length; i += 2) {
			members.push(`${jsonLabel(args[i] ?? NULL, position)} || ':' || ${jsonValue(args[i + 1] ?? NULL, position)}`)
		}
		return json(`('{' || ${members.join(" || ',' || ")} || '}')`)
	},
	json_quote: (call) => {
		expectArguments(call, 1)
		return json(jsonValue(call.args[0] ?? NULL, call.position))
	},
}

function json(sql: string): TypedSql {
	return { ...typed('text', sql), json: true }
}

/** A value as JSON; text that a JSON function made is JSON already. */
export function jsonValue(e: TypedSql, position: Position): string {
	if (e.kind === 'null') return "'null'"
	if (e.classes & BLOB_CLASS) throw unsupported('a BLOB in JSON', position)
	if (e.json === 'mixed') throw unsupported('a value that is JSON in some rows and text in others', position)
	if (e.json === true) return `COALESCE(${e.sql}, 'null')`
	if (e.kind === 'any') return `COALESCE(_sl_any_json(${e.sql}), 'null')`
	if (e.kind === 'text') return `COALESCE(_sl_json_text(${e.sql}), 'null')`
	return `COALESCE(${e.kind === 'real' ? `_sl_json_real(${e.sql})` : asText(e)}, 'null')`
}

/** A name in an object. */
export function jsonLabel(e: TypedSql, position: Position): string {
	if ((e.classes & ~TEXT_CLASS) !== 0 || e.kind === 'null') throw unsupported('a name in a JSON object that is no text', position)
	return `_sl_json_text(COALESCE(${e.sql}, error('json_object() labels must be TEXT')))`
}
