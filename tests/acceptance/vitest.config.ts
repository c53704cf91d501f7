import { defineProject } from 'vitest/config'

/** An application written to the documentation, run from the built package: `npm run build` comes first. */
export default defineProject({
	root: new URL('../..', import.meta.url).pathname,
	test: {
		name: 'acceptance',
		include: ['tests/acceptance/**/*.test.ts'],
		testTimeout: 30_000,
	},
})
