import { defineProject } from 'vitest/config'
import { vendorDuckDB } from '../scripts/vendor-duckdb.ts'

vendorDuckDB()

/** Tests that run in Node: pure code, outside engines, the package itself. */
export default defineProject({
	root: new URL('..', import.meta.url).pathname,
	test: {
		name: 'unit',
		// What a busy machine takes longer for is not wrong.
		testTimeout: 30_000,
		setupFiles: ['tests/support/property-seed.ts'],
		include: ['tests/**/*.test.ts'],
		exclude: ['tests/workers/**', 'tests/analytics-workers/**', 'tests/acceptance/**', 'tests/types/**', '**/node_modules/**'],
	},
})
