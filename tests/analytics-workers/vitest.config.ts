import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineProject } from 'vitest/config'
import { vendorDuckDB } from '../../scripts/vendor-duckdb.ts'

vendorDuckDB()

/** Lake queries in workerd, on DuckDB-WASM. One file, so that the module is loaded once: that takes most of the time. */
export default defineProject({
	root: new URL('../..', import.meta.url).pathname,
	plugins: [cloudflareTest({ wrangler: { configPath: './tests/analytics-workers/wrangler.jsonc' } })],
	test: {
		name: 'analytics-workers',
		include: ['tests/analytics-workers/**/*.test.ts'],
		testTimeout: 30_000,
		setupFiles: ['tests/support/property-seed.ts'],
	},
})
