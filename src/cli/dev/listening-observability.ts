import { createObservability } from '../../observability/create-observability.ts'
import type { Logger, Metrics, Observability } from '../../observability/observability.ts'
import type { DevListener } from './dev-events.ts'

/** Turns what shards report about their deliveries into events. */
export function listeningObservability(onEvent: DevListener): Observability {
	let changes = 0
	const problem = (message: string) => onEvent({ event: 'problem', message })
	const logger: Logger = { debug: () => {}, info: () => {}, warn: problem, error: problem }
	const metrics: Metrics = {
		count: (name, value) => {
			// A shard reports its changes, then its files.
			if (name === 'sqlake.flush.changes') changes = value
			if (name === 'sqlake.flush.files') onEvent({ event: 'flush', changes, files: value })
		},
		gauge: () => {},
		record: () => {},
	}
	return createObservability({ logger, metrics })
}
