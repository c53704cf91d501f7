/**
 * Answers that keep an error whole over RPC.
 *
 * @module
 */
import type { Envelope } from '../driver/transport.ts'
import { SQLakeError } from '../errors.ts'

/** Packs what `call` returned or threw. Anything but an SQLakeError becomes `INTERNAL`, with its cause. */
export async function answer<T>(call: () => T | Promise<T>): Promise<Envelope<T>> {
	try {
		return { ok: true, value: await call() }
	} catch (error) {
		return { ok: false, error: SQLakeError.wrap(error, 'INTERNAL', 'the fleet failed').toJSON() }
	}
}

/** What was packed. @throws the error that the other side threw */
export function unpack<T>(envelope: Envelope<T>): T {
	if (envelope.ok) return envelope.value
	throw SQLakeError.fromJSON(envelope.error)
}
