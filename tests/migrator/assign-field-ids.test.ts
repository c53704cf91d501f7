import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assignAllFieldIds, assignFieldIds } from '../../src/migrator/assign-field-ids.ts'
import type { LakeType, TableSchema } from '../../src/schema/table-schema.ts'

/** A table of columns, by name and type in the lake. */
function table(columns: Readonly<Record<string, LakeType>>, name = 'users'): TableSchema {
	return {
		name,
		property: name,
		columns: Object.entries(columns).map(([column, lakeType]) => ({
			name: column,
			property: column,
			fieldId: 0,
			declaredType: 'text',
			affinity: 'TEXT',
			mode: 'text',
			lakeType,
			notNull: false,
			generated: false,
		})),
		primaryKey: ['id'],
		shardKey: ['id'],
	}
}

const ids = ({ columns }: TableSchema) => Object.fromEntries(columns.map(({ name, fieldId }) => [name, fieldId]))

describe('field ids', () => {
	const first = assignFieldIds({ previous: null, current: table({ id: 'string', mail: 'string' }), version: 1 })

	it('begin at 101, in the order of declaration', () => {
		expect(ids(first.table)).toEqual({ id: 101, mail: 102 })
		expect(first).toMatchObject({ lastFieldId: 102, table: { version: 1 } })
	})

	it('stay where nothing changed, and so does the version', () => {
		const again = assignFieldIds({
			previous: first.table,
			current: table({ mail: 'string', id: 'string' }),
			lastFieldId: 102,
			version: 2,
		})
		expect(ids(again.table)).toEqual({ id: 101, mail: 102 })
		const same = assignFieldIds({
			previous: first.table,
			current: table({ id: 'string', mail: 'string' }),
			lastFieldId: 102,
			version: 2,
		})
		expect(same.table).toEqual(first.table)
	})

	it('stay while the version grows with anything that a lake must know of a column', () => {
		const changes = [
			{ mode: 'json' },
			{ declaredType: 'varchar(9)' },
			{ affinity: 'NUMERIC' },
			{ notNull: true },
			{ generated: true },
		] as const
		for (const change of changes) {
			const current = table({ id: 'string', mail: 'string' })
			const changed = {
				...current,
				columns: current.columns.map((each) => (each.name === 'mail' ? { ...each, ...change } : each)),
			}
			const next = assignFieldIds({ previous: first.table, current: changed, lastFieldId: 102, version: 2 })
			expect(ids(next.table)).toEqual({ id: 101, mail: 102 })
			expect(next.table.version, JSON.stringify(change)).toBe(2)
			expect(next.table.columns[1]).toMatchObject(change)
		}
		for (const change of [{ primaryKey: ['mail'] }, { shardKey: ['mail'] }]) {
			const current = { ...table({ id: 'string', mail: 'string' }), ...change }
			expect(assignFieldIds({ previous: first.table, current, lastFieldId: 102, version: 2 }).table.version).toBe(2)
		}
	})

	it('stay with the type that a numeric column has in the lake, as text or as double', () => {
		const numeric = (lakeType: LakeType, declaredType: string) => {
			const { columns, ...rest } = table({ id: 'string', total: lakeType })
			return {
				...rest,
				columns: columns.map((column) =>
					column.name === 'total' ? { ...column, declaredType, affinity: 'NUMERIC' as const } : column,
				),
			}
		}
		const before = assignFieldIds({ previous: null, current: numeric('double', 'numeric'), version: 1 })
		const after = assignFieldIds({
			previous: before.table,
			current: numeric('string', 'decimal(10,2)'),
			lastFieldId: 102,
			version: 2,
		})
		expect(after.table.columns[1]).toMatchObject({ fieldId: 102, lakeType: 'double', declaredType: 'decimal(10,2)' })
		const real = assignFieldIds({
			previous: before.table,
			current: table({ id: 'string', total: 'string' }),
			lastFieldId: 102,
			version: 2,
		})
		expect(real.table.columns[1]).toMatchObject({ fieldId: 103, lakeType: 'string' })
	})

	it('follow a rename', () => {
		const renamed = assignFieldIds({
			previous: first.table,
			current: table({ id: 'string', email: 'string' }),
			renamed: new Map([['email', 'mail']]),
			lastFieldId: 102,
			version: 2,
		})
		expect(ids(renamed.table)).toEqual({ id: 101, email: 102 })
		expect(renamed.table.version).toBe(2)
	})

	it('are new for a column that takes the name of a renamed one', () => {
		const { table: now } = assignFieldIds({
			previous: first.table,
			current: table({ id: 'string', email: 'string', mail: 'string' }),
			renamed: new Map([['email', 'mail']]),
			lastFieldId: 102,
			version: 2,
		})
		expect(ids(now)).toEqual({ id: 101, email: 102, mail: 103 })
	})

	it('follow columns that change places', () => {
		const { table: now } = assignFieldIds({
			previous: first.table,
			current: table({ mail: 'string', id: 'string' }),
			renamed: new Map([
				['mail', 'id'],
				['id', 'mail'],
			]),
			lastFieldId: 102,
			version: 2,
		})
		expect(ids(now)).toEqual({ mail: 101, id: 102 })
	})

	it('are new where the type in the lake becomes another', () => {
		const { table: now } = assignFieldIds({
			previous: first.table,
			current: table({ id: 'string', mail: 'long' }),
			lastFieldId: 102,
			version: 2,
		})
		expect(ids(now)).toEqual({ id: 101, mail: 103 })
	})

	it('leave columns in the places that they have in a shard: new ones at the end, until the table is rebuilt', () => {
		const names = ({ columns }: TableSchema) => columns.map(({ name }) => name)
		const options = {
			previous: first.table,
			current: table({ note: 'string', email: 'string', id: 'string', age: 'long' }),
			renamed: new Map([['email', 'mail']]),
			lastFieldId: 102,
			version: 2,
		}
		const { table: added } = assignFieldIds(options)
		expect(names(added)).toEqual(['id', 'email', 'note', 'age'])
		expect(ids(added)).toEqual({ id: 101, email: 102, note: 103, age: 104 })
		const { table: rebuilt } = assignFieldIds({ ...options, rebuilt: true })
		expect(names(rebuilt)).toEqual(['note', 'email', 'id', 'age'])
		expect(ids(rebuilt)).toEqual(ids(added))
	})

	it('go on where a table of the same name comes back', () => {
		const before = { tables: {}, lastFieldIds: { users: 105 } }
		expect(assignAllFieldIds(before, new Map([['users', table({ id: 'string' })]]), new Map(), 3)).toMatchObject({
			tables: { users: { columns: [{ fieldId: 106 }] } },
			lastFieldIds: { users: 106 },
		})
	})

	it('never belong to two columns, through any history', () => {
		const lakeType = fc.constantFrom<LakeType>('string', 'long', 'double')
		const version = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), lakeType)
		fc.assert(
			fc.property(fc.array(version, { maxLength: 8 }), (versions) => {
				const owners = new Map<number, string>()
				let state: Parameters<typeof assignAllFieldIds>[0] = { tables: {}, lastFieldIds: {} }
				let before: Readonly<Record<string, LakeType>> = {}
				for (const [index, columns] of versions.entries()) {
					state = assignAllFieldIds(state, new Map([['users', table(columns)]]), new Map(), index + 1)
					const now = ids(state.tables.users ?? table({}))
					expect(new Set(Object.values(now)).size).toBe(Object.keys(now).length)
					for (const [name, id] of Object.entries(now)) {
						const owner = `${name} ${columns[name]}`
						if (before[name] !== columns[name]) expect(owners.has(id)).toBe(false)
						expect(owners.get(id) ?? owner).toBe(owner)
						owners.set(id, owner)
					}
					before = columns
				}
			}),
			{ numRuns: 200 },
		)
	})
})
