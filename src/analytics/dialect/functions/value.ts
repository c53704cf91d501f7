/**
 * Functions that choose between values, or tell about one.
 *
 * @module
 */
import { callBack } from '../callbacks/callbacks.ts'
import { compare, orderKey } from '../compare.ts'
import { asCondition, asEncoded, asText, coerced, commonType, mixedJson } from '../convert.ts'
import { constant, NULL } from '../literals.ts'
import { withArguments } from '../macros/let.ts'
import { glob, like } from '../pattern.ts'
import { commonJson, isNumber, type TypedSql, typed } from '../typed-sql.ts'
import { refused, unsupported } from '../unsupported.ts'
import { expectArguments, ofOne, type ScalarCall, type ScalarFunction } from './scalar-function.ts'

const CLASS_NAMES = { boolean: 'integer', integer: 'integer', real: 'real', text: 'text', blob: 'blob' } as const

export const VALUE_FUNCTIONS: Readonly<Record<string, ScalarFunction>> = {
	coalesce: (call) => {
		expectArguments(call, 2, Number.POSITIVE_INFINITY)
		return coalesce(call.args)
	},
	ifnull: (call) => {
		expectArguments(call, 2)
		return coalesce(call.args)
	},
	nullif: (call) => {
		expectArguments(call, 2)
		const [a = NULL, b = NULL] = call.args
		if (a.kind === 'null' || b.kind === 'null') return a
		return {
			...a,
			sql: `(CASE WHEN ${asCondition(compare('=', { ...a, affinity: undefined }, { ...b, affinity: undefined }))} THEN NULL ELSE ${a.sql} END)`,
			affinity: undefined,
			constant: undefined,
		}
	},
	iif,
	if: iif,
	min: (call) => extreme(call, '<'),
	max: (call) => extreme(call, '>='),
	random: (call) => {
		expectArguments(call, 0)
		return typed('integer', 'CAST((random() - 0.5e0) * 18446744073709549568e0 AS BIGINT)')
	},
	zeroblob: (call) => {
		expectArguments(call, 1)
		const size = call.args[0]?.constant?.value
		if (typeof size !== 'bigint' || size > 1_000_000n) throw unsupported('zeroblob() of no constant size', call.position)
		return constant(new Uint8Array(Number(size < 0n ? 0n : size)))
	},
	likely: ofOne((e) => e),
	unlikely: ofOne((e) => e),
	likelihood: (call) => {
		expectArguments(call, 2)
		return call.args[0] ?? NULL
	},
	typeof: (call) => {
		expectArguments(call, 1)
		const [e = NULL] = call.args
		if (e.kind === 'null') return constant('null')
		if (e.kind === 'any') return typed('text', `COALESCE(_sl_any_typeof(${e.sql}), 'null')`)
		if (e.kind === 'numeric') {
			return typed('text', `(CASE WHEN ${e.sql} IS NULL THEN 'null' WHEN _sl_is_whole(${e.sql}) THEN 'integer' ELSE 'real' END)`)
		}
		return typed('text', `(CASE WHEN ${e.sql} IS NULL THEN 'null' ELSE '${CLASS_NAMES[e.kind]}' END)`)
	},
	quote: (call) => {
		expectArguments(call, 1)
		const [e = NULL] = call.args
		if (e.kind === 'null') return constant('NULL')
		if (e.kind === 'any' || e.kind === 'real' || e.kind === 'numeric')
			return typed('text', callBack('_slf_quote', [asEncoded({ ...e, json: undefined }, call.position)]))
		if (e.kind === 'text') return typed('text', `COALESCE('''' || replace(_sl_to_nul(${e.sql}), '''', '''''') || '''', 'NULL')`)
		if (e.kind === 'blob') return typed('text', `COALESCE('X''' || hex(${e.sql}) || '''', 'NULL')`)
		return typed('text', `COALESCE(${asText(e)}, 'NULL')`)
	},
	like: (call) => {
		expectArguments(call, 2, 3)
		const [pattern = NULL, subject = NULL, escaping] = call.args
		return like(subject, pattern, escaping ?? null)
	},
	glob: (call) => {
		expectArguments(call, 2)
		const [pattern = NULL, subject = NULL] = call.args
		return glob(subject, pattern)
	},
}

function coalesce(args: readonly TypedSql[]): TypedSql {
	const [only, second] = args.filter(({ kind }) => kind !== 'null')
	if (only === undefined) return NULL
	if (second === undefined) return { ...only, affinity: undefined }
	const type = commonType(args)
	const mixed = mixedJson(args, (texts) => `COALESCE(${texts.join(', ')})`)
	if (mixed !== undefined) return mixed
	return { sql: `COALESCE(${args.map((arg) => coerced(arg, type).sql).join(', ')})`, ...type, json: commonJson(args) }
}

function iif(call: ScalarCall): TypedSql {
	if (call.args.length < 2) throw refused(`wrong number of arguments to function ${call.name}()`, call.position)
	const { args } = call
	const odd = args.length % 2 === 1
	const pairs = args.slice(0, odd ? -1 : undefined)
	const otherwise = (odd ? args.at(-1) : undefined) ?? NULL
	const values = pairs.filter((_, i) => i % 2 === 1)
	const type = commonType([...values, otherwise])
	const conditions = values.map((_, i) => asCondition(pairs[2 * i] ?? NULL))
	const choose = (texts: readonly string[]) =>
		`(CASE ${conditions.map((condition, i) => `WHEN ${condition} THEN ${texts[i]}`).join(' ')} ELSE ${texts.at(-1)} END)`
	const mixed = mixedJson([...values, otherwise], choose)
	if (mixed !== undefined) return mixed
	const branches = values.map((value, i) => `WHEN ${conditions[i]} THEN ${coerced(value, type).sql}`)
	return {
		sql: `(CASE ${branches.join(' ')} ELSE ${coerced(otherwise, type).sql} END)`,
		...type,
		json: commonJson([...values, otherwise]),
	}
}

/** `min(a, b, ...)` and `max(a, b, ...)`: NULL if one of them is. */
function extreme(call: ScalarCall, op: '<' | '>='): TypedSql {
	const { args, position } = call
	if (args.length < 2) throw refused(`wrong number of arguments to function ${call.name}()`, position)
	if (args.some(({ kind }) => kind === 'null')) return NULL
	const type = commonType(args)
	const [first = NULL, ...rest] = args.map(
		(arg): TypedSql => ({ ...coerced(arg, type), affinity: undefined, constant: undefined, uniqueNumbers: undefined }),
	)
	const collated = args.some(({ collation }) => collation !== undefined && collation !== 'BINARY')
	if (!collated && (type.kind === 'text' || (type.kind !== 'any' && args.every(isNumber)))) {
		return { sql: ordered([first, ...rest], op === '<' ? 'least' : 'greatest'), ...type }
	}
	// Of equals max() keeps the first one, min() takes the last.
	const by = args.find((arg) => arg.collation !== undefined) ?? first
	const key = orderKey({ ...first, sql: 'v' }, by.collation ?? 'BINARY')
	const found = `list_${op === '<' ? 'min' : 'max'}(list_transform(p.a, lambda v, i: row(${key}, -i, v)))[3]`
	return { ...first, sql: listed([first, ...rest], found), ...type }
}

/** Longest arguments that are written twice: to make a list of them takes longer, and nested ones would multiply. */
const SHORT = 300

/** The least or greatest of values that DuckDB orders alike. */
function ordered(values: readonly TypedSql[], name: 'least' | 'greatest'): string {
	const all = values.map(({ sql }) => sql).join(', ')
	if (all.length > SHORT) return listed(values, name === 'least' ? 'list_min(p.a)' : 'list_max(p.a)')
	return `(CASE WHEN ${values.map(({ sql }) => `${sql} IS NULL`).join(' OR ')} THEN NULL ELSE ${name}(${all}) END)`
}

/** What becomes of values, each computed once, as the list `p.a`; NULL if one of them is. */
function listed(values: readonly TypedSql[], body: string): string {
	const list = `[${values.map(({ sql }) => sql).join(', ')}]`
	return withArguments({ a: list }, `CASE WHEN list_count(p.a) = ${values.length} THEN ${body} END`)
}
