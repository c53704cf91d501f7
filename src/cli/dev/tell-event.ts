/**
 * Events of a dev server in words, and as JSON.
 *
 * @module
 */
import { messageOf, SQLakeError } from '../../errors.ts'
import { errorBody } from '../http/reply.ts'
import type { DevEvent } from './dev-events.ts'

/** An event in words. */
export interface ToldEvent {
	readonly text: string
	readonly hint?: string
	/** Whether somebody should do something about it. */
	readonly warning: boolean
}

/** @returns null for what only those want to know who said `--verbose` */
export function eventText(event: DevEvent, verbose: boolean): ToldEvent | null {
	switch (event.event) {
		case 'request': {
			const { method, path, status, durationMs, error } = event
			if (!verbose && status < 500) return null
			const why = error === undefined ? '' : `: ${messageOf(error)}`
			return { text: `${method} ${path} ${status} ${durationMs} ms${why}`, warning: status >= 500 }
		}
		case 'flush':
			return verbose
				? { text: `delivered ${count(event.changes, 'change')} in ${count(event.files, 'file')}`, warning: false }
				: null
		case 'reload':
			return reloadText(event, verbose)
		case 'kept':
			return {
				text: `${messageOf(event.error)}\nwhat was served before goes on`,
				warning: true,
				...(SQLakeError.is(event.error) ? { hint: event.error.hint } : {}),
			}
		case 'problem':
			return { text: event.message, warning: true }
	}
}

/** An event as a line of JSON holds it. */
export function eventJson(event: DevEvent): Readonly<Record<string, unknown>> {
	const { error, ...rest } = { error: undefined, ...event }
	return error === undefined ? rest : { ...rest, ...errorBody(error) }
}

function reloadText(event: Extract<DevEvent, { event: 'reload' }>, verbose: boolean): ToldEvent | null {
	const { changed, migrations, shards, failures, durationMs } = event
	if (!changed) return verbose ? { text: 'loaded the project again: nothing changed', warning: false } : null
	const what = migrations.length === 0 ? 'the schema changed' : `applied ${migrations.join(', ')}`
	const text = `reloaded: ${what}; ${count(shards, 'shard')} went along, ${durationMs} ms`
	if (failures.length === 0) return { text, warning: false }
	const [first] = failures
	return { text: `${text}\n${count(failures.length, 'shard')} did not: ${first}`, warning: true }
}

function count(n: number, noun: string): string {
	return `${n} ${noun}${n === 1 ? '' : 's'}`
}
