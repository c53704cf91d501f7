import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runDamageCampaign } from '../support/lake-damage.ts'
import { testSeed } from '../support/test-seed.ts'

it('answers as before or names the file, whatever becomes of one file of the lake', { timeout: 120_000 }, async () => {
	const seed = testSeed('damaged lakes, of which scripts/fuzz-lake.ts makes more')
	const directory = await mkdtemp(join(tmpdir(), 'damaged-lake-'))
	try {
		const report = await runDamageCampaign({ count: 40, seed, directory })
		expect(report.findings).toEqual([])
		expect(report.named).toBeGreaterThan(0)
	} finally {
		await rm(directory, { recursive: true, force: true })
	}
})
