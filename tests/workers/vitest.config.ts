import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineProject } from 'vitest/config'

/** Tests that run in workerd, on real Durable Object SQLite and local R2. */
export default defineProject({
	root: new URL('../..', import.meta.url).pathname,
	plugins: [cloudflareTest({ wrangler: { configPath: './tests/workers/wrangler.jsonc' } })],
	test: {
		name: 'workers',
		testTimeout: 30_000,
		setupFiles: ['tests/support/property-seed.ts'],
		include: ['tests/workers/**/*.test.ts'],
	},
})
