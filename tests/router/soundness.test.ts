import { expect, it } from 'vitest'
import { runCampaign } from './fuzz/campaign.ts'

it('gives the same answer on the claimed shards as on all rows', { timeout: 60_000 }, () => {
	const findings: string[] = []
	const report = runCampaign({
		count: 10_000,
		seed: 20_261_123,
		onUnsound: ({ seed, statement, text }) => findings.push(`world ${seed}: ${statement.sql}\n${text}`),
	})
	expect(findings).toEqual([])
	// The run is worth something only if the router claims a good part, and SQLite runs most.
	expect(report.checked).toBeGreaterThan(500)
	expect(report.invalid).toBeLessThan(report.statements / 10)
})
