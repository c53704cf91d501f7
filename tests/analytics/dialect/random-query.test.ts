import { expect, test } from 'vitest'
import { openNative, openWasm } from './engines.ts'
import { RANDOM_KINDS, type RandomKind, runRandom } from './run-random.ts'

/** More in one go: `node scripts/dialect-parity.ts --random 100000 --seed 7`. */
const seed = Number(process.env.DIALECT_SEED ?? 20_261_123)
const count = Number(process.env.DIALECT_QUERIES ?? 120)

test.each<[engine: string, open: typeof openNative, kind: RandomKind, salt: number]>([
	['native DuckDB', openNative, 'functions', 1],
	['DuckDB-WASM', openWasm, 'functions', 2],
	['native DuckDB', openNative, 'arithmetic', 3],
	['DuckDB-WASM', openWasm, 'arithmetic', 4],
])(
	'random queries on %s have the answer of SQLite or are refused',
	async (_, open, kind, salt) => {
		const engine = await open()
		const { counts, wrong } = await runRandom(engine, { kind, seed: seed + salt, count })
		expect(wrong).toEqual([])
		expect(counts.equal).toBeGreaterThan(count * 0.85)
		engine.close()
	},
	Math.max(60_000, count * 100),
)

test('there are random queries of each kind', () => {
	expect(Object.keys(RANDOM_KINDS)).toEqual(['functions', 'arithmetic'])
})
