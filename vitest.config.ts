import { defineConfig } from 'vitest/config'

export default defineConfig({
	test: {
		// Vitest leaves one core to whoever looks on: of two it would use one.
		maxWorkers: '100%',
		projects: [
			'./tests/vitest.config.ts',
			'./tests/workers/vitest.config.ts',
			'./tests/analytics-workers/vitest.config.ts',
			'./tests/acceptance/vitest.config.ts',
		],
	},
})
