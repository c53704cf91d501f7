/**
 * Values of SQLite with their storage class kept.
 *
 * @module
 */

/**
 * Text that is not valid UTF-8. SQLite stores such text as it comes, JavaScript strings cannot hold it.
 */
export class TextBytes {
	readonly bytes: Uint8Array
	constructor(bytes: Uint8Array) {
		this.bytes = bytes
	}
}

/**
 * One SQLite value with its storage class kept: bigint is INTEGER, number is REAL, string is TEXT, {@link TextBytes} is TEXT
 * that is not UTF-8, Uint8Array is BLOB, null is NULL.
 */
export type SqlValue = bigint | number | string | TextBytes | Uint8Array | null
