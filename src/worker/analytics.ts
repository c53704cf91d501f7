/**
 * What the composition root needs of an analytics engine.
 *
 * @module
 */
import type { LakeTransport } from '../driver/transport.ts'
import type { Lake } from '../lake/open-lake.ts'
import type { Observability } from '../observability/observability.ts'
import type { LakeSchema } from '../schema/table-schema.ts'

/** A lake to be queried. */
export interface AnalyticsParts extends Lake {
	readonly schema: LakeSchema
	readonly observability: Observability
}

/** Loads the runtime's analytics engine and opens a lake with it. The engine is one for the isolate. */
export type LoadAnalytics = (parts: AnalyticsParts) => Promise<LakeTransport>
