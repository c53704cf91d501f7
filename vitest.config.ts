import { defineConfig } from 'vitest/config'

export default defineConfig({
	test: {
		projects: [
			'./tests/vitest.config.ts',
			'./tests/workers/vitest.config.ts',
			'./tests/analytics-workers/vitest.config.ts',
			'./tests/acceptance/vitest.config.ts',
		],
	},
})
