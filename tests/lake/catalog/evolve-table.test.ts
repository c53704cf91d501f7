import { describe, expect, it } from 'vitest'
import { evolveTable, newTable } from '../../../src/lake/catalog/evolve-table.ts'
import { tableEvolutions } from '../../../src/lake/change-table.ts'
import { currentSchema, MAX_UNUSED_SCHEMAS } from '../../../src/lake/iceberg/table-metadata.ts'
import type { IcebergTableMetadata } from '../../../src/lake/iceberg/types.ts'
import { schemaLogOf } from '../../../src/lake/schema-log.ts'
import { lakeWith, tableAt, type VersionColumn } from '../../analytics/support/versions.ts'

const place = { tableLocation: 's3://lake/metadata/users_changes', lakeLocation: 's3://lake' }
const id: VersionColumn = [101, 'id', 'text']

function evolutionOf(version: number, columns: readonly VersionColumn[]) {
	const [evolution] = tableEvolutions(lakeWith(tableAt(version, [id, ...columns])))
	return evolution ?? expect.fail('no table')
}

const evolved = (metadata: IcebergTableMetadata, version: number, columns: readonly VersionColumn[]) =>
	evolveTable(metadata, evolutionOf(version, columns), { now: version, since: version })

const begun = (version: number, columns: readonly VersionColumn[]) =>
	newTable(evolutionOf(version, columns), { now: 0, since: 0, ...place })

describe('a table that evolves', () => {
	it('remembers the type of a dropped column, also when no schema of the metadata has it any more', () => {
		let metadata = evolved(begun(1, [[102, 'mail', 'text']]), 2, [])
		for (let version = 3; version < 5 + MAX_UNUSED_SCHEMAS; version++) {
			metadata = evolved(metadata, version, [[200 + version, `c${version}`, 'integer']])
		}
		expect(metadata.schemas.some(({ fields }) => fields.some((field) => field.id === 102))).toBe(false)
		const again = (kind: VersionColumn[2]) => () => evolved(metadata, 90, [[102, 'mail', kind]])
		expect(again('integer')).toThrow(expect.objectContaining({ code: 'SCHEMA_EVOLUTION' }))
		expect(currentSchema(again('text')()).fields.some((field) => field.id === 102)).toBe(true)
		expect(metadata['last-column-id']).toBeGreaterThanOrEqual(102)
	})

	it('keeps the column that its partitions are computed from', () => {
		const base = begun(1, [[102, 'mail', 'text']])
		const partitioned: IcebergTableMetadata = {
			...base,
			'default-spec-id': 1,
			'partition-specs': [
				...base['partition-specs'],
				{ 'spec-id': 1, fields: [{ 'source-id': 102, 'field-id': 1002, name: 'mail_part', transform: 'identity' }] },
			],
		}
		const named = { code: 'SCHEMA_EVOLUTION', message: expect.stringContaining('"mail_part"') }
		expect(() => evolved(partitioned, 2, [])).toThrow(expect.objectContaining(named))
		const renamed = currentSchema(evolved(partitioned, 2, [[102, 'email', 'text']]))
		expect(renamed.fields.find((field) => field.id === 102)?.name).toBe('email')
	})

	it('describes a version by what all shards have told of it, as far as the columns are still there', () => {
		const columnsOf = (metadata: IcebergTableMetadata) =>
			schemaLogOf(metadata)
				.at(-1)
				?.table.columns.map(({ fieldId }) => fieldId)
		const one = begun(1, [[102, 'mail', 'text']])
		// Another shard of the same version knows another column, and not this one.
		const both = evolved(one, 1, [[103, 'age', 'integer']])
		expect(columnsOf(both)).toEqual([101, 103, 102])
		// Whoever tells it again, and whatever of it: nothing is there twice, and nothing leaves.
		for (const own of [[[102, 'mail', 'text']], [], [[103, 'age', 'integer']]] as const) {
			expect([...(columnsOf(evolved(both, 1, own)) ?? [])].sort()).toEqual([101, 102, 103])
		}
		// The way back of a roll-back takes a column out of the version itself.
		const back = evolveTable(both, evolutionOf(1, [[103, 'age', 'integer']]), { now: 1, since: 1, force: true })
		expect(columnsOf(back)).toEqual([101, 103])
		// The next version drops one, and tells what it has.
		expect(columnsOf(evolved(both, 2, [[103, 'age', 'integer']]))).toEqual([101, 103])
	})
})
