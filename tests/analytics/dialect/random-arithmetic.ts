/**
 * Random queries in the manner of sqllogictest's random and index files: much arithmetic, aggregates and conditions over small
 * tables, with signs and parentheses everywhere.
 *
 * @module
 */
import { SeededChoice } from './seeded-choice.ts'

/** The tables, and a view of one. */
export const ARITHMETIC_SETUP: readonly string[] = [
	'CREATE TABLE tab0 (col0 INTEGER, col1 INTEGER, col2 INTEGER)',
	'INSERT INTO tab0 VALUES (97, 1, 99), (15, 81, 47), (87, 21, 10), (0, NULL, -5)',
	'CREATE TABLE tab1 (pk INTEGER PRIMARY KEY, col0 INTEGER, col1 FLOAT, col2 TEXT, col3 INTEGER, col4 FLOAT, col5 TEXT)',
	`INSERT INTO tab1 VALUES (0, 544, 473.59, 'bcwm', 562, 548.30, 'tyvg'), (1, 594, 586.75, 'vhbv', 572, 579.67, 'jabd'),
		(2, 606, 512.16, 'dkle', 518, 608.1, 'zvhb'), (3, 609, 612.60, 'hqlw', NULL, 561.32, NULL), (4, 594, 490.71, 'sulr', 607, NULL, 'bcwm')`,
	'CREATE TABLE tab2 (a INTEGER, b TEXT, c REAL)',
	"INSERT INTO tab2 VALUES (1, 'x', 1.5), (NULL, '12', NULL), (3, NULL, -2.25), (3, '3', 3.0), (-7, 'X', 0.5)",
]

const COLUMNS: Readonly<Record<string, readonly string[]>> = {
	tab0: ['col0', 'col1', 'col2'],
	tab1: ['pk', 'col0', 'col1', 'col3', 'col4'],
	tab2: ['a', 'c'],
}
const TEXTS: Readonly<Record<string, readonly string[]>> = { tab0: ['col0'], tab1: ['col2', 'col5'], tab2: ['b'] }

/** A source of queries; equal seeds give equal queries. */
export class RandomArithmetic extends SeededChoice {
	#columns: readonly string[] = []
	#texts: readonly string[] = []

	/** The next query. */
	next(): string {
		const table = this.pick(Object.keys(COLUMNS))
		const joined = this.below(4) === 0
		const name = joined ? 'cor0' : this.pick([table, 'cor0'])
		this.#columns = (COLUMNS[table] ?? []).map((column) => this.pick([column, `${name}.${column}`]))
		if (joined) this.#columns = (COLUMNS[table] ?? []).map((column) => `${this.pick(['cor0', 'cor1'])}.${column}`)
		this.#texts = (TEXTS[table] ?? []).map((column) => (joined ? `cor1.${column}` : column))
		const from = joined
			? `${table} AS cor0 ${this.pick(['CROSS JOIN', ',', 'INNER JOIN'])} ${table} cor1`
			: name === table
				? table
				: `${table} AS ${name}`
		const on = from.includes('INNER') ? ` ON ${this.#condition(1)}` : ''
		const where = this.below(2) === 0 ? ` WHERE ${this.#condition(2)}` : ''
		const every = this.pick(['', '', 'ALL ', 'DISTINCT '])
		switch (this.below(7)) {
			case 0:
			case 1:
				return `SELECT ${every}${this.#number(3)} AS x FROM ${from}${on}${where}`
			case 2:
				return `SELECT ${every}${this.#aggregate()} * ${this.#sign()}${this.below(90)}, ${this.#aggregate()} FROM ${from}${on}${where}`
			case 3: {
				const key = this.pick(this.#columns)
				return `SELECT ${every}${this.#sign()}${key}, ${this.#aggregate()} FROM ${from}${on}${where} GROUP BY ${key}${this.below(2) === 0 ? ` HAVING ${this.#sign()}${this.#aggregate()} ${this.#comparison()} ${this.below(90)}` : ''}`
			}
			case 4:
				return `SELECT ${every}${this.#number(2)} FROM ${from}${on}${where} ${this.pick(['UNION', 'UNION ALL', 'EXCEPT', 'INTERSECT'])} SELECT ${this.#number(2)} FROM ${from}${on}`
			case 5:
				return `SELECT ${this.pick(['pk', '*', 'count(*)', this.#columns[0] ?? '1'])} FROM tab1 WHERE ${this.#indexed()}`
			default:
				return `SELECT x, count(*), sum(y) FROM (SELECT ${this.#number(2)} AS x, ${this.#number(1)} AS y FROM ${from}${on}${where}) GROUP BY x ORDER BY 1, 2`
		}
	}

	#sign(): string {
		return this.pick(['', '', '+ ', '- ', '- - ', '+ - '])
	}

	#comparison(): string {
		return this.pick(['=', '<>', '<', '<=', '>', '>='])
	}

	/** A condition as the index files have them. */
	#indexed(): string {
		const column = this.pick(['col0', 'col1', 'col3', 'col4', 'pk'])
		const n = () => this.pick([String(this.below(700)), `${this.below(700)}.${this.below(99)}`])
		const e = () => this.#indexed()
		switch (this.below(9)) {
			case 0:
				return `(${e()}) AND (${e()})`
			case 1:
				return `${e()} OR (${e()})`
			case 2:
				return `${column} BETWEEN ${n()} AND ${n()}`
			case 3:
				return `${column} IN (${n()}, ${n()}, ${n()})`
			case 4:
				return `${column} IN (SELECT ${this.pick(['col3', 'col0', 'col1'])} FROM tab1 WHERE ${column} ${this.#comparison()} ${n()})`
			case 5:
				return `${column} IS ${this.pick(['', 'NOT '])}NULL`
			case 6:
				return `NOT (${column} ${this.#comparison()} ${n()})`
			default:
				return `${column} ${this.#comparison()} ${n()}`
		}
	}

	#aggregate(): string {
		const sign = this.#sign()
		if (this.below(4) === 0) return `${sign}COUNT(*)`
		const distinct = this.pick(['', '', 'DISTINCT ', 'ALL '])
		return `${sign}${this.pick(['SUM', 'MIN', 'MAX', 'COUNT', 'AVG', 'TOTAL'])}(${distinct}${this.#number(1)})`
	}

	#condition(depth: number): string {
		const [a, b] = [this.#number(depth - 1), this.#number(depth - 1)]
		switch (this.below(10)) {
			case 0:
				return `NOT ${a} ${this.pick(['IS NULL', 'IS NOT NULL'])}`
			case 1:
				return `NOT (${a}) ${this.pick(['', 'NOT '])}BETWEEN ${b} AND NULL`
			case 2:
				return `${a} ${this.pick(['', 'NOT '])}IN (${b}, ${this.#number(0)})`
			case 3:
				return `(${a} ${this.#comparison()} ${b})`
			case 4:
				return depth > 0
					? `(${this.#condition(depth - 1)}) ${this.pick(['AND', 'OR'])} ${this.#condition(depth - 1)}`
					: `${a} > ${b}`
			case 5:
				return `${this.pick(this.#texts)} ${this.pick(['LIKE', '=', '<', 'NOT LIKE', 'GLOB'])} ${this.pick(["'%b%'", "'x'", "'12'", "'bcwm'", "'*v*'"])}`
			case 6:
				return `${a} NOT IN (SELECT a FROM tab2)`
			case 7:
				return `EXISTS (SELECT 1 FROM tab2 WHERE a ${this.#comparison()} ${a})`
			default:
				return `${a} ${this.#comparison()} ${b}`
		}
	}

	#number(depth: number): string {
		const sign = this.#sign()
		if (depth <= 0 || this.below(4) === 0) {
			return (
				sign +
				this.pick([...this.#columns, ...this.#columns, String(this.below(99)), `${this.below(99)}.${this.below(9)}`, 'NULL', '0'])
			)
		}
		const e = () => this.#number(depth - 1)
		switch (this.below(12)) {
			case 0:
				return `${sign}CAST(${e()} AS ${this.pick(['INTEGER', 'REAL', 'NUMERIC', 'TEXT'])})`
			case 1:
				return `${sign}COALESCE(${e()}, ${e()})`
			case 2:
				return `${sign}NULLIF(${e()}, ${e()})`
			case 3:
				return `${sign}CASE ${e()} WHEN ${e()} THEN ${e()} WHEN ${e()} THEN NULL ELSE ${e()} END`
			case 4:
				return `${sign}CASE WHEN ${this.#condition(0)} THEN ${e()} END`
			case 5:
				return `${sign}ABS(${e()})`
			case 6:
				return `(${e()} ${this.#comparison()} ${e()})`
			case 7:
				return `${sign}(${e()} ${this.pick(['/', '%'])} ${e()})`
			case 8:
				return `(SELECT ${this.pick(['MAX', 'MIN', 'COUNT', 'SUM'])}(a) FROM tab2 WHERE c ${this.#comparison()} ${this.below(5)})`
			default:
				return `${sign}(${e()} ${this.pick(['+', '-', '*'])} ${e()})`
		}
	}
}
