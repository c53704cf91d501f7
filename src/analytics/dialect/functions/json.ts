/**
 * Functions of JSON (https://www.sqlite.org/json1.html). The engine calls back into {@link file://../callbacks/json-functions.ts} to
 * read it: DuckDB-WASM has no parser of JSON, and native DuckDB's takes other texts and answers otherwise.
 *
 * @module
 */
import { callBack } from '../callbacks/callbacks.ts'
import type { RewriteContext } from '../context.ts'
import { asEncoded, asInteger, asText, decoded } from '../convert.ts'
import { constant, NULL } from '../literals.ts'
import { BLOB_CLASS, INTEGER_CLASS, isColumn, REAL_CLASS, TEXT_CLASS, type TypedSql, typed } from '../typed-sql.ts'
import { type Position, refused, unsupported } from '../unsupported.ts'
import { expectArguments, type ScalarCall, type ScalarFunction } from './scalar-function.ts'

const VALUE_CLASSES = INTEGER_CLASS | REAL_CLASS | TEXT_CLASS

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
	json: reading(1, 1, (call) => json(callback('_slf_json', call))),
	json_extract: (call) => {
		const [subject = NULL, ...paths] = call.args
		if (paths.length === 0) return NULL
		if (subject.kind === 'null') return NULL
		if (paths.length > 1) return json(callback('_slf_json_extract_all', call))
		return { ...scalarAt(call.ctx, subject, plainPath(paths[0]), callback('_slf_json_extract', call)), json: 'mixed' }
	},
	json_type: reading(1, 2, (call) => typed('text', callback('_slf_json_type', call))),
	json_valid: (call) => {
		expectArguments(call, 1, 2)
		const [subject = NULL, flags] = call.args
		if (subject.kind === 'null' && flags === undefined) return NULL
		const text = jsonInput(subject, call)
		const level = flags === undefined ? [] : [asInteger(flags)]
		return integer(callBack('_slf_json_valid', [text, ...level]))
	},
	json_array_length: reading(1, 2, (call) => integer(callback('_slf_json_array_length', call))),
	json_error_position: reading(1, 1, (call) => integer(callback('_slf_json_error_position', call))),
	json_pretty: reading(1, 2, (call) => typed('text', callback('_slf_json_pretty', call))),
	json_patch: reading(2, 2, (call) => {
		const [target = NULL, patch = NULL] = call.args
		return json(callBack('_slf_json_patch', [jsonInput(target, call), jsonInput(patch, call)]))
	}),
	json_remove: reading(1, Number.POSITIVE_INFINITY, (call) => json(callback('_slf_json_remove', call))),
	json_set: changing('set'),
	json_insert: changing('insert'),
	json_replace: changing('replace'),
}

/** `json -> path` and `json ->> path`. */
export function jsonArrow(
	ctx: RewriteContext,
	op: 'ArrowRight' | 'ArrowRightShift',
	subject: TypedSql,
	path: TypedSql,
	position: Position,
): TypedSql {
	if (subject.kind === 'null' || path.kind === 'null') return NULL
	const args = [
		jsonInput(subject, { name: op === 'ArrowRight' ? '->' : '->>', position }),
		asEncoded({ ...path, json: false }, position),
	]
	if (op === 'ArrowRight') return json(callBack('_slf_json_arrow', args))
	return scalarAt(ctx, subject, plainArrow(path), callBack('_slf_json_arrow_value', args))
}

/** A value at a path that native DuckDB finds by itself, as far as it can. @param path Undefined where it cannot. */
function scalarAt({ native }: RewriteContext, subject: TypedSql, path: string | undefined, slow: string): TypedSql {
	// What else than a column may call back, or fail, DuckDB does not let be tried.
	if (!native || path === undefined || subject.kind !== 'text' || !isColumn(subject)) return decoded(slow, VALUE_CLASSES)
	const at = `${subject.sql}, '${path}'`
	const rest = `CASE WHEN ${subject.sql} IS NOT NULL AND NOT _sl_json_absent(${at}) THEN ${slow} END`
	const value = decoded(`COALESCE(_sl_json_scalar(${at}), ${rest})`, VALUE_CLASSES)
	return { ...value, jsonAt: { of: value.sql, subject: subject.sql, path: `'${path}'` } }
}

/** A path that means the same to DuckDB. */
function plainPath(path: TypedSql | undefined): string | undefined {
	const text = path?.constant?.value
	return typeof text === 'string' && /^\$(?:\.[A-Za-z_]\w*|\[\d{1,6}\])+$/.test(text) ? text : undefined
}

function plainArrow(path: TypedSql): string | undefined {
	const value = path.constant?.value
	if (typeof value === 'bigint') return value >= 0n && value < 1_000_000n ? `$[${value}]` : undefined
	return typeof value === 'string' && /^[A-Za-z_]\w*$/.test(value) ? `$.${value}` : plainPath(path)
}

/** A function that is NULL for NULL. */
function reading(least: number, most: number, print: ScalarFunction): ScalarFunction {
	return (call) => {
		expectArguments(call, least, most)
		return call.args[0]?.kind === 'null' ? NULL : print(call)
	}
}

/** `json_set()` and its relatives: pairs of a path and a value. */
function changing(op: string): ScalarFunction {
	return (call) => {
		const [subject = NULL, ...pairs] = call.args
		if (call.args.length % 2 === 0) throw refused(`json_${op}() needs an odd number of arguments`, call.position)
		if (subject.kind === 'null') return NULL
		const args = pairs.map((arg, i) => (i % 2 === 0 ? asText(arg) : asEncoded(arg, call.position)))
		return json(callBack(`_slf_json_${op}`, [jsonInput(subject, call), ...args]))
	}
}

/** A call of JSON and texts. */
function callback(name: string, call: ScalarCall): string {
	const [subject = NULL, ...rest] = call.args
	return callBack(name, [jsonInput(subject, call), ...rest.map(asText)])
}

/** JSON as text. SQLite reads JSON of its own binary form out of a BLOB. */
export function jsonInput(e: TypedSql, { name, position }: Pick<ScalarCall, 'name' | 'position'>): string {
	if (e.kind === 'blob')
		throw unsupported(`${name}${/\w/.test(name) ? '()' : ''} of a BLOB`, position, 'CAST it to TEXT if it holds text.')
	return e.classes & BLOB_CLASS ? `_sl_any_json_input(${e.sql})` : asText(e)
}

function json(sql: string): TypedSql {
	return { ...typed('text', sql), json: true }
}

function integer(text: string): TypedSql {
	return typed('integer', `CAST(${text} AS BIGINT)`)
}

/** A value as JSON; text that a JSON function made is JSON already. */
export function jsonValue(e: TypedSql, position: Position): string {
	if (e.kind === 'null') return "'null'"
	if (e.kind === 'blob') throw unsupported('a BLOB in JSON', position)
	if (e.encoded?.of === e.sql) return callBack('_slf_json_quote', [e.encoded.text])
	if (e.json === 'mixed') throw unsupported('a value that is JSON in some rows and text in others', position)
	if (e.json === true) return `COALESCE(${e.sql}, 'null')`
	if (e.kind === 'any') return `COALESCE(_sl_any_json(${e.sql}), 'null')`
	if (e.kind === 'text') return `COALESCE(_sl_json_text(${e.sql}), 'null')`
	return `COALESCE(${e.kind === 'real' ? `_sl_json_real(${e.sql})` : asText(e)}, 'null')`
}

/** A name in an object. */
export function jsonLabel(e: TypedSql, position: Position): string {
	if (e.kind === 'any' && e.classes & TEXT_CLASS) return `_sl_json_text(_sl_any_json_label(${e.sql}))`
	if ((e.classes & ~TEXT_CLASS) !== 0 || e.kind === 'null') throw unsupported('a name in a JSON object that is no text', position)
	return `_sl_json_text(COALESCE(${e.sql}, error('sqlite: json_object() labels must be TEXT')))`
}
