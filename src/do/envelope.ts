/**
 * Answers that keep an error whole over RPC.
 *
 * @module
 */
import type { Envelope } from '../driver/transport.ts'
import { SQLakeError } from '../errors.ts'

/** Runs `call` and packs what it returned or threw. Anything but an SQLakeError becomes `INTERNAL`, with its cause. */
export function envelope<T>(what: string, call: () => T): Envelope<T> {
	try {
		return { ok: true, value: call() }
	} catch (error) {
		return { ok: false, error: SQLakeError.wrap(error, 'INTERNAL', what).toJSON() }
	}
}

/** As {@link envelope}, for a call that is awaited. */
export async function asyncEnvelope<T>(what: string, call: () => Promise<T>): Promise<Envelope<T>> {
	try {
		return { ok: true, value: await call() }
	} catch (error) {
		return { ok: false, error: SQLakeError.wrap(error, 'INTERNAL', what).toJSON() }
	}
}
