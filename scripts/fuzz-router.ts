/**
 * The long run of the router's soundness fuzz: `node scripts/fuzz-router.ts --count 100000 --seed 1`.
 *
 * @module
 */
import { parseArgs } from 'node:util'
import { runCampaign } from '../tests/router/fuzz/campaign.ts'

const { values } = parseArgs({
	options: { count: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' } },
	allowPositionals: true,
})
const start = performance.now()
const report = runCampaign({
	count: Number(values.count),
	seed: Number(values.seed),
	onUnsound({ seed, statement, text }) {
		const params = JSON.stringify(statement.params, (_, value) => (typeof value === 'bigint' ? `${value}n` : value))
		console.log(`UNSOUND (world ${seed})\n${statement.sql}\nparameters ${params}\n${text}\n`)
	},
})
console.log({ ...report, seconds: Math.round((performance.now() - start) / 1000) })
process.exitCode = report.unsound === 0 ? 0 : 1
