import { describe, expect, it } from 'vitest'
import { NO_RENAMES, renamesFromMeta, renamesToMeta } from '../../../src/cli/generate/renames.ts'
import {
	type AskRename,
	type RenameHints,
	type RenameQuestion,
	resolveRenames,
} from '../../../src/cli/generate/resolve-renames.ts'
import { EMPTY_SNAPSHOT, type Snapshot } from '../../../src/local/statements/snapshot.ts'

/** A schema of tables with these columns. */
function schema(tables: Readonly<Record<string, readonly string[]>>): Snapshot {
	const columns = (names: readonly string[]) =>
		Object.fromEntries(
			names.map((name) => [name, { name, type: 'text', primaryKey: false, notNull: false, autoincrement: false }]),
		)
	return {
		...EMPTY_SNAPSHOT,
		tables: Object.fromEntries(
			Object.entries(tables).map(([name, names]) => [
				name,
				{
					name,
					columns: columns(names),
					indexes: {},
					foreignKeys: {},
					compositePrimaryKeys: {},
					uniqueConstraints: {},
					checkConstraints: {},
				},
			]),
		),
	}
}

const none: RenameHints = { renames: [], drops: [], configured: {} }

/** Answers questions in turn, and keeps them. */
function answering(...answers: readonly (string | null)[]): { readonly ask: AskRename; readonly asked: RenameQuestion[] } {
	const asked: RenameQuestion[] = []
	return {
		asked,
		ask: async (question) => {
			asked.push(question)
			return answers[asked.length - 1] ?? null
		},
	}
}

const plain = ({ tables, columns }: Awaited<ReturnType<typeof resolveRenames>>) => ({
	tables: Object.fromEntries(tables),
	columns: Object.fromEntries(Array.from(columns, ([name, renamed]) => [name, Object.fromEntries(renamed)])),
})

describe('resolveRenames', () => {
	it('asks a person for each new name, with the old ones that are left', async () => {
		const { ask, asked } = answering('people', 'mail', null)
		const renames = await resolveRenames(
			schema({ people: ['id', 'mail', 'age'], other: ['id'] }),
			schema({ users: ['id', 'email', 'note'], other: ['id'] }),
			none,
			ask,
		)
		expect(plain(renames)).toEqual({ tables: { people: 'users' }, columns: { users: { mail: 'email' } } })
		expect(asked).toEqual([
			{ table: null, created: 'users', missing: ['people'] },
			{ table: 'users', created: 'email', missing: ['mail', 'age'] },
			{ table: 'users', created: 'note', missing: ['age'] },
		])
	})

	it('asks nobody where nothing is open', async () => {
		const { ask, asked } = answering()
		expect(plain(await resolveRenames(schema({ a: ['x'] }), schema({ a: ['x', 'y'], b: ['z'] }), none, ask))).toEqual({
			tables: {},
			columns: {},
		})
		expect(plain(await resolveRenames(schema({ a: ['x', 'y'], b: ['z'] }), schema({ a: ['x'] }), none, ask))).toEqual({
			tables: {},
			columns: {},
		})
		expect(asked).toEqual([])
	})

	it('asks only for what the hints leave open', async () => {
		const { ask, asked } = answering('b')
		const hints = { renames: ['t.a=t.x'], drops: ['t.c'], configured: {} }
		const renames = await resolveRenames(schema({ t: ['a', 'b', 'c'] }), schema({ t: ['x', 'y'] }), hints, ask)
		expect(plain(renames).columns).toEqual({ t: { a: 'x', b: 'y' } })
		expect(asked).toEqual([{ table: 't', created: 'y', missing: ['b'] }])
	})

	it('takes columns of a renamed table by either of its names', async () => {
		const [before, after] = [schema({ people: ['mail', 'tel'] }), schema({ users: ['email', 'phone'] })]
		for (const hints of [
			{ ...none, renames: ['people=users', 'people.mail=users.email', 'users.tel=phone'] },
			{ ...none, configured: { people: 'users', 'people.mail': 'email', 'users.tel': 'users.phone' } },
		]) {
			expect(plain(await resolveRenames(before, after, hints, null))).toEqual({
				tables: { people: 'users' },
				columns: { users: { mail: 'email', tel: 'phone' } },
			})
		}
	})
})

describe('the renames in a snapshot', () => {
	it('come back as they went, also with dots in names', () => {
		const renames = {
			tables: new Map([['people', 'users']]),
			columns: new Map([['users', new Map([['e.mail', 'e-mail']])]]),
		}
		expect(renamesFromMeta({ ...EMPTY_SNAPSHOT, _meta: renamesToMeta(renames) })).toEqual(renames)
		expect(renamesFromMeta({ ...EMPTY_SNAPSHOT, _meta: renamesToMeta(NO_RENAMES) })).toEqual(NO_RENAMES)
	})
})
