/**
 * What the dialect costs: rewriting a query, and running the rewritten query against the same one written by hand for DuckDB.
 *
 * Usage: node bench/dialect.ts [rows]
 */
import * as api from '@duckdb/node-api'
import type { DialectTable } from '../src/analytics/dialect/dialect-table.ts'
import { rewriteQuery } from '../src/analytics/dialect/rewrite-query.ts'
import { settingStatements } from '../src/analytics/engines/duckdb-settings.ts'
import { scalarFunction } from '../src/analytics/engines/native/text-function.ts'
import { parseSQL } from '../src/router/parse-sql.ts'

const rows = Number(process.argv[2] ?? 2_000_000)
const RUNS = 5

const events: DialectTable = {
	name: 'events',
	rowid: 'id',
	primaryKey: ['id'],
	columns: [
		{ name: 'id', affinity: 'INTEGER', kind: 'integer' },
		{ name: 'moment', affinity: 'INTEGER', kind: 'integer' },
		{ name: 'iso', affinity: 'TEXT', kind: 'text' },
		{ name: 'name', affinity: 'TEXT', kind: 'text' },
		{ name: 'amount', affinity: 'REAL', kind: 'real' },
		{ name: 'qty', affinity: 'INTEGER', kind: 'integer' },
		{ name: 'doc', affinity: 'TEXT', kind: 'text' },
	],
}

const pairs: readonly { readonly name: string; readonly sqlite: string; readonly duckdb: string }[] = [
	{
		name: "LIKE '%x%'",
		sqlite: "SELECT count(*) FROM events WHERE name LIKE '%7x%'",
		duckdb: "SELECT count(*) FROM events WHERE name ILIKE '%7x%'",
	},
	{
		name: 'month groups of unix seconds',
		sqlite: "SELECT strftime('%Y-%m', moment, 'unixepoch') AS m, count(*) FROM events GROUP BY m",
		duckdb: "SELECT strftime(make_timestamp(moment * 1000000), '%Y-%m') AS m, count(*) FROM events GROUP BY m",
	},
	{
		name: 'month groups of ISO text',
		sqlite: "SELECT strftime('%Y-%m', iso) AS m, count(*) FROM events GROUP BY m",
		duckdb: "SELECT strftime(CAST(iso AS TIMESTAMP), '%Y-%m') AS m, count(*) FROM events GROUP BY m",
	},
	{
		name: 'comparison of json_extract()',
		sqlite: "SELECT count(*) FROM events WHERE json_extract(doc, '$.n') > 500",
		duckdb: "SELECT count(*) FROM events WHERE CAST(json_extract(doc, '$.n') AS BIGINT) > 500",
	},
	{
		name: "groups of ->> 'kind'",
		sqlite: "SELECT doc ->> 'kind' AS k, count(*) FROM events GROUP BY k",
		duckdb: "SELECT doc ->> 'kind' AS k, count(*) FROM events GROUP BY k",
	},
	{ name: 'round', sqlite: 'SELECT sum(round(amount, 2)) FROM events', duckdb: 'SELECT sum(round(amount, 2)) FROM events' },
	{
		name: 'integer division',
		sqlite: 'SELECT qty / 7 AS k, count(*) FROM events GROUP BY k',
		duckdb: 'SELECT qty // 7 AS k, count(*) FROM events GROUP BY k',
	},
	{
		name: 'sum of a product',
		sqlite: 'SELECT sum(amount * qty) FROM events WHERE qty > 3',
		duckdb: 'SELECT sum(amount * qty) FROM events WHERE qty > 3',
	},
]

const connection = await (await api.DuckDBInstance.create(':memory:')).connect()
for (const statement of settingStatements({ memoryLimitBytes: 2 ** 31, threads: 2 })) await connection.run(statement)
await connection.run(`CREATE TABLE events AS SELECT i AS id, 1600000000 + (i * 7919) % 150000000 AS moment,
	strftime(make_timestamp((1600000000 + (i * 7919) % 150000000) * 1000000), '%Y-%m-%dT%H:%M:%S.000Z') AS iso,
	'Name ' || (i * 31 % 1000) || 'X' || (i % 17) AS name, (i * 37 % 100000) / 7.0e0 AS amount, CAST(i % 1000 AS BIGINT) AS qty,
	'{"id":' || i || ',"kind":"' || CASE i % 3 WHEN 0 THEN 'order' WHEN 1 THEN 'refund' ELSE 'note' END || '","n":' || (i * 7) % 1000 || ',"tags":["a","b"]}' AS doc FROM range(${rows}) t(i)`)

function rewrite(sql: string) {
	const parsed = parseSQL(sql)
	if (parsed.statement.type !== 'SelectStmt') throw new Error(`no SELECT: ${sql}`)
	return rewriteQuery({ parsed, select: parsed.statement.body, params: [], tables: [events], now: Date.now(), native: true })
}

async function median(sql: string): Promise<number> {
	const times: number[] = []
	for (let i = 0; i < RUNS; i++) {
		const start = performance.now()
		await connection.runAndReadAll(sql)
		times.push(performance.now() - start)
	}
	return times.toSorted((a, b) => a - b)[Math.floor(RUNS / 2)] ?? 0
}

const registered = new Set<string>()
for (const { name, sqlite, duckdb } of pairs) {
	const { sql, macros, functions } = rewrite(sqlite)
	for (const definition of functions) {
		if (registered.has(definition.name)) continue
		registered.add(definition.name)
		connection.registerScalarFunction(scalarFunction(api, definition))
	}
	for (const macro of macros) await connection.run(macro)
	const [ours, theirs] = [await median(sql), await median(duckdb)]
	console.log(`${name}: ${ours.toFixed(0)} ms rewritten, ${theirs.toFixed(0)} ms by hand, ratio ${(ours / theirs).toFixed(2)}`)
}

const texts = Array.from({ length: 2_000 }, (_, i) => `${pairs[i % pairs.length]?.sqlite} /* ${i} */`)
for (const text of texts.slice(0, 500)) rewrite(text)
const start = performance.now()
for (const text of texts.slice(500)) rewrite(text)
console.log(`rewriting: ${(((performance.now() - start) / 1_500) * 1_000).toFixed(0)} µs a query, parsing included`)
connection.closeSync()
