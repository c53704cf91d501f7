import { SQLakeError, type SQLakeErrorCode, type SQLakeErrorOptions } from '../errors.ts'

/** A code of a {@link MigrationError}. */
export type MigrationErrorCode = Extract<SQLakeErrorCode, `MIGRATION_${string}`>

/**
 * What is wrong with a migration, or went wrong while it was applied or undone. The `code` says which; `details.tag` names the
 * migration where there is one.
 *
 * @example
 * ```ts
 * import { MigrationError } from 'sqlake/do'
 *
 * try {
 *   await object.rollbackMigrations('0003_plans')
 * } catch (error) {
 *   if (error instanceof MigrationError && error.code === 'MIGRATION_IRREVERSIBLE') console.log(error.hint)
 * }
 * ```
 */
export class MigrationError extends SQLakeError {
	declare readonly code: MigrationErrorCode

	constructor(code: MigrationErrorCode, message: string, options: SQLakeErrorOptions = {}) {
		super(code, message, options)
		this.name = 'MigrationError'
	}
}

/** A migration is not what it was: somebody edited it after it had been recorded. The code is `MIGRATION_CHECKSUM`. */
export class ChecksumMismatchError extends MigrationError {
	/** The migration, by the name of its file without `.sql`. */
	readonly tag: string
	/** SHA-256 in hex, as it was recorded. */
	readonly expected: string
	/** SHA-256 in hex, as it is now. */
	readonly found: string

	constructor(mismatch: { tag: string; expected: string; found: string }, options: SQLakeErrorOptions = {}) {
		const { tag, expected, found } = mismatch
		super(
			'MIGRATION_CHECKSUM',
			`migration "${tag}": expected the SQL as it was recorded (SHA-256 ${expected}), found another (${found})`,
			{
				hint: `restore ${tag}.sql, and put the change in a migration of its own`,
				...options,
				details: { ...options.details, ...mismatch },
			},
		)
		this.name = 'ChecksumMismatchError'
		this.tag = tag
		this.expected = expected
		this.found = found
	}
}
