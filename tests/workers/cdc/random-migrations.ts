import type { LakeSchema, TableSchema } from '../../../src/schema/table-schema.ts'
import type { Pick } from './random-program.ts'

type Type = 'INTEGER' | 'TEXT' | 'REAL' | 'BLOB'

interface Column {
	readonly name: string
	readonly field: number
	readonly type: Type
	readonly standard: string | null
}

interface Table {
	readonly name: string
	readonly version: number
	/** The first one is the key. */
	readonly columns: readonly Column[]
}

/** The tables of a moment. */
export type Tables = readonly Table[]

/** A migration, and the tables after it. */
export interface RandomMigration {
	readonly up: string
	/** Null where it cannot be undone. */
	readonly down: string | null
	readonly after: Tables
}

const TABLES = ['a', 'b', 'c']
const COLUMNS = ['x', 'y', 'z', 'w']
const VALUES = ['NULL', '0', '1', '-7', '2.5', "'text'", "'7'", "''", "x'00ff'", '9007199254740993']

/** Makes migrations and writes that fit each other. */
export class RandomMigrations {
	readonly #pick: Pick
	readonly #lastFields = new Map<string, number>()
	#version = 0

	constructor(pick: Pick) {
		this.#pick = pick
	}

	/** A migration of up to three steps, with writes in between. */
	migration(before: Tables): RandomMigration {
		this.#version++
		const statements: string[] = []
		const undo: string[] = []
		let reversible = true
		let tables = before
		for (let steps = this.#pick(1, 1, 2, 3); steps > 0; steps--) {
			if (this.#pick(true, false)) statements.push(...this.writes(tables, 2))
			const step = this.#step(tables)
			statements.push(step.up)
			if (step.down === null) reversible = false
			else undo.unshift(step.down)
			tables = step.after
			if (this.#pick(true, false)) statements.push(...this.writes(tables, 2))
		}
		return { up: statements.join(';\n'), down: reversible ? undo.join(';\n') : null, after: tables }
	}

	/** Statements that write rows. None can fail. */
	writes(tables: Tables, most: number): string[] {
		const table = this.#one(tables)
		if (table === undefined) return []
		const [key, ...others] = table.columns
		const values = () => others.map(() => this.#pick(...VALUES))
		const id = () => this.#pick(1, 2, 3, 4, 5, 6)
		return Array.from({ length: this.#pick(...Array.from({ length: most + 1 }, (_, index) => index)) }, () => {
			const column = this.#one(others)
			switch (this.#pick('insert', 'insert', 'update', 'delete')) {
				case 'insert':
					return `INSERT OR REPLACE INTO ${table.name} (${table.columns.map(({ name }) => name).join(', ')}) VALUES (${[id(), ...values()].join(', ')})`
				case 'update':
					if (column === undefined) return `DELETE FROM ${table.name} WHERE ${key?.name} = ${id()}`
					return `UPDATE ${table.name} SET ${column.name} = ${this.#pick(...VALUES)} WHERE ${key?.name} <= ${id()}`
				default:
					return `DELETE FROM ${table.name} WHERE ${key?.name} = ${id()}`
			}
		})
	}

	#step(tables: Tables): RandomMigration {
		const table = this.#one(tables)
		if (table === undefined || (tables.length < TABLES.length && this.#pick(true, false, false))) return this.#create(tables)
		switch (this.#pick('add', 'add', 'rename', 'drop', 'rebuild', 'rebuild', 'rebuild', 'move', 'remove')) {
			case 'add':
				return this.#add(tables, table)
			case 'rename':
				return this.#rename(tables, table)
			case 'drop':
				return this.#drop(tables, table)
			case 'move':
				return this.#move(tables, table)
			case 'remove':
				return { up: `DROP TABLE ${table.name}`, down: null, after: tables.filter((each) => each !== table) }
			default:
				return this.#rebuild(tables, table)
		}
	}

	#create(tables: Tables): RandomMigration {
		const name = this.#pick(...TABLES.filter((each) => !tables.some((table) => table.name === each)))
		const columns = ['id', ...COLUMNS.slice(0, this.#pick(0, 1, 2))].map((column, index) =>
			this.#column(name, column, index === 0),
		)
		const table: Table = { name, version: this.#version, columns }
		return { up: create(name, columns, this.#pick('', ' WITHOUT ROWID')), down: `DROP TABLE ${name}`, after: [...tables, table] }
	}

	#add(tables: Tables, table: Table): RandomMigration {
		const name = this.#freeColumn(table)
		if (name === null) return this.#rebuild(tables, table)
		const column = this.#column(table.name, name, false)
		return {
			up: `ALTER TABLE ${table.name} ADD COLUMN ${definition(column)}`,
			down: `ALTER TABLE ${table.name} DROP COLUMN ${name}`,
			after: this.#replace(tables, table, [...table.columns, column]),
		}
	}

	#rename(tables: Tables, table: Table): RandomMigration {
		const [from, to] = [this.#one(table.columns), this.#freeColumn(table)]
		if (from === undefined || to === null) return this.#rebuild(tables, table)
		const columns = table.columns.map((column) => (column === from ? { ...column, name: to } : column))
		return {
			up: `ALTER TABLE ${table.name} RENAME COLUMN ${from.name} TO ${to}`,
			down: `ALTER TABLE ${table.name} RENAME COLUMN ${to} TO ${from.name}`,
			after: this.#replace(tables, table, columns),
		}
	}

	#drop(tables: Tables, table: Table): RandomMigration {
		const column = this.#one(table.columns.slice(1))
		if (column === undefined) return this.#rebuild(tables, table)
		return {
			up: `ALTER TABLE ${table.name} DROP COLUMN ${column.name}`,
			down: `ALTER TABLE ${table.name} ADD COLUMN ${definition(column)}`,
			after: this.#replace(
				tables,
				table,
				table.columns.filter((each) => each !== column),
			),
		}
	}

	/** Gives a table another name. */
	#move(tables: Tables, table: Table): RandomMigration {
		const free = TABLES.filter((each) => !tables.some(({ name }) => name === each))
		if (free.length === 0) return this.#rebuild(tables, table)
		const name = this.#pick(...free)
		const last = Math.max(this.#lastFields.get(name) ?? 100, this.#lastFields.get(table.name) ?? 100)
		this.#lastFields.set(name, last)
		const moved = { ...table, name, version: this.#version }
		return {
			up: `ALTER TABLE ${table.name} RENAME TO ${name}`,
			down: `ALTER TABLE ${name} RENAME TO ${table.name}`,
			after: tables.map((each) => (each === table ? moved : each)),
		}
	}

	#rebuild(tables: Tables, table: Table): RandomMigration {
		const [key, ...others] = table.columns
		if (key === undefined) throw new Error('a key')
		const name = this.#freeColumn(table)
		const added = name === null || this.#pick(true, false) ? [] : [this.#column(table.name, name, false)]
		const kept = others.map((column): Column => (this.#pick(true, true, false) ? column : this.#otherType(table.name, column)))
		const shuffled = this.#pick(true, false) ? kept.toReversed() : kept
		const columns = [key, ...shuffled, ...added]
		const copied = [key, ...shuffled]
		const changed = this.#one(shuffled)
		const selected = copied.map((column) =>
			column === changed && this.#pick(true, false)
				? `CASE WHEN ${key.name} % 2 = 0 THEN ${column.name} ELSE ${this.#pick(...VALUES)} END`
				: column.name,
		)
		const where = this.#pick('', '', ` WHERE ${key.name} > 2`)
		const fresh = `__new_${table.name}`
		return {
			up: [
				'PRAGMA foreign_keys=OFF',
				create(fresh, columns, ''),
				`INSERT INTO ${fresh} (${copied.map((column) => column.name).join(', ')}) SELECT ${selected.join(', ')} FROM ${table.name}${where}`,
				`DROP TABLE ${table.name}`,
				`ALTER TABLE ${fresh} RENAME TO ${table.name}`,
				'PRAGMA foreign_keys=ON',
			].join(';\n'),
			down: null,
			after: this.#replace(tables, table, columns),
		}
	}

	/** A column with another type, which the lake may have to know as another field. */
	#otherType(table: string, column: Column): Column {
		const type = this.#pick<Type>('INTEGER', 'TEXT', 'REAL', 'BLOB')
		return type === column.type || this.#pick(true, false) ? { ...column, type } : { ...column, type, field: this.#field(table) }
	}

	#replace(tables: Tables, table: Table, columns: readonly Column[]): Tables {
		return tables.map((each) => (each === table ? { name: table.name, version: this.#version, columns } : each))
	}

	#column(table: string, name: string, isKey: boolean): Column {
		const type = isKey ? 'INTEGER' : this.#pick<Type>('INTEGER', 'TEXT', 'REAL', 'BLOB')
		return { name, type, field: this.#field(table), standard: isKey ? null : this.#pick(null, null, '5', "'standard'") }
	}

	#field(table: string): number {
		const field = (this.#lastFields.get(table) ?? 100) + 1
		this.#lastFields.set(table, field)
		return field
	}

	#freeColumn({ columns }: Table): string | null {
		const free = COLUMNS.filter((name) => !columns.some((column) => column.name === name))
		return this.#one(free) ?? null
	}

	#one<T>(all: readonly T[]): T | undefined {
		return all.length === 0 ? undefined : this.#pick(...all)
	}
}

function definition({ name, type, standard }: Column): string {
	return `${name} ${type}${standard === null ? '' : ` DEFAULT ${standard}`}`
}

function create(name: string, [key, ...others]: readonly Column[], options: string): string {
	return `CREATE TABLE ${name} (${[`${key?.name} INTEGER PRIMARY KEY`, ...others.map(definition)].join(', ')})${options}`
}

/** The tables as capture is told of them. */
export function lakeSchemaOf(tables: Tables): LakeSchema {
	const modes = { INTEGER: 'number', TEXT: 'text', REAL: 'real', BLOB: 'blob' } as const
	const lakeTypes = { INTEGER: 'long', TEXT: 'string', REAL: 'double', BLOB: 'binary' } as const
	const schemas = tables.map(
		({ name, version, columns }): TableSchema => ({
			name,
			property: name,
			version,
			primaryKey: columns.slice(0, 1).map((column) => column.name),
			shardKey: null,
			columns: columns.map((column) => ({
				name: column.name,
				property: column.name,
				fieldId: column.field,
				declaredType: column.type,
				affinity: column.type,
				mode: modes[column.type],
				lakeType: lakeTypes[column.type],
				notNull: false,
				generated: false,
			})),
		}),
	)
	return {
		tables: new Map(schemas.map((schema) => [schema.name, schema])),
		storage: 'columns',
		cdc: true,
		bucketBinding: 'SQLAKE_BUCKET',
		variantColumn: '_row',
	}
}
