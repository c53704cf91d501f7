/**
 * The long run of the fuzz of damaged lakes: `node scripts/fuzz-lake.ts --count 1000 --flips`. Without `--seed` it takes a random
 * one and prints it.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runDamageCampaign } from '../tests/support/lake-damage.ts'

const { values } = parseArgs({
	options: { count: { type: 'string', default: '1000' }, seed: { type: 'string' }, flips: { type: 'boolean', default: false } },
})
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
console.log(`seed ${seed}`)
const start = performance.now()
const directory = await mkdtemp(join(tmpdir(), 'damaged-lake-'))
try {
	const { findings, ...report } = await runDamageCampaign({
		count: Number(values.count),
		seed,
		directory,
		flipsOnly: values.flips,
		onFinding: (finding) => console.log(finding),
	})
	console.log({ ...report, findings: findings.length, seconds: Math.round((performance.now() - start) / 1000) })
	process.exitCode = findings.length === 0 ? 0 : 1
} finally {
	await rm(directory, { recursive: true, force: true })
}
