/**
 * Runs a sample of sqllogictest, or random queries, on SQLite and on DuckDB and counts the answers.
 *
 * Usage: node scripts/dialect-parity.ts [--engine native|wasm] [--every n] [sample.json.gz]
 *        node scripts/dialect-parity.ts [--engine native|wasm] --random count [--seed n] [--kind functions|arithmetic]
 */
import { parseArgs } from 'node:util'
import { openNative, openWasm } from '../tests/analytics/dialect/engines.ts'
import { type DialectEngine, type Outcome, ParityDatabase } from '../tests/analytics/dialect/parity.ts'
import { RANDOM_KINDS, type RandomKind, runRandom } from '../tests/analytics/dialect/run-random.ts'
import { readSqllogictest, SAMPLE } from '../tests/analytics/dialect/sqllogictest.ts'

/** Queries on one database: the engine keeps some memory of each. */
const RANDOM_BATCH = 2_000

const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: {
		engine: { type: 'string', default: 'native' },
		every: { type: 'string', default: '1' },
		random: { type: 'string' },
		seed: { type: 'string', default: '1' },
		kind: { type: 'string' },
	},
})
const open = () => (values.engine === 'wasm' ? openWasm() : openNative())
const counts: Record<Outcome['kind'], number> = { equal: 0, invalid: 0, refused: 0, wrong: 0 }

if (values.random === undefined) await runSample(await open())
else await runRandomQueries(Number(values.random), Number(values.seed))
console.log(JSON.stringify({ engine: values.engine, ...counts }))

async function runSample(engine: DialectEngine): Promise<void> {
	for (const { file, setup, q } of readSqllogictest(positionals[0] ?? SAMPLE)) {
		const database = await ParityDatabase.open(engine, setup)
		for (const [index, [sql]] of q.entries()) {
			if (index % Number(values.every) !== 0) continue
			const outcome = await database.compare({ sql, ordered: false })
			counts[outcome.kind] += 1
			if (outcome.kind === 'refused' || outcome.kind === 'wrong')
				console.log(`${outcome.kind}\t${file}\t${sql}\n\t${outcome.message}`)
		}
		await database.close()
	}
	engine.close()
}

async function runRandomQueries(count: number, firstSeed: number): Promise<void> {
	const kinds = (Object.keys(RANDOM_KINDS) as RandomKind[]).filter((kind) => values.kind === undefined || values.kind === kind)
	for (let done = 0, seed = firstSeed; done < count; done += RANDOM_BATCH, seed++) {
		for (const kind of kinds) {
			const engine = await open()
			const result = await runRandom(engine, { kind, seed, count: Math.min(RANDOM_BATCH, count - done) })
			engine.close()
			for (const key of Object.keys(counts) as Outcome['kind'][]) counts[key] += result.counts[key]
			for (const { query, message } of result.wrong) console.log(`wrong\t${kind} ${seed}\t${query}\n\t${message}`)
		}
	}
}
