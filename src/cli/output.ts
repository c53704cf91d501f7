/**
 * Results on stdout: tables, JSON, CSV and lines of JSON, written as rows come.
 *
 * @module
 */
import { once } from 'node:events'
import type { Writable } from 'node:stream'

/** Writes, and waits while the reader is slower. */
export async function write(stream: Writable, text: string): Promise<void> {
	if (!stream.write(text)) await once(stream, 'drain')
}

/** A document for a program, indented. Values that JSON lacks are shown by {@link jsonValue}. */
export function jsonText(value: unknown): string {
	return JSON.stringify(value, (_, member: unknown) => jsonValue(member), 2)
}

/**
 * A value as JSON can hold it: a bigint as a number where that is exact, else as its digits; bytes as `{ "$base64": ... }`; a map as
 * an object; an infinite number as text.
 */
export function jsonValue(value: unknown): unknown {
	if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
	if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
	if (value instanceof ArrayBuffer) return base64(new Uint8Array(value))
	// A Buffer has become an object by its own toJSON() here; other bytes have not.
	if (ArrayBuffer.isView(value)) return base64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
	if (value instanceof Map) return Object.fromEntries(value)
	return value
}

function base64(bytes: Uint8Array): { readonly $base64: string } {
	return { $base64: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64') }
}
