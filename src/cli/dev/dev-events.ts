/**
 * What a dev server has to tell.
 *
 * @module
 */
import type { DeliveryResult } from '../../delivery/delivery.ts'
import type { RequestLog } from '../http/local-server.ts'

/** Something that happened. */
export type DevEvent =
	| ({ readonly event: 'request' } & RequestLog)
	/** Changes were delivered by themselves, or because somebody asked. */
	| ({ readonly event: 'flush' } & Pick<DeliveryResult, 'changes' | 'files'>)
	/** The project was loaded anew. */
	| {
			readonly event: 'reload'
			/** False where it is what it was. */
			readonly changed: boolean
			/** Tags of the migrations that are new. */
			readonly migrations: readonly string[]
			/** Shards that went along. */
			readonly shards: number
			/** Why others did not. */
			readonly failures: readonly string[]
			readonly durationMs: number
	  }
	/** The project changed, and what was served before goes on. */
	| { readonly event: 'kept'; readonly error: unknown }
	/** Something went wrong that nobody's request waits for. */
	| { readonly event: 'problem'; readonly message: string }

/** Is told what happens. */
export type DevListener = (event: DevEvent) => void
