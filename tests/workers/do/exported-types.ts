/**
 * Every type that the contract names for `sqlake/do`. Nothing here runs: the compiler checks it.
 *
 * @module
 */
export type {
	CDCBufferRecord,
	CDCFlushMetrics,
	CDCFlushOptions,
	CDCFlushResult,
	Migration,
	MigrationManifest,
	MigrationResult,
	SQLakeDOOptions,
	SQLakeWorkerEnv,
} from '../../../src/do.ts'
