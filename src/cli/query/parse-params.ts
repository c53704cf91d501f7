import type { WireValue } from '../../driver/transport.ts'
import { messageOf, SQLakeError } from '../../errors.ts'
import { fromJsonValue, parseJson } from '../http/json-values.ts'

/** Values to bind, in the order of the parameters or by their names. */
export type Params = readonly WireValue[] | ReadonlyMap<string, WireValue>

/**
 * Values to bind, from a JSON array, or from a JSON object by the names of the parameters. A whole number is bound as INTEGER, any
 * other as REAL; `{"$base64": "..."}` is a blob.
 *
 * @throws SQLakeError USAGE_INVALID
 */
export function parseParams(json: string | undefined): Params {
	if (json === undefined) return []
	let values: unknown
	try {
		values = parseJson(json)
	} catch (cause) {
		throw refuse(json, `: ${messageOf(cause)}`)
	}
	if (Array.isArray(values)) return values.map((value, index) => bound(value, `value ${index + 1}`))
	if (typeof values !== 'object' || values === null) throw refuse(json)
	return new Map(Object.entries(values).map(([name, value]) => [name.replace(/^[:@$]/, ''), bound(value, name)]))
}

function bound(value: unknown, name: string): WireValue {
	try {
		const found = fromJsonValue(value, `--params, ${name}`)
		return typeof found === 'number' && Number.isSafeInteger(found) ? BigInt(found) : found
	} catch (error) {
		if (!SQLakeError.is(error)) throw error
		throw new SQLakeError('USAGE_INVALID', error.message, { cause: error, hint: error.hint })
	}
}

function refuse(json: string, why = ''): SQLakeError {
	return new SQLakeError('USAGE_INVALID', `--params: expected a JSON array or object, found ${json}${why}`, {
		hint: `write strings in double quotes and the whole in single ones: --params '["ada", 5]', or '{"id": "ada"}' for :id`,
	})
}
