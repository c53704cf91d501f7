/**
 * Failures of functions that the engine calls back. Both engines pass nothing on but the message.
 *
 * @module
 */

/** Before a message of SQLite's own. */
export const SQLITE_FAILURE = 'sqlite: '

/** Before the name of what the lake cannot answer. */
export const DIALECT_FAILURE = 'sqlake: '

/** The failure that SQLite would report as well. */
export function sqliteFailure(message: string): Error {
	return new Error(`${SQLITE_FAILURE}${message}`)
}

/** The failure for a value that has no equal on the lake. */
export function dialectFailure(construct: string): Error {
	return new Error(`${DIALECT_FAILURE}${construct}`)
}
