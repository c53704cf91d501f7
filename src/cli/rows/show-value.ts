import type { WireValue } from '../../driver/transport.ts'

/** Bytes of a blob that a table shows. */
const SHOWN_BYTES = 16

/** What would move a terminal's cursor, or colour what follows. */
const CONTROL = /\p{Cc}/gu

/** A value for a person: a long blob by its beginning and its length, control characters by their escapes. */
export function showValue(value: WireValue): string {
	if (value === null) return 'NULL'
	if (typeof value === 'string') return value.replace(CONTROL, escaped)
	if (typeof value !== 'object') return Object.is(value, -0) ? '-0' : String(value)
	const bytes = bytesOf(value)
	if (bytes.length <= SHOWN_BYTES) return blobLiteral(bytes)
	return `${blobLiteral(bytes.subarray(0, SHOWN_BYTES)).slice(0, -1)}…' (${bytes.length} bytes)`
}

/** Bytes as SQL writes them: `x'0a1b'`. */
export function blobLiteral(value: Uint8Array | ArrayBuffer): string {
	const bytes = bytesOf(value)
	return `x'${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}'`
}

function bytesOf(value: Uint8Array | ArrayBuffer): Uint8Array {
	return value instanceof ArrayBuffer ? new Uint8Array(value) : value
}

function escaped(character: string): string {
	const short: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }
	return short[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
}
