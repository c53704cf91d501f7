/**
 * Random schemas and random statements on them, from one source of choices.
 *
 * @module
 */

/** Picks one of several. */
export type Pick = <T>(...choices: readonly T[]) => T

/** A program: tables and triggers, and statements to run on them. */
export interface Program {
	readonly tables: readonly string[]
	readonly ddl: readonly string[]
	/** Triggers of the user's that are created while capture is installed already. */
	readonly laterDdl: readonly string[]
	readonly statements: readonly RandomStatement[]
}

/** A statement. */
export interface RandomStatement {
	readonly text: string
	/** It sets every column to itself: nothing may be captured. */
	readonly noop: boolean
	/**
	 * Runs in a transaction of its own. On a type error in a STRICT table SQLite takes back all of a statement or, where it has
	 * planned without a statement journal, only its last row; triggers change the plan.
	 */
	readonly atomic: boolean
}

interface RandomTable {
	readonly name: string
	readonly ddl: readonly string[]
	/** Columns that can be written. */
	readonly columns: readonly string[]
	readonly key: readonly string[]
	readonly strict: boolean
	/** Values that its key columns take for the most part. */
	readonly keyValues: readonly string[]
}

const quote = (name: string) => `"${name.replaceAll('"', '""')}"`
const names = ['t', 'Order', 'se"lect', 'tä 🚀', 'a b', "x'y"]
const columnNames = ['a', 'group', 'c"d', 'é', 'e f', 'g;h', 'NEW', '_']
const types = ['INTEGER', 'TEXT', 'REAL', 'BLOB', 'NUMERIC', '', 'BOOLEAN', 'VARCHAR(9)', 'INT', 'DOUBLE']

const integers = [
	'0',
	'1',
	'-1',
	'2',
	'7',
	'9007199254740991',
	'9007199254740993',
	'-9007199254740993',
	'9223372036854775807',
	'-9223372036854775808',
]
const reals = [
	'0.0',
	'-0.0',
	'1.0',
	'0.1',
	'-1.5',
	'1e300',
	'9e999',
	'-9e999',
	'5e-324',
	'9007199254740992.0',
	'-9223372036854775808.0',
	'2.5e-8',
	'3.141592653589793',
]
const texts = [
	"''",
	"'a'",
	"'A'",
	"'a '",
	"'ab'",
	"'1'",
	"'1.0'",
	"' 1'",
	"'0x10'",
	"'9223372036854775808'",
	"'it''s'",
	"'🚀'",
	"'null'",
	"'a'||char(0)||'b'",
	'char(0xfffd)',
	"char(0xfeff)||'b'",
	"CAST(x'ff41' AS TEXT)",
	"CAST(x'61eda08062' AS TEXT)",
	"CAST(x'c3' AS TEXT)",
]
const blobs = ["x''", "x'00'", "x'61'", "x'ff41'", 'zeroblob(20)']

const value = (pick: Pick): string => {
	const pool = pick(integers, reals, texts, blobs, integers, texts, null)
	return pool === null ? 'NULL' : pick(...pool)
}

/** Without the greatest integer: once that is taken SQLite gives out rowids at random. */
const keyIntegers = [
	...integers.filter((integer) => integer !== '9223372036854775807'),
	'3',
	'4',
	'5',
	'6',
	'8',
	'9',
	'10',
	'NULL',
]

/** A program of a number of statements. */
export function randomProgram(pick: Pick, statements: number): Program {
	const tables: RandomTable[] = []
	const count = pick(1, 2, 3)
	for (let index = 0; index < count; index++) tables.push(randomTable(pick, `${pick(...names)}${index}`, tables))
	const audit = randomAudit(pick, tables)
	const ddl = tables.flatMap((table) => table.ddl)
	return {
		tables: [...tables.map(({ name }) => name), ...(audit === null ? [] : ['audit'])],
		ddl: audit === null ? ddl : [...ddl, audit.table, ...audit.before],
		laterDdl: audit?.after ?? [],
		statements: Array.from({ length: statements }, () => {
			const table = pick(...tables)
			const noop = audit === null && pick(...Array.from({ length: 9 }, () => false), true)
			return {
				text: noop ? noopStatement(table) : randomStatement(pick, table),
				noop,
				atomic: tables.some(({ strict }) => strict),
			}
		}),
	}
}

function randomTable(pick: Pick, name: string, others: readonly RandomTable[]): RandomTable {
	const wide = pick(false, false, false, false, false, false, false, true)
	const plain = wide ? Array.from({ length: 60 }, (_, index) => `w${index}`) : columnNames.slice(0, pick(2, 3, 4, 5))
	const strict = !wide && pick(false, false, false, true)
	const typeOf = () => (strict ? pick('INTEGER', 'TEXT', 'REAL', 'BLOB', 'ANY', 'INT') : pick(...types))
	const columns = plain.map((column) => {
		const constraints = [
			pick('', '', ' COLLATE NOCASE', ' COLLATE RTRIM'),
			pick('', '', '', ' UNIQUE', ' UNIQUE ON CONFLICT REPLACE', ' UNIQUE ON CONFLICT IGNORE'),
			pick('', '', '', ' DEFAULT 5 NOT NULL ON CONFLICT REPLACE'),
		]
		return { column, sql: `${quote(column)} ${typeOf()}${wide ? '' : constraints.join('')}` }
	})
	const keyKind = pick('rowid', 'rowid', 'text', 'composite', 'any')
	const key = keyKind === 'composite' ? ['k1', 'k2'] : ['k1']
	const conflict = pick('', '', ' ON CONFLICT REPLACE')
	const keyColumns = {
		rowid: [`k1 INTEGER PRIMARY KEY${conflict}`],
		text: [`k1 TEXT ${pick('', 'COLLATE NOCASE')} NOT NULL PRIMARY KEY${conflict}`],
		any: [`k1 ${strict ? 'ANY' : pick('', 'NUMERIC', 'REAL')} NOT NULL PRIMARY KEY${conflict}`],
		composite: [`k1 ${typeOf()} NOT NULL`, `k2 ${typeOf()} NOT NULL`],
	}[keyKind]
	const target = others.length > 0 ? pick(null, ...others.filter((other) => other.key.length === 1)) : null
	const actions = ['CASCADE', 'SET NULL', 'NO ACTION', 'SET DEFAULT']
	const reference =
		target === null
			? []
			: [`parent REFERENCES ${quote(target.name)}(k1) ON DELETE ${pick(...actions)} ON UPDATE ${pick(...actions)}`]
	if (strict && reference.length > 0) reference[0] = String(reference[0]).replace('parent', 'parent ANY')
	const first = quote(plain[0] ?? 'a')
	const generated = wide
		? []
		: pick<string[]>(
				[],
				[],
				[`gv ${strict ? 'ANY' : pick(...types)} AS (${first} || 'x')`],
				[`gs ${strict ? 'ANY' : pick(...types)} AS (${first}) STORED`],
				[`gn ${strict ? 'ANY' : pick('', 'INTEGER', 'REAL')} AS (k1) VIRTUAL`],
			)
	const options = [pick('', '', 'WITHOUT ROWID'), strict ? 'STRICT' : ''].filter((option) => option !== '')
	const last = keyKind === 'composite' ? [`PRIMARY KEY (k1, k2)${conflict}`] : []
	const body = [...keyColumns, ...columns.map(({ sql }) => sql), ...reference, ...generated, ...last]
	const index = wide ? null : pick(null, null, `(${first}, k1)`, `(${first}) WHERE ${first} IS NOT NULL`, `(lower(${first}))`)
	return {
		name,
		columns: [...key, ...plain, ...(reference.length > 0 ? ['parent'] : [])],
		key,
		strict,
		keyValues:
			keyKind === 'rowid'
				? keyIntegers
				: keyKind === 'text'
					? texts
					: strict
						? [...keyIntegers, ...texts]
						: [...keyIntegers, ...texts, ...blobs],
		ddl: [
			`CREATE TABLE ${quote(name)} (${body.join(', ')}) ${options.join(', ')}`,
			...(index === null ? [] : [`CREATE UNIQUE INDEX ${quote(`ix ${name}`)} ON ${quote(name)} ${index}`]),
		],
	}
}

/** Triggers of the user's: they write an audit table, and the row they fired for. */
function randomAudit(pick: Pick, tables: readonly RandomTable[]): { table: string; before: string[]; after: string[] } | null {
	if (pick(true, false)) return null
	const triggers = tables.flatMap((table, index) => {
		const on = quote(table.name)
		const column = quote(table.columns.at(-1) === 'parent' ? (table.columns.at(-2) ?? 'k1') : (table.columns.at(-1) ?? 'k1'))
		const key = table.key.map((name) => `${name} IS NEW.${name}`).join(' AND ')
		return [
			pick(
				'',
				`CREATE TRIGGER i${index} ${pick('BEFORE', 'AFTER')} INSERT ON ${on} BEGIN INSERT INTO audit (what, v) VALUES ('i', NEW.k1); END`,
			),
			pick('', `CREATE TRIGGER u${index} AFTER UPDATE ON ${on} BEGIN INSERT INTO audit (what, v) VALUES ('u', OLD.k1); END`),
			pick('', `CREATE TRIGGER d${index} AFTER DELETE ON ${on} BEGIN INSERT INTO audit (what, v) VALUES ('d', OLD.k1); END`),
			pick(
				'',
				`CREATE TRIGGER s${index} AFTER INSERT ON ${on} WHEN NEW.${column} IS NULL BEGIN UPDATE OR IGNORE ${on} SET ${column} = 'auto' WHERE ${key}; END`,
			),
			pick(
				'',
				`CREATE TRIGGER z${index} AFTER UPDATE ON ${on} WHEN typeof(NEW.${column}) = 'text' AND OLD.${column} IS NULL BEGIN DELETE FROM ${on} WHERE ${key}; END`,
			),
		].filter((trigger) => trigger !== '')
	})
	const before = triggers.filter(() => pick(true, false))
	return {
		table: 'CREATE TABLE audit (id INTEGER PRIMARY KEY, what TEXT, v)',
		before,
		after: triggers.filter((trigger) => !before.includes(trigger)),
	}
}

function noopStatement(table: RandomTable): string {
	return `UPDATE ${quote(table.name)} SET ${table.columns.map((column) => `${quote(column)} = ${quote(column)}`).join(', ')}`
}

function randomStatement(pick: Pick, table: RandomTable): string {
	const on = quote(table.name)
	const valueFor = (column: string) =>
		table.key.includes(column)
			? pick(...table.keyValues)
			: column === 'parent'
				? pick('NULL', '1', '2', "'a'", "'ab'")
				: value(pick)
	const row = () => `(${table.columns.map(valueFor).join(', ')})`
	const where = () =>
		pick(
			'',
			'',
			`WHERE ${pick(...table.key)} IN (${Array.from({ length: 4 }, () => pick(...table.keyValues)).join(', ')})`,
			`WHERE ${quote(pick(...table.columns))} > ${value(pick)}`,
			`WHERE rowid % 2 = ${pick('0', '1')}`,
		).replace('rowid', pick('rowid', 'k1'))
	const assignment = () => {
		const name = pick(...table.columns)
		const column = quote(name)
		return `${column} = ${pick(valueFor(name), valueFor(name), column, `${column} + 1`, `${column} || 'z'`, `CAST(${column} AS REAL)`, `upper(${column})`, `rtrim(${column})`, `-${column}`)}`
	}
	const rows = Array.from({ length: pick(1, 1, 2, 5) }, row).join(', ')
	const into = `INTO ${on} (${table.columns.map(quote).join(', ')}) VALUES ${rows}`
	const conflict = pick('', '', ' OR REPLACE', ' OR IGNORE', ' OR FAIL')
	switch (pick('insert', 'insert', 'insert', 'replace', 'upsert', 'update', 'update', 'delete', 'copy')) {
		case 'insert':
			return `INSERT${conflict} ${into}`
		case 'replace':
			return `REPLACE ${into}`
		case 'upsert':
			return `INSERT ${into} ON CONFLICT DO ${pick('NOTHING', `UPDATE SET ${assignment()}`)}`
		case 'update':
			return `UPDATE${conflict} ${on} SET ${pick(assignment(), [...new Set([assignment()])].join(', '))} ${where()}`
		case 'delete':
			return `DELETE FROM ${on} ${where()}`
		default:
			return `INSERT${conflict} INTO ${on} (${table.columns.map(quote).join(', ')}) SELECT ${table.columns.map((column) => (column === 'k1' ? "k1 || '1'" : quote(column))).join(', ')} FROM ${on} LIMIT 3`
	}
}
