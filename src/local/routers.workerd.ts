/**
 * The routers of Node, in a Worker: they are there by name only, so that code which imports them can be bundled.
 *
 * @module
 */
import { SQLakeError } from '../errors.ts'

/** Needs Node; in a Worker use `WorkerRouter`. */
export class LocalRouter {
	/** @throws SQLakeError RUNTIME_UNSUPPORTED */
	constructor(_options: unknown) {
		throw needsNode('LocalRouter')
	}
}

/**
 * Needs Node; in a Worker use `WorkerRouter`.
 *
 * @throws SQLakeError RUNTIME_UNSUPPORTED
 */
export function createInMemoryRouter(_options: unknown): never {
	throw needsNode('createInMemoryRouter()')
}

function needsNode(name: string): SQLakeError {
	return new SQLakeError('RUNTIME_UNSUPPORTED', `${name}: expected to run in Node, found a Worker`, {
		hint: 'in a Worker use new WorkerRouter(env, { schema }); tests in Node import the same names',
	})
}
