import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evolveTable, newTable } from '../../src/lake/catalog/evolve-table.ts'
import { tableEvolutions } from '../../src/lake/change-table.ts'
import { addSnapshot } from '../../src/lake/iceberg/table-metadata.ts'
import {
	appendToSchemaLog,
	decodeSchemaLog,
	encodeSchemaLog,
	MAX_SCHEMA_LOG_LENGTH,
	type SchemaLogEntry,
	schemaAt,
	schemaLogOf,
} from '../../src/lake/schema-log.ts'
import type { TableSchema } from '../../src/schema/table-schema.ts'
import { lakeWith, tableAt, type VersionColumn } from '../analytics/support/versions.ts'
import { sampleKinds } from './parquet/sample.ts'

const column: fc.Arbitrary<VersionColumn> = fc.tuple(
	fc.integer({ min: 101, max: 112 }),
	fc.string({ minLength: 1 }),
	fc.constantFrom(...sampleKinds),
)
const columns = fc.uniqueArray(column, {
	minLength: 1,
	selector: ([id]) => id,
	comparator: (a, b) => a === b,
})

const table: fc.Arbitrary<TableSchema> = fc
	.tuple(fc.nat(9), columns, fc.constantFrom('users', 'people'), fc.nat(3), fc.option(fc.nat(3)), fc.boolean())
	.map(([version, list, name, key, shardKey, notNull]) => {
		const distinct = list.filter(([, column], i) => list.findIndex(([, other]) => other === column) === i)
		const base = { ...tableAt(0, distinct, name), version }
		const named = (n: number) => base.columns.slice(0, n).map((each) => each.name)
		return {
			...base,
			columns: base.columns.map((each, i) => ({ ...each, notNull: notNull && i % 2 === 0, generated: i % 3 === 2 })),
			primaryKey: named(key),
			shardKey: shardKey === null ? null : named(shardKey),
		}
	})

describe('the log of schemas', () => {
	it('gives back what it was given, whatever changes from one schema to the next', () => {
		fc.assert(
			fc.property(fc.array(table, { maxLength: 8 }), (tables) => {
				const log = tables.map((each, i): SchemaLogEntry => ({ schemaId: i, since: i * 10, table: each }))
				expect(decodeSchemaLog(encodeSchemaLog(log))).toEqual(log)
			}),
			{ numRuns: 300 },
		)
	})

	it('tells the schema of a moment, the first one for any before', () => {
		const log = [10, 20, 20, 30].map(
			(since, schemaId): SchemaLogEntry => ({ schemaId, since, table: tableAt(1, [[101, 'id', 'text']]) }),
		)
		expect([5, 10, 19, 20, 29, 30, 99].map((moment) => schemaAt(log, moment)?.schemaId)).toEqual([0, 0, 0, 2, 2, 3, 3])
		expect(schemaAt([], 5)).toBeUndefined()
	})

	it('never goes back in time, whatever the clocks say', () => {
		const entry = (since: number): SchemaLogEntry => ({ schemaId: 1, since, table: tableAt(1, [[101, 'id', 'text']]) })
		const log = decodeSchemaLog(appendToSchemaLog(encodeSchemaLog([entry(20)]), entry(10), () => true))
		expect(log.map(({ since }) => since)).toEqual([20, 20])
	})

	it('names the property where it does not decode', () => {
		for (const text of ['{', '[{"s":1,"t":2,"v":3,"o":[101]}]']) {
			expect(() => decodeSchemaLog(text)).toThrow(
				expect.objectContaining({ code: 'LAKE_CORRUPT', message: expect.stringContaining('sqlake.schema-log') }),
			)
		}
	})
})

/** The version `n` of a table of 90 columns, of which each version renames one and replaces another. */
function wide(n: number): TableSchema {
	const all = Array.from({ length: 90 }, (_, i): VersionColumn => {
		const replaced = i < 45 ? 0 : Math.floor((n + 90 - i) / 45)
		const renamed = i >= 45 ? 0 : Math.floor((n + 45 - i) / 45)
		return [101 + i + replaced * 90, `a rather long name of column ${i} ${renamed}`, i % 2 === 0 ? 'text' : 'integer']
	})
	return tableAt(n + 1, [[10_000, 'id', 'text'], ...all])
}

describe('a thousand schemas of 90 columns', () => {
	const entryOf = (n: number): SchemaLogEntry => ({ schemaId: n, since: n * 1000, table: wide(n) })

	it('take a quarter of a megabyte at most, and those go first that no snapshot was written under', () => {
		let text = encodeSchemaLog(Array.from({ length: 1000 }, (_, n) => entryOf(n)))
		expect(text.length).toBeLessThan(MAX_SCHEMA_LOG_LENGTH)
		const needed = new Set([5, 300])
		for (let n = 1000; n < 1300; n += 20) text = appendToSchemaLog(text, entryOf(n), ({ schemaId }) => needed.has(schemaId))
		expect(text.length).toBeLessThanOrEqual(MAX_SCHEMA_LOG_LENGTH)
		const log = decodeSchemaLog(text)
		for (const n of [...needed, 900, 999, 1000, 1280]) expect(log.find(({ schemaId }) => schemaId === n)).toEqual(entryOf(n))
		expect(log.some(({ schemaId }) => schemaId === 6)).toBe(false)
	})

	it('leave the metadata when no snapshot names them, but for the newest; ids are not given out again', () => {
		const evolutionOf = (n: number) => {
			const [evolution] = tableEvolutions(lakeWith(wide(n)))
			if (evolution === undefined) throw new Error('no table')
			return evolution
		}
		const place = { tableLocation: 's3://lake/metadata/users_changes', lakeLocation: 's3://lake' }
		let metadata = newTable(evolutionOf(0), { now: 0, since: 0, ...place })
		for (let n = 1; n <= 60; n++) {
			metadata = evolveTable(metadata, evolutionOf(n), { now: n * 1000, since: n * 1000 })
			if (n % 20 !== 0) continue
			metadata = addSnapshot(metadata, {
				'snapshot-id': n,
				'sequence-number': n,
				'timestamp-ms': n * 1000,
				'manifest-list': 'list',
				summary: { operation: 'append' },
				'schema-id': metadata['current-schema-id'],
			})
		}
		const ids = metadata.schemas.map((schema) => schema['schema-id'])
		expect(ids).toEqual([20, 40, ...Array.from({ length: 17 }, (_, i) => 44 + i)])
		expect(schemaLogOf(metadata)).toHaveLength(61)
		expect(metadata['last-column-id']).toBe(20_000)
		const back = evolveTable(metadata, evolutionOf(20), { now: 0, since: 0, force: true })
		expect(back['current-schema-id']).toBe(20)
		expect(evolveTable(back, evolutionOf(70), { now: 0, since: 0 })['current-schema-id']).toBe(61)
	})
})
