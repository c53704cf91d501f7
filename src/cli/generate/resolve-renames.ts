/**
 * Finds out what was renamed. Names alone do not tell: a column that is gone and one that is new may be the same one.
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'
import type { Snapshot } from '../../local/statements/snapshot.ts'
import { MigrationError } from '../../migrator/migration-error.ts'
import type { Renames } from './renames.ts'

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
