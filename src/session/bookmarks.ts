/**
 * Which write a result came from.
 *
 * @module
 */
import type { Bookmark } from '../cdc/change-batch.ts'

const bookmarks = new WeakMap<object, Bookmark>()

/**
 * The bookmark of the write that gave a result: the rows of `returning()`, one such row, the answer of a batch, or a
 * `RunResult`. Undefined where the statement changed nothing, or capture is off.
 *
 * @example
 * ```ts
 * import { bookmarkOf } from 'sqlake'
 *
 * const rows = await db.insert(users).values({ id: 'user-1' }).returning()
 * const bookmark = bookmarkOf(rows)
 * if (bookmark) await db.causal(bookmark).select().from(users)
 * ```
 */
export function bookmarkOf(result: unknown): Bookmark | undefined {
	return typeof result === 'object' && result !== null ? bookmarks.get(result) : undefined
}

/** Remembers the bookmark of a result, which stays as it is. */
export function withBookmark<T>(result: T, bookmark: Bookmark | null): T {
	if (bookmark !== null && typeof result === 'object' && result !== null) bookmarks.set(result, bookmark)
	return result
}
