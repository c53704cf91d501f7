/**
 * What prints a call of a scalar function.
 *
 * @module
 */
import type { RewriteContext } from '../context.ts'
import { NULL } from '../literals.ts'
import type { TypedSql } from '../typed-sql.ts'
import { type Position, refused } from '../unsupported.ts'

/** A call with its printed arguments, which are {@link file://../convert.ts settled}. */
export interface ScalarCall {
	readonly ctx: RewriteContext
	readonly name: string
	readonly args: readonly TypedSql[]
	/** How many were written; coalesce() does not look at those after a constant. */
	readonly count: number
	readonly position: Position
}

export type ScalarFunction = (call: ScalarCall) => TypedSql

/** @throws `QUERY_FAILED` for another number of arguments. */
export function expectArguments({ name, count, position }: ScalarCall, least: number, most: number = least): void {
	if (count < least || count > most) throw refused(`wrong number of arguments to function ${name}()`, position)
}

/** A function of one argument that is NULL for NULL. */
export function ofOne(print: (e: TypedSql, call: ScalarCall) => TypedSql): ScalarFunction {
	return (call) => {
		expectArguments(call, 1)
		const [e = NULL] = call.args
		return e.kind === 'null' ? NULL : print(e, call)
	}
}
