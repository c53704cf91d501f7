/**
 * What was renamed between two schemas. Names alone do not tell: a column that is gone and one that is new may be the same one.
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'
import { MigrationError } from '../../migrator/migration-error.ts'
import { mapValues, type Snapshot, type SnapshotRenames, type SnapshotTable } from './snapshot.ts'

/** What was renamed between two schemas. */
export interface Renames {
	/** The old name of a table to its new one. */
	readonly tables: ReadonlyMap<string, string>
	/** By the new name of a table: the old name of a column to its new one. */
	readonly columns: ReadonlyMap<string, ReadonlyMap<string, string>>
}

/** Nothing was renamed. */
export const NO_RENAMES: Renames = { tables: new Map(), columns: new Map() }

/** What the user says of renames beforehand. */
export interface RenameHints {
	/** Flags, `old=new` or `table.old=table.new`; each must fit. */
	readonly renames: readonly string[]
	/** Flags, `old` or `table.old`: it is dropped, whatever is new; each must fit. */
	readonly drops: readonly string[]
	/** Of the configuration; those of past migrations may stay there. */
	readonly configured: Readonly<Record<string, string>>
}

/** Which of the missing things a new one was before. */
export interface RenameQuestion {
	/** Name of the table that both columns are of; null where tables themselves are meant. */
	readonly table: string | null
	readonly created: string
	/** Names that are gone. */
	readonly missing: readonly string[]
}

/** Asks a person. @returns the old name, or null where it is new */
export type AskRename = (question: RenameQuestion) => Promise<string | null>

/**
 * Finds out what was renamed.
 *
 * @param ask - asks a person where the hints leave something open; null where nobody is there
 * @throws SQLakeError USAGE_INVALID for a flag that does not fit, MIGRATION_AMBIGUOUS where nobody can be asked
 */
export async function resolveRenames(prev: Snapshot, cur: Snapshot, hints: RenameHints, ask: AskRename | null): Promise<Renames> {
	const reader = new HintReader(hints)
	const tables = await reader.resolve(null, Object.keys(prev.tables), Object.keys(cur.tables), ask)
	const columns = new Map<string, ReadonlyMap<string, string>>()
	for (const after of Object.values(cur.tables)) {
		const formerName = [...tables].find(([, to]) => to === after.name)?.[0] ?? after.name
		const before = prev.tables[formerName]
		if (before === undefined) continue
		const names = { now: after.name, before: formerName }
		const renamed = await reader.resolve(names, Object.keys(before.columns), Object.keys(after.columns), ask)
		if (renamed.size > 0) columns.set(after.name, renamed)
	}
	reader.refuseUnused()
	return { tables, columns }
}

/** A table by its name now, and by that of before. */
interface TableNames {
	readonly now: string
	readonly before: string
}

class HintReader {
	readonly #renames: readonly (readonly [string, string])[]
	readonly #configured: readonly (readonly [string, string])[]
	readonly #drops: readonly string[]
	readonly #used = new Set<string>()

	constructor({ renames, drops, configured }: RenameHints) {
		this.#renames = renames.map(parseRename)
		this.#configured = Object.entries(configured)
		this.#drops = drops
	}

	/** The names that were renamed among tables, where `table` is null, or among the columns of one. */
	async resolve(
		table: TableNames | null,
		before: readonly string[],
		after: readonly string[],
		ask: AskRename | null,
	): Promise<Map<string, string>> {
		let missing = before.filter((name) => !after.includes(name))
		let created = after.filter((name) => !before.includes(name))
		const renamed = new Map<string, string>()
		const take = (from: string, to: string) => {
			renamed.set(from, to)
			missing = missing.filter((name) => name !== from)
			created = created.filter((name) => name !== to)
		}
		for (const to of created) {
			// SQLite minds no case: a table cannot have both, so it is a rename.
			const from = this.#hinted(table, to, missing) ?? missing.find((name) => name.toLowerCase() === to.toLowerCase())
			if (from !== undefined) take(from, to)
		}
		missing = missing.filter((name) => !this.#isDropped(table, name))
		if (ask === null && missing.length > 0 && created.length > 0) throw ambiguous(table?.now ?? null, missing, created)
		for (const to of created) {
			if (ask === null || missing.length === 0) break
			const from = await ask({ table: table?.now ?? null, created: to, missing })
			if (from !== null) take(from, to)
		}
		return renamed
	}

	/** @throws SQLakeError USAGE_INVALID for a flag that named nothing */
	refuseUnused(): void {
		for (const [from, to] of this.#renames) {
			if (this.#used.has(`${from}=${to}`)) continue
			throw new SQLakeError(
				'USAGE_INVALID',
				`--rename ${from}=${to}: expected a name that is gone and one that is new, found neither`,
				{
					hint: 'name a table as old=new, a column as table.old=table.new; the schema files must have the new name already',
				},
			)
		}
		for (const name of this.#drops) {
			if (this.#used.has(name)) continue
			throw new SQLakeError(
				'USAGE_INVALID',
				`--drop ${name}: expected a table or a column that is gone from the schema, found none`,
				{
					hint: 'name a table, or a column as table.column',
				},
			)
		}
	}

	#hinted(table: TableNames | null, to: string, missing: readonly string[]): string | undefined {
		const targets = spellings(table, to)
		for (const from of missing) {
			const sources = spellings(table, from)
			const flag = this.#renames.find(
				([old, now]) => sources.includes(old) && (targets.includes(now) || (table !== null && now === to)),
			)
			if (flag !== undefined) {
				this.#used.add(`${flag[0]}=${flag[1]}`)
				return from
			}
			const entry = this.#configured.find(([old, now]) => sources.includes(old) && (targets.includes(now) || now === to))
			if (entry !== undefined) return from
		}
		return undefined
	}

	#isDropped(table: TableNames | null, name: string): boolean {
		const flag = this.#drops.find((drop) => spellings(table, name).includes(drop))
		if (flag !== undefined) this.#used.add(flag)
		return flag !== undefined
	}
}

/** How a name may be written: a table by its name, a column after either name of its table. */
function spellings(table: TableNames | null, name: string): readonly string[] {
	return table === null ? [name] : [`${table.now}.${name}`, `${table.before}.${name}`]
}

function parseRename(flag: string): readonly [string, string] {
	const [from, to, ...rest] = flag.split('=')
	if (from && to && rest.length === 0) return [from, to]
	throw new SQLakeError('USAGE_INVALID', `--rename ${flag}: expected old=new, found ${JSON.stringify(flag)}`, {
		hint: '--rename people=users, or --rename users.mail=users.email',
	})
}

function ambiguous(table: string | null, missing: readonly string[], created: readonly string[]): MigrationError {
	const name = (of: string) => (table === null ? of : `${table}.${of}`)
	const [from = '', to = ''] = [missing[0], created[0]]
	const what = table === null ? 'table' : 'column'
	const quoted = (names: readonly string[]) => names.map((each) => `"${name(each)}"`).join(', ')
	return new MigrationError(
		'MIGRATION_AMBIGUOUS',
		`${what} ${quoted(missing)}: expected to be told whether it is gone or now called ${quoted(created)}, found no hint`,
		{
			hint: `renamed: --rename ${name(from)}=${name(to)}; gone for good, with its data: --drop ${name(from)}`,
			details: { table, missing: [...missing], created: [...created] },
		},
	)
}

/** What drizzle-kit writes of renames into a snapshot. */
export function renamesToMeta({ tables, columns }: Renames): SnapshotRenames & { readonly schemas: object } {
	return {
		schemas: {},
		tables: Object.fromEntries(Array.from(tables, ([from, to]) => [`"${from}"`, `"${to}"`])),
		columns: Object.fromEntries(
			Array.from(columns, ([table, renamed]) =>
				Array.from(renamed, ([from, to]) => [`"${table}"."${from}"`, `"${table}"."${to}"`]),
			).flat(),
		),
	}
}

/** What a snapshot tells of renames. */
export function renamesFromMeta({ _meta }: Snapshot): Renames {
	const columns = new Map<string, Map<string, string>>()
	for (const [from, to] of Object.entries(_meta.columns)) {
		const [old, now] = [namesOf(from), namesOf(to)]
		const [table, column] = now.slice(-2)
		const former = old.at(-1)
		if (table === undefined || column === undefined || former === undefined) continue
		const renamed = columns.get(table) ?? new Map<string, string>()
		columns.set(table, renamed.set(former, column))
	}
	return {
		tables: new Map(Object.entries(_meta.tables).map(([from, to]) => [namesOf(from).at(-1) ?? from, namesOf(to).at(-1) ?? to])),
		columns,
	}
}

/** The names in `"table"."column"`. */
function namesOf(quoted: string): string[] {
	return quoted.slice(1, -1).split('"."')
}

/** The renames that undo renames. */
export function reverseRenames({ tables, columns }: Renames): Renames {
	const formerName = new Map(Array.from(tables, ([from, to]) => [to, from]))
	return {
		tables: formerName,
		columns: new Map(Array.from(columns, ([table, renamed]) => [formerName.get(table) ?? table, reverse(renamed)])),
	}
}

function reverse(map: ReadonlyMap<string, string>): Map<string, string> {
	return new Map(Array.from(map, ([from, to]) => [to, from]))
}

/** Columns of each table that were renamed, the new name to the old one, as field ids are assigned by. */
export function formerColumnNames({ columns }: Renames): ReadonlyMap<string, ReadonlyMap<string, string>> {
	return new Map(Array.from(columns, ([table, renamed]) => [table, reverse(renamed)]))
}

/** The tables of a snapshot under other names, without a look at what refers to them. */
export function renameKeys(tables: Snapshot['tables'], { tables: renamed }: Renames): Record<string, SnapshotTable> {
	return Object.fromEntries(
		Object.values(mapValues(tables, (table) => ({ ...table, name: renamed.get(table.name) ?? table.name }))).map((table) => [
			table.name,
			table,
		]),
	)
}
