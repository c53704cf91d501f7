import { describe, expect, test } from 'vitest'
import { Capture } from '../../../src/cdc/capture.ts'
import { brief, drain, inObject, inShard, schemaOf } from './support.ts'

const ddl = 'CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)'

describe('install', () => {
	test('is idempotent: a second time it writes nothing', () =>
		inShard(ddl, ['t'], ({ sql, capture, captureOf, take }) => {
			sql.exec("INSERT INTO t VALUES (1, 'a')")
			const before = [...sql.exec('SELECT name, sql, rowid FROM sqlite_schema ORDER BY name').raw()]
			capture.install()
			captureOf('t').install()
			expect([...sql.exec('SELECT name, sql, rowid FROM sqlite_schema ORDER BY name').raw()]).toEqual(before)
			expect(take().length).toBe(1)
		}))

	test('back-fills the rows of a table that is new to capture, once', () =>
		inShard(`${ddl}; CREATE TABLE late (k TEXT PRIMARY KEY, v) WITHOUT ROWID`, ['t'], ({ sql, captureOf, take }) => {
			sql.exec("INSERT INTO late VALUES ('a', 1), ('b', 9007199254740993)")
			const both = captureOf('t', 'late')
			both.install()
			both.install()
			sql.exec("UPDATE late SET v = 2 WHERE k = 'a'")
			expect(brief(take(both))).toEqual([
				['c', 'late', null, { k: 'a', v: 1 }],
				['c', 'late', null, { k: 'b', v: 9007199254740993n }],
				['u', 'late', { k: 'a', v: 1 }, { k: 'a', v: 2 }],
			])
			expect(both.epoch).toBe(1)
		}))

	test('a back-fill of many rows can be delivered in parts', () =>
		inShard(ddl, [], ({ sql, captureOf }) => {
			sql.exec(
				'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000) INSERT INTO t SELECT i, i FROM n',
			)
			const capture = captureOf('t')
			capture.install()
			const sizes = drain(capture, 6_000).map(({ tables }) => tables[0]?.length)
			expect(sizes).toEqual([5_000, 5_000, 2_000])
		}))

	test('tables that no migration has created yet are left for the next time; tables outside the schema are left alone', () =>
		inShard(`${ddl}; CREATE TABLE other (id INTEGER PRIMARY KEY)`, ['t'], ({ sql, storage, take }) => {
			sql.exec('CREATE TABLE later (id INTEGER PRIMARY KEY)')
			const schema = schemaOf(sql, 't', 'later')
			sql.exec('DROP TABLE later')
			const capture = new Capture(storage, schema, { shard: 'test' })
			capture.install()
			sql.exec('CREATE TABLE later (id INTEGER PRIMARY KEY); INSERT INTO other VALUES (1); INSERT INTO later VALUES (1)')
			capture.install()
			sql.exec('INSERT INTO later VALUES (2)')
			expect(take(capture).map(({ _op, _table }) => `${_op} ${_table}`)).toEqual(['c later', 'c later'])
		}))

	test('works again after deleteAll(), and an epoch can be started then', () =>
		inObject('delete-all', async (storage) => {
			storage.sql.exec(ddl)
			const capture = new Capture(storage, schemaOf(storage.sql, 't'), { shard: 's' })
			capture.install()
			storage.sql.exec("INSERT INTO t VALUES (1, 'a')")
			await storage.deleteAll()
			expect(() => capture.nextFlight(1)).toThrow(expect.objectContaining({ code: 'CAPTURE_INSTALL' }))
			storage.sql.exec(ddl)
			capture.install()
			storage.sql.exec("INSERT INTO t VALUES (1, 'b')")
			storage.sql.exec("REPLACE INTO t VALUES (1, 'c')")
			capture.startEpoch(2)
			storage.sql.exec("REPLACE INTO t VALUES (1, 'd')")
			const [batch] = drain(capture)
			expect(batch).toMatchObject({ epoch: 2, fromSeq: 4 })
			expect(batch?.tables[0]?.op).toEqual(['c', 'd', 'c'])
		}))

	test('a view and a table that is too wide are refused by name', () =>
		inShard(
			`${ddl}; CREATE VIEW v AS SELECT id, name FROM t; CREATE TABLE w (${Array.from({ length: 98 }, (_, index) => `c${index}`).join(', ')})`,
			['t'],
			({ captureOf }) => {
				for (const table of ['v', 'w']) {
					expect(() => captureOf(table).install()).toThrow(
						expect.objectContaining({ code: 'CAPTURE_INSTALL', message: expect.stringContaining(`"${table}"`) }),
					)
				}
			},
		))

	test('a table that left the schema is not captured any more, but what waits is delivered', () =>
		inShard(`${ddl}; CREATE TABLE gone (id INTEGER PRIMARY KEY)`, ['t', 'gone'], ({ sql, captureOf, take }) => {
			sql.exec('INSERT INTO gone VALUES (1)')
			const rest = captureOf('t')
			rest.install()
			sql.exec('INSERT INTO gone VALUES (2)')
			sql.exec('DROP TABLE gone')
			rest.install()
			expect(brief(take(rest))).toEqual([['c', 'gone', null, { id: 1 }]])
		}))
})

describe('a table that changes', () => {
	test('ADD COLUMN: old changes read NULL in it, new ones its value, and rows that got a default are restated', () =>
		inShard(ddl, ['t'], ({ sql, captureOf, take }) => {
			sql.exec("INSERT INTO t VALUES (1, 'a')")
			sql.exec('ALTER TABLE t ADD COLUMN age INTEGER DEFAULT 7')
			const capture = captureOf('t')
			capture.install()
			sql.exec("INSERT INTO t VALUES (2, 'b', 9007199254740993)")
			sql.exec('UPDATE t SET age = 8 WHERE id = 1')
			expect(brief(take(capture))).toEqual([
				['c', 't', null, { id: 1, name: 'a', age: null }],
				['u', 't', { id: 1, name: 'a', age: 7 }, { id: 1, name: 'a', age: 7 }],
				['c', 't', null, { id: 2, name: 'b', age: 9007199254740993n }],
				['u', 't', { id: 1, name: 'a', age: 7 }, { id: 1, name: 'a', age: 8 }],
			])
			expect(capture.epoch).toBe(1)
		}))

	test('RENAME COLUMN: changes from before it come under the new name', () =>
		inShard(ddl, ['t'], ({ sql, captureOf, take }) => {
			sql.exec("INSERT INTO t VALUES (1, 'a')")
			sql.exec('ALTER TABLE t RENAME COLUMN name TO "full ""name"')
			sql.exec("INSERT INTO t VALUES (2, 'b')")
			const capture = captureOf('t')
			capture.install()
			sql.exec("INSERT INTO t VALUES (3, 'c')")
			expect(take(capture).map(({ _after }) => _after)).toEqual([
				{ id: 1, 'full "name': 'a' },
				{ id: 2, 'full "name': 'b' },
				{ id: 3, 'full "name': 'c' },
			])
			expect(capture.epoch).toBe(1)
		}))

	test('RENAME TABLE: what waits comes under the new name, and the rows are restated', () =>
		inShard(ddl, ['t'], ({ sql, captureOf, take }) => {
			sql.exec("INSERT INTO t VALUES (1, 'a')")
			sql.exec('ALTER TABLE t RENAME TO people')
			const capture = captureOf('people')
			capture.install()
			sql.exec("UPDATE people SET name = 'b'")
			expect(brief(take(capture))).toEqual([
				['c', 'people', null, { id: 1, name: 'a' }],
				['u', 'people', { id: 1, name: 'a' }, { id: 1, name: 'a' }],
				['u', 'people', { id: 1, name: 'a' }, { id: 1, name: 'b' }],
			])
		}))

	test('DROP COLUMN: a released table lets the column go, and no epoch begins', () =>
		inShard('CREATE TABLE t (id INTEGER PRIMARY KEY, a, b)', ['t'], ({ sql, storage, capture, captureOf, take }) => {
			sql.exec('INSERT INTO t VALUES (1, 2, 3)')
			expect(() => sql.exec('ALTER TABLE t DROP COLUMN a')).toThrow(/error in trigger .*no such column/)
			storage.transactionSync(() => {
				capture.migrate(schemaOf(sql, 't'), 'up').dropColumn('T')
				sql.exec('ALTER TABLE t DROP COLUMN a')
				captureOf('t').install()
			})
			const now = captureOf('t')
			sql.exec('UPDATE t SET b = 4')
			expect(brief(take(now))).toEqual([
				['c', 't', null, { id: 1, b: 3 }],
				['u', 't', { id: 1, b: 3 }, { id: 1, b: 4 }],
			])
			expect(now.epoch).toBe(1)
		}))

	test.for([
		[
			'rebuilt in 12 steps',
			'CREATE TABLE new (id INTEGER PRIMARY KEY, name TEXT NOT NULL); INSERT INTO new SELECT * FROM t WHERE id > 1; DROP TABLE t; ALTER TABLE new RENAME TO t',
		],
		[
			'dropped and created anew',
			"DROP TABLE t; CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO t VALUES (2, 'b')",
		],
		[
			'replaced by another under its name',
			"ALTER TABLE t RENAME TO old; CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO t VALUES (2, 'b')",
		],
		['robbed of a trigger', 'DROP TRIGGER _cdc_l1_d; DELETE FROM t WHERE id = 1'],
	] as const)('%s: rows may have gone by unseen, so a new epoch begins with all rows of all tables', ([, change]) =>
		inShard(`${ddl}; CREATE TABLE o (id INTEGER PRIMARY KEY)`, ['t', 'o'], ({ sql, captureOf }) => {
			sql.exec("INSERT INTO t VALUES (1, 'a'), (2, 'b'); INSERT INTO o VALUES (5)")
			sql.exec(change)
			const capture = captureOf('t', 'o')
			capture.install()
			sql.exec("UPDATE t SET name = 'c' WHERE id = 2")
			const batches = drain(capture)
			expect(batches.map(({ epoch, fromSeq, toSeq }) => [epoch, fromSeq, toSeq])).toEqual([
				[1, 1, 3],
				[2, 4, 6],
			])
			const ops = batches[1]?.tables.map(({ table, op, row }) => [table.name, op, row[0]?.values])
			expect(ops).toEqual(
				expect.arrayContaining([
					['t', ['c', 'u'], [2, 2]],
					['o', ['c'], [5]],
				]),
			)
			expect(capture.epoch).toBe(2)
			capture.install()
			expect(capture.epoch).toBe(2)
		}),
	)

	test('a wider table widens the buffer while changes wait in it', () =>
		inShard(ddl, ['t'], ({ sql, captureOf, take }) => {
			sql.exec("INSERT INTO t VALUES (1, 'a')")
			sql.exec(
				`CREATE TABLE wide (id INTEGER PRIMARY KEY, ${Array.from({ length: 90 }, (_, index) => `c${index} DEFAULT ${index}`).join(', ')})`,
			)
			const capture = captureOf('t', 'wide')
			capture.install()
			sql.exec('INSERT INTO wide (id) VALUES (1); UPDATE wide SET c89 = 1')
			const events = take(capture)
			expect(events.map(({ _op, _table }) => `${_op} ${_table}`)).toEqual(['c t', 'c wide', 'u wide'])
			expect(events[2]).toMatchObject({ _before: { c0: 0, c89: 89 }, _after: { c88: 88, c89: 1 } })
		}))
})

describe('epochs', () => {
	test('a started epoch drops what waits and begins with all rows; positions go on', () =>
		inShard(ddl, ['t'], ({ sql, capture }) => {
			sql.exec("INSERT INTO t VALUES (1, 'a'), (2, 'b')")
			capture.nextFlight(10)
			capture.startEpoch(7)
			expect(capture.bookmark()).toEqual({ shard: 'test', seq: 4n, epoch: 7 })
			expect(drain(capture)).toMatchObject([{ epoch: 7, fromSeq: 3, toSeq: 4, tables: [{ op: ['c', 'c'] }] }])
			expect(() => capture.startEpoch(7)).toThrow(expect.objectContaining({ code: 'HISTORY_REWOUND' }))
		}))
})
