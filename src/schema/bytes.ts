/**
 * Bytes of a view. What lies around them in the view's buffer may be anybody's: a Node `Buffer` is a view of a pool that the whole
 * process writes to, and its `slice()`, other than that of a `Uint8Array`, does not copy.
 *
 * @module
 */

/** A buffer, or a view that shows some of one: a typed array, a `Buffer` or a `DataView`. */
export type Bytes = ArrayBuffer | ArrayBufferView

/**
 * Whether a value is bytes that can be kept, whatever realm it is of. Shared memory is not, as it may change while it is read, and
 * neither is a buffer that was given away to another thread.
 */
export function isBytes(value: unknown): value is Bytes {
	const buffer = ArrayBuffer.isView(value) ? value.buffer : value
	return isArrayBuffer(buffer) && !buffer.detached
}

/** The bytes that are shown, where they are. */
export function viewBytes(bytes: Bytes): Uint8Array {
	return ArrayBuffer.isView(bytes) ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : new Uint8Array(bytes)
}

/** A copy of the bytes that are shown, or of those from `start` to `end`, in a buffer that holds nothing else. */
export function copyBytes(bytes: Bytes, start?: number, end?: number): Uint8Array<ArrayBuffer> {
	return viewBytes(bytes).slice(start, end)
}

/** A buffer that holds the bytes that are shown and nothing else: the one behind them where it does, else that of a copy. */
export function exactBuffer(bytes: Bytes): ArrayBuffer {
	const { buffer, byteLength } = viewBytes(bytes)
	return isArrayBuffer(buffer) && byteLength === buffer.byteLength ? buffer : copyBytes(bytes).buffer
}

function isArrayBuffer(value: unknown): value is ArrayBuffer {
	return Object.prototype.toString.call(value) === '[object ArrayBuffer]'
}
