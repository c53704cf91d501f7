import { describe, expect, it } from 'vitest'
import * as door from '../../../src/do.ts'

describe('sqlake/do', () => {
	it('exports what it documents', () => {
		expect(Object.keys(door).toSorted()).toEqual([
			'CDCFlushErrorTracker',
			'ChecksumMismatchError',
			'LocalResult',
			'MigrationError',
			'MigrationRunner',
			'SQLakeCatalog',
			'SQLakeDO',
			'computeChecksum',
			'createMigrationManifest',
			'fetchMigrationManifest',
			'flushCDCToR2',
			'flushCDCToR2WithIceberg',
			'openLake',
		])
	})
})
