/**
 * Random statements of SQLite's dialect, leaning towards those that a router may be tempted to claim.
 *
 * @module
 */
import type { SqlValue } from '../../../src/router/key-value.ts'
import type { TableSchema } from '../../../src/schema/table-schema.ts'
import type { Random } from './random.ts'
import { type Pieces, shapes } from './scenarios.ts'
import type { World } from './world.ts'

export interface Statement {
	/** As the router sees it. */
	readonly sql: string
	/** As a Durable Object runs it: a bigint travels as text in a cast. */
	readonly bound: string
	readonly params: readonly SqlValue[]
	readonly writes: boolean
}

interface Visible {
	readonly alias: string
	readonly columns: readonly string[]
	readonly table: TableSchema | null
}

type Scope = readonly (readonly Visible[])[]

const aliasPool = ['a', 'b', 'c', 'd', 'e'] as const
const outputPool = ['k', 'x', 'id', 'y', 'q', 'b'] as const

export function makeStatement(random: Random, world: World): Statement {
	return new Generator(random, world).statement()
}

/** Marks a parameter until the two texts are written. */
const MARK = '\u0001'

class Generator {
	readonly #random: Random
	readonly #world: World
	readonly #params: SqlValue[] = []
	/** Predicates repeat a few values, so that claims meet. */
	readonly #favourites: readonly SqlValue[]
	#ctes: Visible[] = []
	#names = 0

	constructor(random: Random, world: World) {
		this.#random = random
		this.#world = world
		this.#favourites = [random.pick(world.values.slice(0, 3)), random.pick(world.values)]
	}

	statement(): Statement {
		const [text, writes] = this.#random.weighted<() => readonly [string, boolean]>([
			[60, () => this.#random.weighted(shapes)(this.#pieces())],
			[28, () => [this.#query(3, [], null).sql, false]],
			[4, () => [this.#update(), true]],
			[4, () => [this.#delete(), true]],
			[4, () => [this.#insert(), true]],
		])()
		// The texts are put together out of order, so parameters are numbered by their place.
		const params: SqlValue[] = []
		const pattern = new RegExp(`${MARK}(\\d+)${MARK}`, 'g')
		const sql = text.replace(pattern, (_, index: string) => {
			params.push(this.#params[Number(index)] ?? null)
			return '?'
		})
		const bound = text.replace(pattern, (_, index: string) =>
			typeof this.#params[Number(index)] === 'bigint' ? 'CAST(? AS INTEGER)' : '?',
		)
		return { sql, bound, params, writes }
	}

	#pieces(): Pieces {
		const tables = this.#world.tables.filter((table) => table.shardKey?.length === 1)
		return {
			random: this.#random,
			value: () => this.#value(),
			anyValue: () => this.#literal(this.#random.pick(this.#world.values.slice(0, 4))),
			nullParameter: () => this.#parameter(null),
			table: (alias) => {
				const table = this.#random.pick(tables)
				return { sql: `${table.name} AS ${alias}`, name: table.name, key: table.shardKey?.[0] ?? '', alias }
			},
			condition: (...aliases) => {
				const columns = ['id', 'x']
				return this.#predicate([aliases.map((alias) => ({ alias, columns, table: null }))], 0)
			},
		}
	}

	// ---- values

	#value(): string {
		const random = this.#random
		const value = random.chance(0.03)
			? null
			: random.chance(0.8)
				? (this.#favourites[random.chance(0.8) ? 0 : 1] ?? null)
				: random.pick(this.#world.values)
		return random.chance(0.5) ? this.#parameter(value) : this.#literal(value)
	}

	#parameter(value: SqlValue): string {
		this.#params.push(value)
		return `${MARK}${this.#params.length - 1}${MARK}`
	}

	#literal(value: SqlValue): string {
		if (value === null) return 'NULL'
		if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`
		if (typeof value === 'bigint') return String(value)
		return typeof value === 'number' ? (Number.isInteger(value) ? `${value}.0` : String(value)) : 'NULL'
	}

	// ---- columns

	#column(scope: Scope): string {
		const random = this.#random
		const frame = random.chance(0.88) ? scope[0] : (scope[1] ?? scope[0])
		if (frame === undefined || frame.length === 0) return this.#value()
		const source = random.pick(frame)
		if (source.columns.length === 0) return this.#value()
		const key = source.table?.shardKey
		const name = key != null && random.chance(0.6) ? random.pick(key) : random.pick(source.columns)
		if (random.chance(0.15)) return name
		return `${source.alias}.${name}`
	}

	#keyColumn(scope: Scope): string {
		const keyed = (scope[0] ?? []).filter((source) => source.table?.shardKey != null || source.columns.includes('k'))
		if (keyed.length === 0) return this.#column(scope)
		const source = this.#random.pick(keyed)
		const name = this.#random.pick(source.table?.shardKey ?? ['k'])
		return this.#random.chance(0.2) ? name : `${source.alias}.${name}`
	}

	// ---- conditions

	#where(scope: Scope, depth: number): string {
		const random = this.#random
		const terms: string[] = []
		// Most statements pin most of their tables, by a constant or by each other.
		for (const source of scope[0] ?? []) {
			for (const key of source.table?.shardKey ?? (source.columns.includes('k') ? ['k'] : [])) {
				if (random.chance(0.35)) terms.push(`${source.alias}.${key} = ${this.#value()}`)
				else if (random.chance(0.25))
					terms.push(`${source.alias}.${key} = ${this.#keyColumn(random.chance(0.7) ? scope : scope.slice(1))}`)
			}
		}
		for (let i = random.below(3); i > 0; i--) terms.push(this.#predicate(scope, depth))
		return terms.length === 0 ? '' : ` WHERE ${terms.join(' AND ')}`
	}

	#predicate(scope: Scope, depth: number): string {
		const random = this.#random
		const sub = depth > 0
		return random.weighted<() => string>([
			[10, () => `${this.#keyColumn(scope)} = ${this.#value()}`],
			[2, () => `${this.#value()} = ${this.#keyColumn(scope)}`],
			[6, () => `${this.#keyColumn(scope)} = ${this.#keyColumn(scope)}`],
			[4, () => `${this.#column(scope)} = ${this.#column(scope)}`],
			[2, () => `${this.#column(scope)} IS ${this.#column(scope)}`],
			[2, () => `${this.#column(scope)} IS ${this.#value()}`],
			[2, () => `${this.#column(scope)} IS ${random.chance(0.5) ? 'NOT ' : ''}NULL`],
			[2, () => `${this.#column(scope)} ${random.pick(['<', '>', '<>', '<=', '>='])} ${this.#value()}`],
			[1, () => `${this.#column(scope)} ${random.chance(0.3) ? 'NOT ' : ''}BETWEEN ${this.#value()} AND ${this.#value()}`],
			[1, () => `${this.#column(scope)} LIKE '%a%'`],
			[4, () => `${this.#keyColumn(scope)} IN (${this.#value()}, ${this.#value()})`],
			[1, () => `${this.#keyColumn(scope)} IN (${this.#value()})`],
			[1, () => `${this.#column(scope)} NOT IN (${this.#value()}, ${this.#value()})`],
			[3, () => `(${this.#predicate(scope, depth)} OR ${this.#predicate(scope, depth)})`],
			[2, () => `(${this.#predicate(scope, depth)} AND ${this.#predicate(scope, depth)})`],
			[1, () => `NOT (${this.#predicate(scope, depth)})`],
			[1, () => `NOT (${this.#keyColumn(scope)} ${random.pick(['<>', 'IS NOT'])} ${this.#value()})`],
			[1, () => `NOT (${this.#keyColumn(scope)} <> ${this.#keyColumn(scope)} OR ${this.#predicate(scope, depth)})`],
			[
				1,
				() =>
					`NOT ((${this.#keyColumn(scope)}, ${this.#column(scope)}) ${random.pick(['<>', 'IS NOT'])} (${this.#value()}, ${this.#value()}))`,
			],
			[2, () => `(${this.#keyColumn(scope)}, ${this.#column(scope)}) = (${this.#value()}, ${this.#column(scope)})`],
			[
				1,
				() =>
					`(${this.#keyColumn(scope)}, ${this.#column(scope)}) IN (VALUES (${this.#value()}, ${this.#value()}), (${this.#value()}, ${this.#value()}))`,
			],
			[1, () => `${this.#keyColumn(scope)} = ${this.#value()} COLLATE NOCASE`],
			[
				1,
				() =>
					`${this.#keyColumn(scope)} COLLATE ${random.pick(['NOCASE', 'BINARY', 'RTRIM'])} = ${random.chance(0.5) ? this.#value() : this.#keyColumn(scope)}`,
			],
			[1, () => `${this.#keyColumn(scope)} = CAST(${this.#value()} AS ${random.pick(['INTEGER', 'TEXT'])})`],
			[1, () => `+${this.#keyColumn(scope)} = ${this.#value()}`],
			[1, () => random.pick(['0', '1', 'false', 'true', 'NULL', '1 = 0', "'a' = 'a'"])],
			[1, () => `${this.#keyColumn(scope)} = "${random.pick(['a', 'b', 'x', 'k', '1'])}"`],
			[1, () => `${random.pick(outputPool)} = ${this.#value()}`],
			[sub ? 5 : 0, () => `${random.chance(0.2) ? 'NOT ' : ''}EXISTS (${this.#query(depth - 1, scope, null).sql})`],
			[
				sub ? 4 : 0,
				() => `${this.#keyColumn(scope)} ${random.chance(0.2) ? 'NOT ' : ''}IN (${this.#query(depth - 1, scope, 1).sql})`,
			],
			[sub ? 1 : 0, () => `(${this.#keyColumn(scope)}, ${this.#column(scope)}) IN (${this.#query(depth - 1, scope, 2).sql})`],
			[sub ? 2 : 0, () => `${this.#keyColumn(scope)} = (${this.#ordered(this.#query(depth - 1, scope, 1).sql)})`],
			[1, () => `${this.#keyColumn(scope)} IN ${random.pick(['t3', 'g'])}`],
		])()
	}

	/** A sub-query of which only the first row counts: in an order that leaves nothing open. */
	#ordered(sql: string): string {
		return `SELECT * FROM (${sql}) ORDER BY 1 LIMIT 1`
	}

	// ---- queries

	#query(depth: number, outer: Scope, width: number | null): { sql: string; columns: string[] } {
		const random = this.#random
		const before = this.#ctes
		let prefix = ''
		if (depth > 0 && random.chance(0.15)) prefix = this.#with(depth - 1, outer)
		const first = this.#core(depth, outer, width)
		let { sql } = first
		if (random.chance(0.12) && first.columns.length > 0) {
			for (let i = random.below(2); i >= 0; i--) {
				const arm = this.#core(depth - 1, outer, first.columns.length)
				sql += ` ${random.pick(['UNION', 'UNION ALL', 'EXCEPT', 'INTERSECT', 'UNION ALL'])} ${arm.sql}`
			}
		}
		if (random.chance(0.08) && first.columns.length > 0) {
			sql += ` ORDER BY ${first.columns.map((_, i) => i + 1).join(', ')} LIMIT ${random.below(4)}${random.chance(0.3) ? ` OFFSET ${random.below(2)}` : ''}`
		}
		this.#ctes = before
		return { sql: prefix + sql, columns: first.columns }
	}

	#with(depth: number, outer: Scope): string {
		const random = this.#random
		const parts: string[] = []
		for (let i = random.below(2); i >= 0; i--) {
			const name = random.chance(0.15) ? random.pick(['t1', 'g']) : `w${this.#names++}`
			if (random.chance(0.3)) {
				const columns = ['k', 'x']
				const table = random.pick(this.#world.tables.filter((candidate) => candidate.shardKey?.length === 1))
				const key = table.shardKey?.[0] ?? 'k'
				const scope = [[{ alias: 's', columns: table.columns.map((column) => column.name), table }], ...outer]
				const anchor = random.chance(0.8)
					? `SELECT s.${key}, 0 FROM ${table.name} s${this.#where(scope, 0)}`
					: `SELECT ${this.#value()}, 0`
				const second = random.pick(this.#world.tables.filter((candidate) => candidate.shardKey?.length === 1))
				const step = `SELECT ${random.pick([`n.${second.shardKey?.[0]}`, 'r.k', `n.${second.shardKey?.[0]}`])}, r.x + 1 FROM ${second.name} n ${random.pick(['JOIN', 'LEFT JOIN', 'JOIN'])} ${name} r ON ${random.chance(0.85) ? `n.${second.shardKey?.[0]} = r.k` : 'n.x = r.x'} WHERE r.x < 2${random.chance(0.2) ? ` AND n.${second.shardKey?.[0]} = ${this.#value()}` : ''}`
				parts.push(`${name}(k, x) AS (${anchor} ${random.pick(['UNION', 'UNION ALL'])} ${step})`)
				this.#ctes = [...this.#ctes, { alias: name, columns, table: null }]
				continue
			}
			const query = this.#query(depth, outer, null)
			const renamed = query.columns.length > 0 && random.chance(0.2)
			const columns = renamed ? query.columns.map((_, c) => outputPool[c] ?? `o${c}`) : query.columns
			parts.push(
				`${name}${renamed ? `(${columns.join(', ')})` : ''} AS ${random.pick(['', '', 'MATERIALIZED ', 'NOT MATERIALIZED '])}(${query.sql})`,
			)
			this.#ctes = [...this.#ctes, { alias: name, columns, table: null }]
		}
		return `WITH ${parts.some((part) => part.includes('(k, x) AS')) ? 'RECURSIVE ' : ''}${parts.join(', ')} `
	}

	#core(depth: number, outer: Scope, width: number | null): { sql: string; columns: string[] } {
		const random = this.#random
		if (random.chance(0.04)) {
			const size = width ?? 1 + random.below(2)
			const row = () => `(${Array.from({ length: size }, () => this.#value()).join(', ')})`
			return {
				sql: `VALUES ${row()}${random.chance(0.4) ? `, ${row()}` : ''}`,
				columns: Array.from({ length: size }, (_, i) => `column${i + 1}`),
			}
		}
		const { sql: from, sources } = this.#from(depth, outer)
		const scope: Scope = [sources, ...outer]
		const where = this.#where(scope, depth)
		if (random.chance(0.14)) return this.#grouped(from, where, scope, width)
		if (width === null && random.chance(0.2)) {
			const columns = [...new Set(sources.flatMap((source) => source.columns))]
			return { sql: `SELECT ${random.chance(0.2) ? 'DISTINCT ' : ''}* ${from}${where}`, columns }
		}
		const columns: string[] = []
		const items = Array.from({ length: width ?? 1 + random.below(3) }, (_, i) => {
			const item = this.#item(scope, depth)
			if (item.plain !== null && random.chance(0.6) && !columns.includes(item.plain)) {
				columns.push(item.plain)
				return item.sql
			}
			const alias = random.chance(0.7) ? random.pick(outputPool) : `o${i}`
			const name = columns.includes(alias) ? `o${i}` : alias
			columns.push(name)
			return `${item.sql} AS ${name}`
		})
		return { sql: `SELECT ${random.chance(0.15) ? 'DISTINCT ' : ''}${items.join(', ')} ${from}${where}`, columns }
	}

	#item(scope: Scope, depth: number): { sql: string; plain: string | null } {
		const random = this.#random
		const column = () => {
			const sql = random.chance(0.6) ? this.#keyColumn(scope) : this.#column(scope)
			const plain = /^(?:\w+\.)?(\w+)$/.exec(sql)?.[1] ?? null
			return { sql, plain }
		}
		return random.weighted<() => { sql: string; plain: string | null }>([
			[20, column],
			[2, () => ({ sql: this.#value(), plain: null })],
			[1, () => ({ sql: `(${column().sql})`, plain: null })],
			[1, () => ({ sql: `${column().sql} || 'x'`, plain: null })],
			[1, () => ({ sql: `coalesce(${this.#column(scope)}, ${this.#value()})`, plain: null })],
			[1, () => ({ sql: `count(*) OVER (PARTITION BY ${this.#column(scope)})`, plain: null })],
			[1, () => ({ sql: `${column().sql} IN (${this.#value()}, ${this.#value()})`, plain: null })],
			[depth > 0 ? 2 : 0, () => ({ sql: `(${this.#ordered(this.#query(depth - 1, scope, 1).sql)})`, plain: null })],
			[
				depth > 0 ? 1 : 0,
				() => ({
					sql: `(SELECT count(${random.chance(0.3) ? this.#column(scope) : '*'}) ${this.#from(0, scope).sql})`,
					plain: null,
				}),
			],
			[
				depth > 0 ? 1 : 0,
				() => ({
					sql: `${column().sql} ${random.chance(0.3) ? 'NOT ' : ''}IN (${this.#query(depth - 1, scope, 1).sql})`,
					plain: null,
				}),
			],
		])()
	}

	#grouped(from: string, where: string, scope: Scope, width: number | null): { sql: string; columns: string[] } {
		const random = this.#random
		const keys = random.chance(0.25) ? [] : [this.#keyColumn(scope), ...(random.chance(0.3) ? [this.#column(scope)] : [])]
		const aggregate = () =>
			random.weighted<() => string>([
				[5, () => 'count(*)'],
				[2, () => `count(${this.#column(scope)})`],
				[2, () => `min(${this.#column(scope)})`],
				[2, () => `max(${this.#column(scope)})`],
				[1, () => `count(*) FILTER (WHERE ${this.#predicate(scope, 0)})`],
				[1, () => `total(${this.#column(scope)})`],
			])()
		const size = width ?? 1 + random.below(3)
		const columns: string[] = []
		const items = Array.from({ length: size }, (_, i) => {
			const key = keys[i]
			const name = random.chance(0.6) && !columns.includes('k') ? 'k' : `o${i}`
			columns.push(name)
			return `${key !== undefined && random.chance(0.8) ? key : aggregate()} AS ${name}`
		})
		const having = random.chance(0.3)
			? ` HAVING ${keys[0] !== undefined && random.chance(0.5) ? `${keys[0]} = ${this.#value()}` : `${aggregate()} > 0`}`
			: ''
		const group = keys.length === 0 ? '' : ` GROUP BY ${keys.join(', ')}`
		return { sql: `SELECT ${items.join(', ')} ${from}${where}${group}${having}`, columns }
	}

	// ---- FROM

	#from(depth: number, outer: Scope): { sql: string; sources: Visible[] } {
		const random = this.#random
		const sources: Visible[] = []
		const add = (): string => {
			const taken = new Set(sources.map((source) => source.alias))
			const alias = random.pick(aliasPool.filter((candidate) => !taken.has(candidate)))
			const source = this.#source(depth, outer, alias)
			sources.push(...source.sources)
			return source.sql
		}
		let sql = `FROM ${add()}`
		const joins = random.weighted([
			[5, 0],
			[5, 1],
			[2, 2],
			[1, 3],
		])
		for (let i = 0; i < joins; i++) {
			const left = [...sources]
			const before = sources.length
			const kind = random.weighted([
				[2, ','],
				[6, 'JOIN'],
				[5, 'LEFT JOIN'],
				[2, 'RIGHT JOIN'],
				[1, 'FULL JOIN'],
				[1, 'CROSS JOIN'],
			])
			const natural = kind !== ',' && kind !== 'CROSS JOIN' && random.chance(0.06)
			const right = add()
			if (kind === ',' || kind === 'CROSS JOIN') {
				sql += kind === ',' ? `, ${right}` : ` CROSS JOIN ${right}`
				continue
			}
			if (natural) {
				sql += ` NATURAL ${kind} ${right}`
				continue
			}
			const added = sources.slice(before)
			const common = left
				.flatMap((source) => source.columns)
				.filter((name) => added.some((source) => source.columns.includes(name)))
			if (common.length > 0 && random.chance(0.15)) {
				sql += ` ${kind} ${right} USING (${common.includes('k') ? 'k' : random.pick(common)})`
				continue
			}
			sql += ` ${kind} ${right} ON ${this.#on(left, added, outer)}`
		}
		return { sql, sources }
	}

	#on(left: readonly Visible[], right: readonly Visible[], outer: Scope): string {
		const random = this.#random
		const scope: Scope = [[...left, ...right], ...outer]
		const terms: string[] = []
		if (random.chance(0.8)) terms.push(`${this.#keyColumn([left])} = ${this.#keyColumn([right])}`)
		if (random.chance(0.25)) terms.push(this.#predicate(scope, 0))
		return terms.length === 0 ? random.pick(['1', 'true', this.#predicate(scope, 0)]) : terms.join(' AND ')
	}

	#source(depth: number, outer: Scope, alias: string): { sql: string; sources: Visible[] } {
		const random = this.#random
		const kind = random.weighted([
			[20, 'table'],
			[depth > 0 ? 5 : 0, 'derived'],
			[this.#ctes.length > 0 ? 14 : 0, 'cte'],
			[depth > 0 ? 1 : 0, 'nested'],
			[depth > 0 ? 1 : 0, 'renamed'],
		])
		if (kind === 'derived') {
			// A derived table sees what encloses the whole query, not its neighbours.
			const query = this.#query(depth - 1, outer, null)
			return { sql: `(${query.sql}) AS ${alias}`, sources: [{ alias, columns: query.columns, table: null }] }
		}
		if (kind === 'cte') {
			const cte = random.pick(this.#ctes)
			return { sql: `${cte.alias} AS ${alias}`, sources: [{ alias, columns: cte.columns, table: null }] }
		}
		const table = random.pick(random.chance(0.9) ? this.#world.tables.slice(0, 4) : this.#world.tables)
		const columns = table.columns.map((column) => column.name)
		const hidden = this.#ctes.some((cte) => cte.alias === table.name)
		const name = hidden ? `main.${table.name}` : table.name
		if (kind === 'nested' || kind === 'renamed') {
			const other = random.pick(this.#world.tables.slice(0, 4))
			const [one, two] = [`${alias}1`, `${alias}2`]
			const left: Visible = { alias: one, columns, table }
			const right: Visible = { alias: two, columns: other.columns.map((column) => column.name), table: other }
			const inner = `(${name} ${one} ${random.pick(['JOIN', 'LEFT JOIN', 'RIGHT JOIN'])} main.${other.name} ${two} ON ${this.#on([left], [right], outer)})`
			if (kind === 'nested') return { sql: inner, sources: [left, right] }
			return {
				sql: `${inner} AS ${alias}`,
				sources: [{ alias, columns: [...new Set([...columns, ...right.columns])], table: null }],
			}
		}
		return { sql: random.chance(0.3) ? `${name} ${alias}` : `${name} AS ${alias}`, sources: [{ alias, columns, table }] }
	}

	// ---- writes

	#update(): string {
		const random = this.#random
		const table = random.pick(this.#world.tables)
		const columns = table.columns.map((column) => column.name)
		const alias = random.chance(0.3) ? 'u' : table.name
		const target: Visible = { alias, columns, table }
		const prefix = random.chance(0.1) ? this.#with(1, []) : ''
		const from = random.chance(0.25) ? this.#from(0, []) : null
		const scope: Scope = [[target, ...(from?.sources ?? [])]]
		const settable = columns.filter((name) => !table.shardKey?.includes(name))
		const sets = [`${random.pick(settable)} = ${random.chance(0.5) ? this.#value() : `${alias}.${random.pick(columns)}`}`]
		const key = table.shardKey?.[0]
		if (key !== undefined && random.chance(0.25))
			sets.push(`${key} = ${random.chance(0.75) ? this.#value() : random.pick([`${alias}.${key}`, key])}`)
		if (random.chance(0.1)) sets.push(`x = (SELECT count(*) ${this.#from(0, scope).sql})`)
		const returning = random.chance(0.2) && from === null ? ' RETURNING *' : ''
		return `${prefix}UPDATE ${table.name}${alias === table.name ? '' : ` AS ${alias}`} SET ${sets.join(', ')}${from === null ? '' : ` ${from.sql}`}${this.#where(scope, 1)}${returning}`
	}

	#delete(): string {
		const random = this.#random
		const table = random.pick(this.#world.tables)
		const target: Visible = { alias: table.name, columns: table.columns.map((column) => column.name), table }
		const prefix = random.chance(0.1) ? this.#with(1, []) : ''
		return `${prefix}DELETE FROM ${table.name}${this.#where([[target]], 2)}${random.chance(0.2) ? ' RETURNING *' : ''}`
	}

	#insert(): string {
		const random = this.#random
		const table = random.pick(this.#world.tables)
		const columns = table.columns.map((column) => column.name)
		const listed = random.chance(0.7) ? columns.filter((name) => table.shardKey?.includes(name) || random.chance(0.7)) : columns
		const list = listed === columns && random.chance(0.5) ? '' : ` (${listed.join(', ')})`
		if (listed.length === 0) return `INSERT INTO ${table.name} DEFAULT VALUES`
		if (random.chance(0.4)) {
			const row = () =>
				`(${listed.map((name) => (random.chance(0.06) && name === 'x' ? `(SELECT count(*) ${this.#from(0, []).sql}${this.#where([[]], 0)})` : this.#value())).join(', ')})`
			return `INSERT INTO ${table.name}${list} VALUES ${row()}${random.chance(0.3) ? `, ${row()}` : ''}`
		}
		const { sql: from, sources } = this.#from(1, [])
		const scope: Scope = [sources]
		const items = listed.map((name) =>
			table.shardKey?.includes(name) ? this.#keyColumn(scope) : random.chance(0.5) ? this.#column(scope) : this.#value(),
		)
		const where = this.#where(scope, 1)
		return `INSERT INTO ${table.name}${list} SELECT ${items.join(', ')} ${from}${where}`
	}
}
