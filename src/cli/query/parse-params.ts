import type { WireValue } from '../../driver/transport.ts'
import { messageOf, SQLakeError } from '../../errors.ts'
import { fromJsonValue, parseJson } from '../http/json-values.ts'

/**
 * Values to bind, from a JSON array. A whole number is bound as INTEGER, any other as REAL; `{"$base64": "..."}` is a blob.
 *
 * @throws SQLakeError USAGE_INVALID
 */
export function parseParams(json: string | undefined): readonly WireValue[] {
	if (json === undefined) return []
	let values: unknown
	try {
		values = parseJson(json)
	} catch (cause) {
		throw new SQLakeError('USAGE_INVALID', `--params: expected a JSON array, found ${json}: ${messageOf(cause)}`, { cause, hint })
	}
	if (!Array.isArray(values)) throw new SQLakeError('USAGE_INVALID', `--params: expected a JSON array, found ${json}`, { hint })
	return values.map((value, index) => {
		const bound = fromJsonValue(value, `--params, value ${index + 1}`)
		return typeof bound === 'number' && Number.isSafeInteger(bound) ? BigInt(bound) : bound
	})
}

const hint = `write strings in double quotes and the whole in single ones: --params '["ada", 5]'`
