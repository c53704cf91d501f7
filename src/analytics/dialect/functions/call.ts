/**
 * Calls of functions.
 *
 * @module
 */
import type { FunctionCallExpr, FunctionCallStarExpr } from 'sqlite3-parser'
import type { RewriteContext } from '../context.ts'
import { settled } from '../convert.ts'
import type { Scope } from '../scope.ts'
import type { TypedSql } from '../typed-sql.ts'
import { refused, unsupported } from '../unsupported.ts'
import { aggregateCall } from './aggregate.ts'
import { DATE_FUNCTIONS } from './date.ts'
import { JSON_FUNCTIONS } from './json.ts'
import { MATH_FUNCTIONS } from './math.ts'
import { isAggregate, namesAggregate, WINDOW_FUNCTIONS } from './names.ts'
import { PRINTF_FUNCTIONS } from './printf.ts'
import type { ScalarFunction } from './scalar-function.ts'
import { TEXT_FUNCTIONS } from './text.ts'
import { VALUE_FUNCTIONS } from './value.ts'
import { windowCall } from './window.ts'

const SCALAR_FUNCTIONS: ReadonlyMap<string, ScalarFunction> = new Map(
	Object.entries({
		...VALUE_FUNCTIONS,
		...TEXT_FUNCTIONS,
		...MATH_FUNCTIONS,
		...DATE_FUNCTIONS,
		...PRINTF_FUNCTIONS,
		...JSON_FUNCTIONS,
	}),
)

/** What SQLite looks through. */
const LIKELIHOODS: ReadonlySet<string> = new Set(['likely', 'unlikely', 'likelihood'])

/**
 * @throws `DIALECT_UNSUPPORTED` for a function that has no equal; `QUERY_FAILED` for a wrong number of arguments.
 */
export function functionCall(ctx: RewriteContext, call: FunctionCallExpr | FunctionCallStarExpr, scope: Scope): TypedSql {
	const name = call.name.name.toLowerCase()
	if (isAggregate(call)) return aggregateCall(ctx, name, call, scope)
	if (call.filterOver?.overClause !== undefined) {
		if (namesAggregate(call) || WINDOW_FUNCTIONS.has(name)) return windowCall(ctx, name, call, scope)
		throw refused(`${name}() may not be used as a window function`, call.span)
	}
	if (WINDOW_FUNCTIONS.has(name)) throw refused(`misuse of window function ${name}()`, call.span)
	const print = SCALAR_FUNCTIONS.get(name)
	if (print === undefined || call.type === 'FunctionCallStarExpr') throw unsupported(`the function ${name}()`, call.span)
	const args: TypedSql[] = []
	for (const arg of call.args ?? []) {
		// What follows a constant is never looked at, even where it could not be printed.
		if ((name === 'coalesce' || name === 'ifnull') && (args.at(-1)?.constant?.value ?? null) !== null) break
		// Only what is TRUE or FALSE by itself tests for truth after IS, not what a function makes of it.
		const value = settled(ctx.expression(arg, scope))
		args.push(LIKELIHOODS.has(name) ? value : { ...value, truth: undefined })
	}
	return print({ ctx, name, args, count: call.args?.length ?? 0, position: call.span })
}
