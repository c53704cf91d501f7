/**
 * From wire values to values that Durable Object SQLite binds.
 *
 * @module
 */
import type { BoundStatement, WireValue } from '../driver/transport.ts'
import { SQLakeError } from '../errors.ts'
import { exactBuffer } from '../schema/bytes.ts'
import { MAX_BOUND_VALUES, type PackedValues, packValues } from './packed-values.ts'
import { type ScannedStatement, scanStatement } from './statement.ts'

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
 * comparison, as a bound integer has none (https://www.sqlite.org/datatype3.html section 3.2). Values beyond its limit go by
 * {@link packValues}.
 *
 * @throws `VALUE_UNSUPPORTED` for a bigint beyond 64 bits; `STATEMENT_LIMIT`
 */
export function bindable(statement: BoundStatement): BindableStatement {
	const { sql, params } = statement
	const areMany = params.length > MAX_BOUND_VALUES
	if (!areMany && !params.some((value) => typeof value === 'bigint')) return { sql, params: params.map(bindableValue) }
	const { placeholders } = scanStatement(sql)
	const packed = areMany ? packedValues(params, placeholders) : null
	const bound = (packed?.params ?? params).map(bindableValue)
	let text = ''
	let copied = 0
	for (const placeholder of placeholders) {
		const isBigint = typeof params[placeholder.index] === 'bigint'
		if (packed === null && !isBigint) continue
		const expression = packed?.expressions.get(placeholder.index) ?? placeholder.text
		text += `${sql.slice(copied, placeholder.offset)}${isBigint ? `(+CAST(${expression} AS INTEGER))` : expression}`
		copied = placeholder.offset + placeholder.text.length
	}
	return { sql: text + sql.slice(copied), params: bound }
}

/** null where the statement has another number of parameters, which SQLite is to say. */
function packedValues(params: readonly WireValue[], placeholders: ScannedStatement['placeholders']): PackedValues | null {
	const used = new Set(placeholders.map(({ index }) => index))
	return Math.max(...used) + 1 === params.length ? packValues(params, used) : null
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
