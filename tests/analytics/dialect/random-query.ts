/**
 * Random queries over the tables of the hand-written cases.
 *
 * @module
 */
import { SeededChoice } from './seeded-choice.ts'

const COLUMNS: Readonly<Record<string, readonly string[]>> = {
	people: ['id', 'name', 'age', 'score', 'city', 'price', 'photo', 'born', 'created', 'active'],
	numbers: ['id', 'i', 'r', 'n'],
	texts: ['id', 't'],
	orders: ['id', 'person', 'amount', 'qty', 'status', 'at'],
	docs: ['id', 'meta', 'kind'],
	nuls: ['id', 't'],
}
const PATHS: readonly string[] =
	"'$.n'|'$.name'|'$.tags'|'$.tags[0]'|'$.o.x'|'$.ok'|'$[1]'|'$[#-1]'|'$.o'|'$'|'$.kind'|'$.at'|'$.none'|'n'|'tags'|'name'|0|-1|NULL".split(
		'|',
	)
const MODIFIERS: readonly string[] =
	"'+1 day'|'-1 month'|'start of month'|'start of year'|'weekday 1'|'+36 hours'|'-90 minutes'|'+1.5 days'|'unixepoch'|'auto'|'+1 year'|'start of day'|'-00:30'|'floor'|'subsec'|'julianday'|'x'".split(
		'|',
	)
const FORMATS: readonly string[] = "'%Y-%m'|'%Y-%m-%d'|'%H:%M'|'%s'|'%j %W'|'%d/%m'|'%f'|'%Y-W%V'|'%J'".split('|')
const LITERALS: readonly string[] =
	"0|1|-1|2|7|100|1.5|-2.5|0.0|3.0|NULL|''|'abc'|'12'|'1.5'|'12abc'|' 7 '|'ABC'|x'61'|TRUE|1e3|'2024-02-29'|'a%'|9007199254740993|25|'London'|1700000000".split(
		'|',
	)
const FUNCTIONS: readonly string[] = 'abs length lower upper typeof trim round hex sign unicode quote ltrim octet_length'.split(
	' ',
)

/** A source of queries; equal seeds give equal queries. */
export class RandomQueries extends SeededChoice {
	#table = 'people'

	/** The next query. */
	next(): string {
		this.#table = this.pick(Object.keys(COLUMNS))
		const table = this.#table
		const e = (depth: number) => this.#expression(depth)
		if (table === 'docs' && this.below(3) === 0) return this.#overItems()
		switch (this.below(8)) {
			case 0:
				return `SELECT id, ${e(3)} FROM ${table}`
			case 1:
				return `SELECT id FROM ${table} WHERE ${e(3)}`
			case 2:
				return `SELECT ${this.pick(['count', 'sum', 'min', 'max', 'avg', 'total'])}(${e(2)}), count(DISTINCT ${e(1)}) FROM ${table}`
			case 3:
				return `SELECT ${e(2)} AS k, count(*) FROM ${table} GROUP BY k`
			case 4:
				return `SELECT id FROM ${table} ORDER BY ${e(2)}, id`
			case 5:
				return `SELECT DISTINCT ${e(2)} FROM ${table}`
			case 6:
				return `SELECT x, count(*) FROM (SELECT ${e(2)} AS x FROM ${table}) WHERE x = ${this.pick(LITERALS)} OR x > ${this.pick(LITERALS)} GROUP BY 1`
			default:
				return `SELECT ${e(1)} FROM ${table} UNION ALL SELECT ${e(1)} FROM ${table}`
		}
	}

	/** A query over the items of JSON. */
	#overItems(): string {
		const e = () => this.#expression(1)
		const source = `docs, json_${this.pick(['each', 'tree'])}(docs.meta${this.below(2) > 0 ? `, ${this.pick(PATHS.slice(0, 13))}` : ''}) j`
		const item = this.pick(['j.value', 'j.key', 'j.type', 'j.atom', 'j.fullkey', 'j.path'])
		switch (this.below(4)) {
			case 0:
				return `SELECT docs.id, ${item} FROM ${source} WHERE ${item} ${this.pick(['=', '<', '>', '<>', 'IS'])} ${this.pick(LITERALS)}`
			case 1:
				return `SELECT ${item}, count(*) FROM ${source} GROUP BY 1 ORDER BY 1`
			case 2:
				return `SELECT docs.id, group_concat(${item}), json_group_array(${item}) FROM ${source} GROUP BY docs.id`
			default:
				return `SELECT id, ${e()}, (SELECT count(*) FROM json_each(docs.meta) WHERE value ${this.pick(['=', '<', '>='])} ${this.pick(LITERALS)}) FROM docs`
		}
	}

	#json(depth: number): string {
		const subject = this.#table === 'docs' && this.below(4) > 0 ? 'meta' : `json_array(${this.#expression(depth - 1)}, 'x')`
		const path = this.pick(PATHS)
		switch (this.below(10)) {
			case 0:
				return `(${subject} -> ${path})`
			case 1:
			case 2:
			case 3:
				return `(${subject} ->> ${path})`
			case 4:
			case 5:
				return `json_extract(${subject}, ${this.pick(PATHS.slice(0, 13))})`
			case 6:
				return `json_type(${subject}, ${this.pick(PATHS.slice(0, 13))})`
			case 7:
				return `json_array_length(${subject}, ${this.pick(PATHS.slice(0, 13))})`
			case 8:
				return `json_${this.pick(['set', 'insert', 'replace'])}(${subject}, ${this.pick(PATHS.slice(0, 13))}, ${this.#expression(depth - 1)})`
			default:
				return `json_object('k', ${this.#expression(depth - 1)}, 'j', ${subject} -> ${path})`
		}
	}

	#date(depth: number): string {
		const subject = this.below(3) > 0 && this.#table === 'people' ? 'born' : this.#expression(depth - 1)
		const modifiers = Array.from({ length: this.below(3) }, () => `, ${this.pick(MODIFIERS)}`).join('')
		const name = this.pick(['date', 'time', 'datetime', 'julianday', 'unixepoch', 'strftime'])
		return name === 'strftime' ? `strftime(${this.pick(FORMATS)}, ${subject}${modifiers})` : `${name}(${subject}${modifiers})`
	}

	#expression(depth: number): string {
		if (depth <= 0 || this.below(4) === 0) return this.below(3) > 0 ? this.pick(COLUMNS[this.#table] ?? []) : this.pick(LITERALS)
		const e = () => this.#expression(depth - 1)
		switch (this.below(28)) {
			case 0:
			case 1:
				return `(${e()} ${this.pick(['+', '-', '*', '/', '%'])} ${e()})`
			case 2:
				return `(${e()} || ${e()})`
			case 3:
			case 4:
				return `(${e()} ${this.pick(['=', '<>', '<', '<=', '>', '>=', 'IS', 'IS NOT'])} ${e()})`
			case 5:
				return `(${e()} ${this.pick(['AND', 'OR'])} ${e()})`
			case 6:
				return `(NOT ${e()})`
			case 7:
				return `(- ${e()})`
			case 8:
				return `CAST(${e()} AS ${this.pick(['INTEGER', 'TEXT', 'REAL', 'NUMERIC', 'BLOB'])})`
			case 9:
				return `CASE WHEN ${e()} THEN ${e()} ELSE ${e()} END`
			case 10:
				return `coalesce(${e()}, ${e()})`
			case 11:
				return `(${e()} BETWEEN ${e()} AND ${e()})`
			case 12:
				return `(${e()} IN (${e()}, ${e()}))`
			case 13:
				return `(${e()} LIKE ${this.pick(["'%a%'", "'1%'", "'_b%'", "'%5'", "''"])})`
			case 14:
				return `${this.pick(FUNCTIONS)}(${e()})`
			case 15:
				return `substr(${e()}, ${e()}, ${e()})`
			case 16:
				return `${this.pick(['min', 'max', 'ifnull', 'nullif', 'instr'])}(${e()}, ${e()})`
			case 17:
				return `replace(${e()}, ${e()}, ${e()})`
			case 18:
				return `round(${e()}, ${this.below(4)})`
			case 19:
				return `(${e()} ${this.pick(['&', '|', '<<', '>>'])} ${e()})`
			case 20:
				return `(${e()} IS ${this.pick(['NULL', 'NOT NULL', 'TRUE', 'NOT TRUE', 'FALSE'])})`
			case 21:
				return this.pick([
					`date(${e()})`,
					`strftime('%Y-%m', ${e()}, 'unixepoch')`,
					`datetime(${e()}, '+1 day')`,
					`printf('%d|%s', ${e()}, ${e()})`,
					`printf('%.2f', ${e()})`,
					`unixepoch(${e()})`,
					`printf('%-6s|%5.1f|%x', ${e()}, ${e()}, ${e()})`,
					`printf(${e()}, ${e()})`,
					`(${e()} GLOB ${e()})`,
					`(${e()} LIKE ${e()})`,
					`${this.pick(['floor', 'ceil', 'sqrt', 'sign', 'quote'])}(${e()})`,
					`(${e()} COLLATE NOCASE = ${e()})`,
				])
			case 22:
			case 23:
				return this.#json(depth)
			case 24:
			case 25:
				return this.#date(depth)
			default:
				return `CASE ${e()} WHEN ${e()} THEN ${e()} END`
		}
	}
}
