/**
 * Both DuckDBs as the tests of the dialect use them: bare, with the settings and macros that the engines run.
 *
 * @module
 */
import * as api from '@duckdb/node-api'
import { CALLBACKS } from '../../../src/analytics/dialect/callbacks/callbacks.ts'
import { dialectPrelude } from '../../../src/analytics/dialect/prelude.ts'
import { settingStatements } from '../../../src/analytics/engines/duckdb-settings.ts'
import { scalarFunction } from '../../../src/analytics/engines/native/text-function.ts'
import { arrowRows } from '../../../src/analytics/engines/wasm/arrow-result.ts'
import { DuckDBWasm } from '../../../src/analytics/engines/wasm/duckdb-bindings.ts'
import { loadWasmModules } from '../../../src/analytics/engines/wasm/modules.node.ts'
import type { EngineValue } from '../../../src/analytics/query-engine.ts'
import type { DialectEngine } from './parity.ts'

const OPTIONS = { memoryLimitBytes: 512 * 1024 * 1024, threads: 1 }

/** Native DuckDB. */
export async function openNative(): Promise<DialectEngine> {
	const instance = await api.DuckDBInstance.create(':memory:')
	const connection = await instance.connect()
	for (const definition of CALLBACKS.values()) connection.registerScalarFunction(scalarFunction(api, definition))
	for (const statement of [...settingStatements(OPTIONS), ...dialectPrelude({ native: true })]) await connection.run(statement)
	return {
		name: 'native',
		run: async (sql) => void (await connection.run(sql)),
		rows: async (sql) => (await connection.runAndReadAll(sql)).getRows().map((row) => row.map(engineValue)),
		close: () => {
			connection.closeSync()
			instance.closeSync()
		},
	}
}

function engineValue(value: api.DuckDBValue): EngineValue {
	if (value === null || typeof value === 'string') return value
	if (typeof value === 'number') return Number.isNaN(value) ? null : value
	if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value
	if (typeof value === 'object' && 'bytes' in value) return Uint8Array.from(value.bytes as Uint8Array)
	throw new Error(`a result of DuckDB's own types: ${String(value as api.DuckDBDecimalValue)} (${typeof value})`)
}

/** DuckDB-WASM. */
export async function openWasm(): Promise<DialectEngine> {
	const duckdb = await DuckDBWasm.open(await loadWasmModules())
	const connection = duckdb.connect()
	for (const definition of CALLBACKS.values()) duckdb.addFunction(connection, definition)
	for (const statement of [...settingStatements(OPTIONS), ...dialectPrelude({ native: false })]) duckdb.run(connection, statement)
	return {
		name: 'wasm',
		run: async (sql) => void duckdb.run(connection, sql),
		rows: async (sql) => {
			let header = duckdb.start(connection, sql)
			while (header === null) header = duckdb.poll(connection)
			const parts = [header]
			for (;;) {
				const part = duckdb.fetch(connection)
				if (part === null) continue
				if (part.length === 0) break
				parts.push(part)
			}
			return arrowRows(parts).rows
		},
		close: () => duckdb.disconnect(connection),
	}
}
