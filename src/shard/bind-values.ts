/**
 * From wire values to values that Durable Object SQLite binds.
 *
 * @module
 */
import type { BoundStatement, WireValue } from '../driver/transport.ts'
import { SQLakeError } from '../errors.ts'
import { exactBuffer } from '../schema/bytes.ts'
import { scanStatement } from './statement.ts'

/** A value that `SqlStorage.exec` takes. */
export type BindableValue = string | number | ArrayBuffer | null

/** A statement ready for `SqlStorage.exec`. */
export interface BindableStatement {
	readonly sql: string
	readonly params: readonly BindableValue[]
}

/**
 * Makes a statement bindable. Durable Object SQLite refuses a bigint, so that one goes as text through
 * `(+CAST(? AS INTEGER))`: exact for 64 bits, and the unary plus takes the affinity away that CAST would bring into a
 * comparison, as a bound integer has none (https://www.sqlite.org/datatype3.html section 3.2).
 *
 * @throws `VALUE_UNSUPPORTED` for a bigint beyond 64 bits.
 */
export function bindable(statement: BoundStatement): BindableStatement {
	const { sql, params } = statement
	if (!params.some((value) => typeof value === 'bigint')) return { sql, params: params.map((value) => bindableValue(value)) }
	let text = ''
	let copied = 0
	for (const placeholder of scanStatement(sql).placeholders) {
		if (typeof params[placeholder.index] !== 'bigint') continue
		text += `${sql.slice(copied, placeholder.offset)}(+CAST(${placeholder.text} AS INTEGER))`
		copied = placeholder.offset + placeholder.text.length
	}
	return { sql: text + sql.slice(copied), params: params.map((value) => bindableValue(value)) }
}

function bindableValue(value: WireValue): BindableValue {
	if (typeof value === 'bigint') {
		if (BigInt.asIntN(64, value) !== value) {
			throw new SQLakeError('VALUE_UNSUPPORTED', `bound value ${value}: expected an integer of 64 bits`)
		}
		return value.toString()
	}
	return typeof value === 'object' && value !== null ? exactBuffer(value) : value
}
