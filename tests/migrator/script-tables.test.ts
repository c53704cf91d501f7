import { describe, expect, it } from 'vitest'
import { createMigrationManifest } from '../../src/migrator/create-migration-manifest.ts'
import { scriptHistory } from '../../src/migrator/script-tables.ts'

function migrationsOf(...scripts: readonly string[]) {
	return createMigrationManifest({
		journal: { entries: scripts.map((_, idx) => ({ idx, tag: `000${idx}_m`, when: idx + 1, breakpoints: true })) },
		migrations: Object.fromEntries(scripts.map((sql, idx) => [`m000${idx}`, sql])),
	}).migrations
}

/** After the last of some migrations: the field ids of a table's columns. */
const idsOf = (table: string, ...scripts: readonly string[]) =>
	Object.fromEntries(
		scriptHistory(migrationsOf(...scripts))
			?.states.at(-1)
			?.get(table)
			?.columns.map(({ name, fieldId }) => [name, fieldId]) ?? [],
	)

const T = 'CREATE TABLE t (id text PRIMARY KEY, a text, b integer)'

describe('the tables of scripts', () => {
	it.each([
		['begin with 101, in the order of the SQL', [T], { id: 101, a: 102, b: 103 }],
		['keep the id of a renamed column', [T, 'ALTER TABLE t RENAME COLUMN "A" TO c'], { id: 101, c: 102, b: 103 }],
		['give no id twice', [T, 'ALTER TABLE t DROP a', 'ALTER TABLE t ADD a text'], { id: 101, b: 103, a: 104 }],
		[
			'give names that swap their own ids',
			[T, 'ALTER TABLE t RENAME a TO x; ALTER TABLE t RENAME b TO a; ALTER TABLE t RENAME x TO b'],
			{ id: 101, b: 102, a: 103 },
		],
		[
			'take a rebuild that copies all for the same table',
			[
				T,
				'CREATE TABLE n (id text PRIMARY KEY, a text, b integer); INSERT INTO n SELECT * FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t',
			],
			{ id: 101, a: 102, b: 103 },
		],
		[
			'take the old table being renamed away for a rebuild too',
			[
				T,
				'ALTER TABLE t RENAME TO o; CREATE TABLE t (b integer, id text PRIMARY KEY); INSERT INTO t (id, b) SELECT id, b FROM o; DROP TABLE o',
			],
			{ b: 103, id: 101 },
		],
		[
			'take what a rebuild computes for a new column',
			[
				T,
				"CREATE TABLE n (id text PRIMARY KEY, a text); INSERT INTO n SELECT id, a || '!' FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t",
			],
			{ id: 101, a: 104 },
		],
		[
			'take a change of affinity for a new column',
			[
				T,
				'CREATE TABLE n (id text PRIMARY KEY, a text, b text); INSERT INTO n SELECT id, a, b FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t',
			],
			{ id: 101, a: 102, b: 104 },
		],
		['begin anew behind the ids of a table that was dropped', [T, 'DROP TABLE t', T], { id: 104, a: 105, b: 106 }],
	] as const)('%s', (_, scripts, expected) => {
		expect(idsOf('t', ...scripts)).toEqual(expected)
	})

	it('have the number of the migration that last changed them as version', () => {
		const history = scriptHistory(
			migrationsOf(T, 'CREATE TABLE u (id integer PRIMARY KEY)', 'UPDATE t SET a = 1', 'ALTER TABLE t ADD c'),
		)
		expect(history?.states.map((state) => [state.get('t')?.version, state.get('u')?.version])).toEqual([
			[undefined, undefined],
			[1, undefined],
			[1, 2],
			[1, 2],
			[4, 2],
		])
	})

	it('are not told where a table is made of a query, or a statement about tables is not understood', () => {
		expect(scriptHistory(migrationsOf('CREATE TABLE t AS SELECT 1 AS id'))).toBeNull()
		expect(scriptHistory(migrationsOf(T, 'ALTER TABLE t ALTER COLUMN a SET NOT NULL NULL'))).toBeNull()
	})
})
