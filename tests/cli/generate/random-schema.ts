/**
 * Random schemas, as Drizzle tables.
 *
 * @module
 */
import { sql } from 'drizzle-orm'
import {
	type AnySQLiteColumn,
	check,
	foreignKey,
	index,
	integer,
	primaryKey,
	real,
	type SQLiteColumnBuilderBase,
	type SQLiteTable,
	sqliteTable,
	text,
	uniqueIndex,
} from 'drizzle-orm/sqlite-core'
import fc from 'fast-check'

/** A column to be. */
interface RandomColumn {
	readonly type: 'text' | 'integer' | 'real'
	readonly notNull: boolean
	readonly standard: 'none' | 'constant' | 'computed'
	readonly unique: boolean
	readonly generated: 'no' | 'stored' | 'virtual'
	/** Refers to this table, where it exists. */
	readonly references: string | null
	readonly onDelete: 'cascade' | 'set null' | 'no action'
}

/** A table to be. */
interface RandomTable {
	readonly key: 'integer' | 'autoincrement' | 'text' | 'composite'
	readonly columns: Readonly<Record<string, RandomColumn>>
	readonly index: 'none' | 'plain' | 'unique' | 'partial' | 'expression'
	readonly check: boolean
}

/** A schema to be: tables by name. */
export type RandomSchema = Readonly<Record<string, RandomTable>>

const tableNames = ['alpha', 'beta', 'gamma']
const columnNames = ['a', 'b', 'with space', 'Ümlaut', 'order']

const column: fc.Arbitrary<RandomColumn> = fc.record({
	type: fc.constantFrom('text', 'integer', 'real'),
	notNull: fc.boolean(),
	standard: fc.constantFrom('none', 'none', 'constant', 'computed'),
	unique: fc.nat(4).map((n) => n === 0),
	generated: fc.constantFrom('no', 'no', 'no', 'no', 'stored', 'virtual'),
	references: fc.option(fc.constantFrom(...tableNames), { freq: 3 }),
	onDelete: fc.constantFrom('cascade', 'set null', 'no action'),
})

const table: fc.Arbitrary<RandomTable> = fc.record({
	key: fc.constantFrom('integer', 'autoincrement', 'text', 'composite'),
	columns: fc.dictionary(fc.constantFrom(...columnNames), column, { maxKeys: 4 }),
	index: fc.constantFrom('none', 'plain', 'unique', 'partial', 'expression'),
	check: fc.boolean(),
})

const schema: fc.Arbitrary<RandomSchema> = fc.dictionary(fc.constantFrom(...tableNames), table, { minKeys: 1 })

/** Two schemas that have much in common, as two versions of one have. */
export const schemaPair: fc.Arbitrary<readonly [RandomSchema, RandomSchema]> = fc
	.tuple(
		schema,
		schema,
		fc.array(fc.tuple(fc.constantFrom(...tableNames), fc.constantFrom('key', 'index', 'check', ...columnNames)), {
			maxLength: 3,
		}),
	)
	.map(([before, other, changes]) => {
		// The second is the first with a few parts of another.
		const after: Record<string, RandomTable> = { ...before }
		for (const [name, part] of changes) {
			const [mine, theirs] = [after[name], other[name]]
			if (mine === undefined || theirs === undefined) {
				if (theirs !== undefined) after[name] = theirs
				else if (Object.keys(after).length > 1) delete after[name]
			} else if (part === 'key' || part === 'index' || part === 'check') after[name] = { ...mine, [part]: theirs[part] }
			else {
				const { [part]: replaced, ...rest } = mine.columns
				const now = theirs.columns[part] ?? (replaced === undefined ? { ...plain, type: 'text' as const } : undefined)
				after[name] = { ...mine, columns: now === undefined ? rest : { ...mine.columns, [part]: now } }
			}
		}
		return [before, after]
	})

const plain: RandomColumn = {
	type: 'text',
	notNull: false,
	standard: 'none',
	unique: false,
	generated: 'no',
	references: null,
	onDelete: 'no action',
}

/** Random schemas as Drizzle tables. */
export function tablesOf(schema: RandomSchema): Record<string, SQLiteTable> {
	return Object.fromEntries(Object.entries(schema).map(([name, table]) => [name, createTable(name, table, schema)]))
}

function createTable(name: string, table: RandomTable, schema: RandomSchema): SQLiteTable {
	const columns: Record<string, SQLiteColumnBuilderBase> = { id: keyColumn(table.key) }
	if (table.key === 'composite') columns.part = integer('part').notNull()
	for (const [columnName, each] of Object.entries(table.columns)) columns[columnName] = createColumn(columnName, each)
	return sqliteTable(name, columns, (self) => {
		const cells = Object.entries(table.columns).map(([columnName, each]) => ({
			name: columnName,
			each,
			cell: self[columnName] as AnySQLiteColumn,
		}))
		const stored = cells.filter(({ each }) => each.generated === 'no')
		const first = stored[0]?.cell
		return [
			...(table.key === 'composite' ? [primaryKey({ columns: [self.id as AnySQLiteColumn, self.part as AnySQLiteColumn] })] : []),
			...stored.flatMap(({ each, cell }) => {
				// SQLite wants the other side to be unique: a single key.
				const target = each.references
				if (target === null || schema[target] === undefined || schema[target].key === 'composite') return []
				const key = foreignKey({
					columns: [cell],
					foreignColumns: [keyOf(target)] as never,
				})
				return [key.onDelete(each.onDelete)]
			}),
			...(table.check ? [check(`${name}_check`, sql`length(${self.id}) < 100 or ${self.id} = ';,'`)] : []),
			...createIndexes(name, table, first),
		]
	})
}

/** The key of a table that may come later: of the other side a foreign key needs only the names. */
function keyOf(table: string): AnySQLiteColumn {
	return sqliteTable(table, { id: text('id').primaryKey() }).id
}

function keyColumn(key: RandomTable['key']): SQLiteColumnBuilderBase {
	if (key === 'integer') return integer('id').primaryKey()
	if (key === 'autoincrement') return integer('id').primaryKey({ autoIncrement: true })
	return key === 'text' ? text('id').primaryKey() : text('id').notNull()
}

function createColumn(name: string, { type, notNull, standard, unique, generated }: RandomColumn): SQLiteColumnBuilderBase {
	if (generated !== 'no') return text(name).generatedAlwaysAs(sql`upper("id") || ', '`, { mode: generated })
	const constants = { text: "it's", integer: 7, real: 1.5 }
	const base = type === 'text' ? text(name) : type === 'integer' ? integer(name) : real(name)
	const valued = standard === 'none' ? base : base.default((standard === 'constant' ? constants[type] : sql`(abs(-3))`) as never)
	const sized = notNull ? valued.notNull() : valued
	return unique ? sized.unique() : sized
}

function createIndexes(name: string, { index: kind }: RandomTable, column: AnySQLiteColumn | undefined) {
	if (kind === 'none' || column === undefined) return []
	if (kind === 'unique') return [uniqueIndex(`${name}_index`).on(column)]
	if (kind === 'partial') return [index(`${name}_index`).on(column).where(sql`"id" <> ';'`)]
	if (kind === 'expression') return [index(`${name}_index`).on(sql`coalesce(${column}, 'x,y')`)]
	return [index(`${name}_index`).on(column)]
}
