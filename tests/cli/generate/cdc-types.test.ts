import { describe, expect, it } from 'vitest'
import { cdcTypes } from '../../../src/cli/generate/cdc-types.ts'
import { blob, integer, numeric, sqliteTable, text } from '../../../src/columns.ts'
import { SQLake } from '../../../src/schema/database.ts'

const typesOf = (...definition: Parameters<typeof SQLake>) => cdcTypes(SQLake(...definition).lake)

describe('the types of changes', () => {
	it("have SQLite's values, and properties as the code has them", () => {
		const types = typesOf({
			files: {
				id: text('id').primaryKey(),
				'content-type': text('content_type'),
				bytes: blob('bytes', { mode: 'buffer' }),
				size: integer('size').notNull(),
				price: numeric('price'),
			},
			shard: { files: 'id' },
		} as never)
		expect(types).toContain(
			[
				'export interface FilesRow {',
				'\treadonly id: string',
				'\treadonly "content-type": string | null',
				'\treadonly bytes: Uint8Array | null',
				'\treadonly size: number | bigint',
				'\treadonly price: number | bigint | string | null',
				'}',
			].join('\n'),
		)
	})

	it('have names that do not collide, whatever tables are called', () => {
		const table = (name: string) => sqliteTable(name, { id: text('id').primaryKey() })
		const names = ['user_log', 'userLog', 'change', '2fa', 'CDC']
		const types = typesOf({
			...Object.fromEntries(names.map((name) => [name, table(`t ${name}`)])),
			shard: Object.fromEntries(names.map((name) => [name, 'id'])),
		} as never)
		const declared = Array.from(types.matchAll(/export (?:type|interface) (\w+)/g), ([, name]) => name)
		expect(new Set(declared).size).toBe(declared.length)
		expect(declared).toContain('ChangeEvent')
		expect(declared).not.toContain('CDCEvent')
		expect(types).toContain('readonly _table: "t 2fa"')
	})
})
