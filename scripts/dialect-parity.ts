/**
 * Runs a sample of sqllogictest on SQLite and on DuckDB and counts the answers.
 *
 * Usage: node scripts/dialect-parity.ts [--engine native|wasm] [--every n] [sample.json.gz]
 */
import { parseArgs } from 'node:util'
import { openNative, openWasm } from '../tests/analytics/dialect/engines.ts'
import { type Outcome, ParityDatabase } from '../tests/analytics/dialect/parity.ts'
import { readSqllogictest, SAMPLE } from '../tests/analytics/dialect/sqllogictest.ts'

const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: { engine: { type: 'string', default: 'native' }, every: { type: 'string', default: '1' } },
})
const engine = values.engine === 'wasm' ? await openWasm() : await openNative()
const counts: Record<Outcome['kind'], number> = { equal: 0, invalid: 0, refused: 0, wrong: 0 }
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
console.log(JSON.stringify({ engine: engine.name, ...counts }))
