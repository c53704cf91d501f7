import type { Migratables } from './migratable.ts'

/** A number of databases in words: `1 shard`, `3 shards`. */
export function countOf(count: number, kind: Migratables['kind']): string {
	const noun = kind === 'shards' ? 'shard' : 'file'
	return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** Names of many databases, the first of them; all where `all` is set. */
export function namesOf(names: readonly string[], all: boolean): string {
	const shown = all ? names : names.slice(0, 5)
	const more = names.length - shown.length
	return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
