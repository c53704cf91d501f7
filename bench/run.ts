/**
 * Runs the benchmarks and prints each as a ratio to the bare alternative.
 *
 *     npm run bench                        all of them
 *     npm run bench -- --only flush        those whose suite is named
 *     npm run bench -- --json results.json also writes a list of { name, ours, baseline, ratio, unit }
 *     npm run bench -- --runs              also prints the figures of each run
 */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { createTestHarness } from 'wrangler'
import { aims } from './aims.ts'
import { groupBySuite } from './group-by.ts'
import { type BenchResult, type BenchRuns, summarize } from './result.ts'
import { sumsSuite } from './sums.ts'

const { values: options } = parseArgs({
	options: { json: { type: 'string' }, only: { type: 'string', multiple: true }, runs: { type: 'boolean' } },
})

// Miniflare would ask the network where it is.
process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= 'false'

const suites: Readonly<Record<string, () => Promise<Record<string, BenchRuns>>>> = {
	capture: () => inWorkerd('capture'),
	flush: () => inWorkerd('flush'),
	fleet: () => inWorkerd('fleet'),
	'point-read': () => inWorkerd('point-read'),
	'group-by': groupBySuite,
	sums: sumsSuite,
}

/** Runs a suite of the bench Worker, in a workerd of its own that nothing else disturbs. */
async function inWorkerd(suite: string): Promise<Record<string, BenchRuns>> {
	const server = createTestHarness({ root: import.meta.dirname, workers: [{ configPath: './worker/wrangler.jsonc' }] })
	await server.listen()
	try {
		const response = await server.fetch(`/${suite}`)
		const text = await response.text()
		if (!response.ok) throw new Error(`${suite}: ${response.status} ${text.slice(0, 2_000)}`)
		return JSON.parse(text)
	} finally {
		await server.close()
	}
}

function print({ name, ours, baseline, ratio, unit }: BenchResult): void {
	const aim = aims[name]
	const verdict = aim === undefined ? '' : aim.met({ ours, ratio }) ? `  aim ${aim.text}: met` : `  aim ${aim.text}: MISSED`
	console.log(`${name.padEnd(22)}${figure(ours)}${figure(baseline)}${ratio.toFixed(2).padStart(8)}  ${unit.padEnd(20)}${verdict}`)
}

function figure(value: number): string {
	return (value < 1_000 ? value.toFixed(2) : Math.round(value).toLocaleString('en-US')).padStart(12)
}

function rounded(value: number): number {
	return Number(value.toPrecision(3))
}

const results: BenchResult[] = []
console.log(`${''.padEnd(22)}${'ours'.padStart(12)}${'baseline'.padStart(12)}${'ratio'.padStart(8)}`)
for (const [suite, run] of Object.entries(suites)) {
	if (options.only !== undefined && !options.only.includes(suite)) continue
	for (const [name, runs] of Object.entries(await run())) {
		const result = summarize(name, runs)
		results.push(result)
		print(result)
		if (options.runs) console.log(`    ours ${runs.ours.map(rounded)}  baseline ${runs.baseline.map(rounded)}`)
		for (const [detail, value] of Object.entries(runs.details ?? {})) console.log(`    ${detail.padEnd(18)}${figure(value)}`)
	}
}
if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(results, null, '\t')}\n`)
