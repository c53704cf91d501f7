import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runDamageCampaign } from '../support/lake-damage.ts'

it('answers as before or names the file, whatever becomes of one file of the lake', { timeout: 120_000 }, async () => {
	const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31))
	console.log(`damaged lakes: seed ${seed}; scripts/fuzz-lake.ts runs more of them`)
	const directory = await mkdtemp(join(tmpdir(), 'damaged-lake-'))
	try {
		const report = await runDamageCampaign({ count: 40, seed, directory })
		expect(report.findings).toEqual([])
		expect(report.named).toBeGreaterThan(0)
	} finally {
		await rm(directory, { recursive: true, force: true })
	}
})
