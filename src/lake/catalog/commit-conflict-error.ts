import { SQLakeError } from '../../errors.ts'

/**
 * A commit lost against others more often than it may be retried. Nothing was committed.
 *
 * @example
 * ```ts
 * try {
 *   await catalog.commit(request)
 * } catch (error) {
 *   if (SQLakeError.is(error, 'COMMIT_CONFLICT')) console.log('try again later')
 * }
 * ```
 */
export class CommitConflictError extends SQLakeError {
	/** @param attempts How often it was tried. */
	constructor(attempts: number) {
		super('COMMIT_CONFLICT', `commit: expected to win the swap of the lake's pointer within ${attempts} attempts, lost all`, {
			hint: 'Many writers share one pointer; bind the catalog Durable Object as SQLAKE_CATALOG, which queues them.',
			details: { attempts },
		})
		this.name = 'CommitConflictError'
	}
}
