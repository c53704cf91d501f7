import { env, evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { describe, expect, test } from 'vitest'
import { Capture } from '../../../src/cdc/capture.ts'
import { exactly, Replica, tableContents } from './replay.ts'
import { brief, drain, inShard, schemaOf } from './support.ts'

const people = 'CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)'

describe('what is captured', () => {
	test('inserts, updates and deletes have both images and stand in order', () =>
		inShard(people, ['t'], ({ sql, take }) => {
			sql.exec("INSERT INTO t VALUES (1, 'a'), (2, 'b')")
			sql.exec("UPDATE t SET name = 'c' WHERE id = 1")
			sql.exec('DELETE FROM t WHERE id = 2')
			const events = take()
			expect(brief(events)).toEqual([
				['c', 't', null, { id: 1, name: 'a' }],
				['c', 't', null, { id: 2, name: 'b' }],
				['u', 't', { id: 1, name: 'a' }, { id: 1, name: 'c' }],
				['d', 't', { id: 2, name: 'b' }, null],
			])
			expect(events.map(({ _seq }) => _seq)).toEqual([1n, 2n, 3n, 4n])
			expect(Math.abs((events[0]?._ts ?? 0) - Date.now())).toBeLessThan(10_000)
			expect(take()).toEqual([])
		}))

	test('a change costs one written row besides the row itself', () =>
		inShard(people, ['t'], ({ sql }) => {
			expect(sql.exec("INSERT INTO t VALUES (1, 'a')").rowsWritten).toBe(2)
			expect(sql.exec("UPDATE t SET name = 'b'").rowsWritten).toBe(2)
			expect(sql.exec('DELETE FROM t').rowsWritten).toBe(2)
		}))

	test('REPLACE emits the delete of the row it removes, by key or by another UNIQUE constraint', () =>
		inShard('CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE)', ['t'], ({ sql, take }) => {
			sql.exec("INSERT INTO t VALUES (1, 'a'), (2, 'b')")
			sql.exec("REPLACE INTO t VALUES (1, 'c')")
			sql.exec("UPDATE OR REPLACE t SET name = 'c' WHERE id = 2")
			expect(brief(take()).slice(2)).toEqual([
				['d', 't', { id: 1, name: 'a' }, null],
				['c', 't', null, { id: 1, name: 'c' }],
				['d', 't', { id: 1, name: 'c' }, null],
				['u', 't', { id: 2, name: 'b' }, { id: 2, name: 'c' }],
			])
		}))

	test('REPLACE emits deletes after a restart too, which resets recursive_triggers', async () => {
		const stub = env.PLAIN_DO.getByName('restarted')
		const start = <T>(run: (sql: SqlStorage, capture: Capture) => T) =>
			runInDurableObject(stub, (_instance, { storage }) => {
				storage.sql.exec(people.replace('TABLE', 'TABLE IF NOT EXISTS'))
				const capture = new Capture(storage, schemaOf(storage.sql, 't'), { shard: 's' })
				capture.install()
				return run(storage.sql, capture)
			})
		await start((sql) => sql.exec("INSERT INTO t VALUES (1, 'a')").toArray())
		await evictDurableObject(stub)
		await start((sql, capture) => {
			sql.exec("REPLACE INTO t VALUES (1, 'b')")
			expect(drain(capture)[0]?.tables[0]?.op).toEqual(['c', 'd', 'c'])
		})
	})

	test('an upsert emits an update', () =>
		inShard(people, ['t'], ({ sql, take }) => {
			sql.exec("INSERT INTO t VALUES (1, 'a')")
			sql.exec("INSERT INTO t VALUES (1, 'b') ON CONFLICT DO UPDATE SET name = excluded.name")
			expect(brief(take()).at(-1)).toEqual(['u', 't', { id: 1, name: 'a' }, { id: 1, name: 'b' }])
		}))

	test('a change of the key keeps the old key in the before image', () =>
		inShard('CREATE TABLE t (a TEXT, b TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID', ['t'], ({ sql, take }) => {
			sql.exec("INSERT INTO t VALUES ('x', 'y')")
			sql.exec("UPDATE t SET b = 'z'")
			expect(brief(take()).at(-1)).toEqual(['u', 't', { a: 'x', b: 'y' }, { a: 'x', b: 'z' }])
		}))

	test('cascades emit the changes of the child rows', () =>
		inShard(
			'CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (id INTEGER PRIMARY KEY, p REFERENCES p ON DELETE CASCADE ON UPDATE SET NULL)',
			['p', 'c'],
			({ sql, take }) => {
				sql.exec('INSERT INTO p VALUES (1), (2); INSERT INTO c VALUES (10, 1), (20, 2)')
				take()
				sql.exec('DELETE FROM p WHERE id = 1; UPDATE p SET id = 3')
				expect(brief(take())).toEqual(
					expect.arrayContaining([
						['d', 'c', { id: 10, p: 1 }, null],
						['u', 'c', { id: 20, p: 2 }, { id: 20, p: null }],
					]),
				)
			},
		))

	test("writes of the user's own triggers follow the change that fired them, even when the trigger is newer than capture", () =>
		inShard(people, ['t'], ({ sql, capture, take }) => {
			sql.exec(
				"CREATE TRIGGER later AFTER INSERT ON t WHEN NEW.name IS NULL BEGIN UPDATE t SET name = 'auto' WHERE id = NEW.id; END",
			)
			capture.install()
			sql.exec('INSERT INTO t (id) VALUES (1)')
			expect(brief(take())).toEqual([
				['c', 't', null, { id: 1, name: null }],
				['u', 't', { id: 1, name: null }, { id: 1, name: 'auto' }],
			])
		}))

	test('a statement that fails leaves no change behind, one that skips rows emits only what it wrote', () =>
		inShard(people, ['t'], ({ sql, capture, take }) => {
			sql.exec("INSERT INTO t VALUES (1, 'a')")
			expect(() => sql.exec("INSERT INTO t VALUES (2, 'b'), (1, 'c')")).toThrow('UNIQUE')
			sql.exec("INSERT OR IGNORE INTO t VALUES (1, 'd'), (3, 'e')")
			expect(capture.lastSeq()).toBe(2)
			expect(brief(take())).toEqual([
				['c', 't', null, { id: 1, name: 'a' }],
				['c', 't', null, { id: 3, name: 'e' }],
			])
		}))

	test('an update that changes nothing emits nothing; one that changes only class, sign or case does', () =>
		inShard('CREATE TABLE t (id INTEGER PRIMARY KEY, any, n TEXT COLLATE NOCASE, i INTEGER)', ['t'], ({ sql, capture, take }) => {
			sql.exec("INSERT INTO t VALUES (1, 1, 'a', -9223372036854775808)")
			take()
			const changes = (assignment: string) => {
				const before = capture.lastSeq()
				sql.exec(`UPDATE t SET ${assignment}`)
				return capture.lastSeq() - before
			}
			expect(changes('id = id, any = any, n = n, i = i')).toBe(0)
			expect(changes('any = 1.0')).toBe(1)
			expect(changes('any = 1.0')).toBe(0)
			expect(changes("any = '1'")).toBe(1)
			expect(changes("any = x'31'")).toBe(1)
			expect(changes('any = 0.0')).toBe(1)
			expect(changes('any = -0.0')).toBe(1)
			expect(changes('any = -0.0')).toBe(0)
			expect(changes("n = 'A'")).toBe(1)
			expect(changes('i = -9223372036854775808.0')).toBe(1)
			expect(changes('any = NULL')).toBe(1)
			expect(changes('any = NULL')).toBe(0)
		}))

	test('generated columns are captured like others', () =>
		inShard('CREATE TABLE t (id INTEGER PRIMARY KEY, v AS (id * 2), s TEXT AS (id || 0) STORED)', ['t'], ({ sql, take }) => {
			sql.exec('INSERT INTO t VALUES (1)')
			expect(brief(take())).toEqual([['c', 't', null, { id: 1, v: 2, s: '10' }]])
		}))

	test('names with quotes, spaces, keywords and emoji are safe', () =>
		inShard('CREATE TABLE "or""der 🚀" ("select" TEXT PRIMARY KEY, "a;b" TEXT, "NEW" TEXT)', ['or"der 🚀'], ({ sql, take }) => {
			sql.exec(`INSERT INTO "or""der 🚀" VALUES ('k', 'v', 'n')`)
			sql.exec(`UPDATE "or""der 🚀" SET "a;b" = 'w'`)
			expect(brief(take()).at(-1)).toEqual([
				'u',
				'or"der 🚀',
				{ select: 'k', 'a;b': 'v', NEW: 'n' },
				{ select: 'k', 'a;b': 'w', NEW: 'n' },
			])
		}))

	test.for([48, 49, 97])('a table of %i columns has both images of an update', (count) => {
		const columns = Array.from({ length: count - 1 }, (_, index) => `c${index}`)
		return inShard(
			`CREATE TABLE t (id INTEGER PRIMARY KEY, ${columns.map((name) => `${name} INTEGER`).join(', ')})`,
			['t'],
			({ sql, capture, take }) => {
				sql.exec(`INSERT INTO t VALUES (1, ${columns.map((_, index) => index).join(', ')})`)
				sql.exec(`UPDATE t SET c0 = 2000, ${columns.at(-1)} = 1000`)
				sql.exec('UPDATE t SET c1 = c1')
				const last = BigInt(capture.lastSeq())
				const [, update] = take()
				expect(update).toMatchObject({ _op: 'u', _seq: last, _before: { id: 1, c0: 0, [columns.at(-1) ?? '']: count - 2 } })
				expect(update?._after).toMatchObject({ c0: 2000, c1: 1, [columns.at(-1) ?? '']: 1000 })
			},
		)
	})

	test('an update of large values takes a row for each image, so that it stays within the limit of a row', () =>
		inShard('CREATE TABLE t (id INTEGER PRIMARY KEY, body, n INTEGER)', ['t'], ({ sql, capture, take }) => {
			sql.exec('INSERT INTO t VALUES (1, zeroblob(1500000), 0)')
			sql.exec('UPDATE t SET n = 1')
			expect(capture.lastSeq()).toBe(3)
			sql.exec("UPDATE t SET body = 'small'")
			sql.exec("UPDATE t SET body = 'tiny'")
			const [, first, second, third] = take()
			expect(first).toMatchObject({ _op: 'u', _seq: 3n, _before: { n: 0 }, _after: { n: 1 } })
			expect(first?._before).toMatchObject({ body: { length: 1_500_000 } })
			expect(second).toMatchObject({ _op: 'u', _seq: 5n, _after: { body: 'small', n: 1 } })
			expect(third).toMatchObject({ _seq: 6n, _before: { body: 'small' }, _after: { body: 'tiny' } })
		}))

	test('changes(), last_insert_rowid() and RETURNING say what they say without capture', () =>
		inShard(people, ['t'], ({ sql }) => {
			expect([...sql.exec("INSERT INTO t VALUES (41, 'a'), (42, 'b') RETURNING id").raw()]).toEqual([[41], [42]])
			expect([...sql.exec('SELECT changes(), last_insert_rowid()').raw()]).toEqual([[2, 42]])
		}))
})

describe('values', () => {
	test.for(['TEXT', 'NUMERIC', 'INTEGER', 'REAL', 'BLOB', ''])(
		'a column of type "%s" keeps class and bits of every value',
		(type) =>
			inShard(`CREATE TABLE t (id INTEGER PRIMARY KEY, v ${type})`, ['t'], ({ sql, capture }) => {
				const literals = [
					'NULL',
					'0',
					'1',
					'-1',
					'1.0',
					'0.0',
					'-0.0',
					'0.1',
					'3.141592653589793',
					'5e-324',
					'1.7976931348623157e308',
					'9e999',
					'-9e999',
					'9007199254740991',
					'9007199254740992',
					'9007199254740993',
					'-9007199254740993',
					'9007199254740992.0',
					'9223372036854775807',
					'-9223372036854775808',
					'-9223372036854775808.0',
					'9.3e18',
					"''",
					"'12'",
					"'1e3'",
					"' 7 '",
					"'a' || char(0) || 'b'",
					'char(0xFFFD)',
					'char(0xFEFF)',
					"'🚀'",
					"CAST(x'FF00C3' AS TEXT)",
					"CAST(x'EDA080' AS TEXT)",
					"x''",
					"x'00FF'",
					'json(\'{"a":1}\')',
					"jsonb('[1]')",
				]
				for (const literal of literals) sql.exec(`INSERT INTO t (v) VALUES (${literal})`)
				for (const value of [5, 0.1, 2 ** 53, Number.NaN, -0]) sql.exec('INSERT INTO t (v) VALUES (?)', value)
				sql.exec('UPDATE t SET v = v || v WHERE id % 2 = 0')
				const stored = tableContents(sql, 't', ['id', 'v'])
				const replica = new Replica()
				for (const batch of drain(capture, 7)) replica.apply(batch)
				expect(replica.contents('t')).toEqual(stored)
			}),
	)

	test('random doubles survive to the last bit', () =>
		inShard('CREATE TABLE t (id INTEGER PRIMARY KEY, v REAL)', ['t'], ({ sql, capture }) => {
			const bits = new DataView(new ArrayBuffer(8))
			const doubles = Array.from({ length: 2_000 }, (_, index) => {
				bits.setUint32(0, Math.imul(index + 1, 0x9e3779b1) >>> 0)
				bits.setUint32(4, Math.imul(index + 7, 0x85ebca6b) >>> 0)
				return bits.getFloat64(0)
			}).filter((double) => Number.isFinite(double))
			for (const double of doubles) sql.exec('INSERT INTO t (v) VALUES (?)', double)
			const vectors = drain(capture, 10_000).flatMap(({ tables }) => tables.map(({ row }) => row[1]))
			expect(vectors.flatMap((vector) => (vector?.kind === 'real' ? vector.values.map(exactly) : []))).toEqual(
				doubles.map(exactly),
			)
		}))

	test('columns whose values share a class come as that class, others as mixed', () =>
		inShard(
			'CREATE TABLE t (id INTEGER PRIMARY KEY, i INTEGER, big INTEGER, r REAL, s TEXT, b BLOB, any)',
			['t'],
			({ sql, capture }) => {
				sql.exec("INSERT INTO t VALUES (1, 5, 9007199254740993, 1, 'a', x'01', 1), (2, NULL, 1, 2.5, NULL, NULL, 'x')")
				const [changes] = drain(capture)[0]?.tables ?? []
				expect(changes?.row.map(({ kind }) => kind)).toEqual(['integer', 'integer', 'mixed', 'real', 'text', 'blob', 'mixed'])
				expect(changes?.row[2]?.values).toEqual([9007199254740993n, 1n])
				expect(changes?.row[6]?.values).toEqual([1n, 'x'])
				expect(changes?.before).toBeNull()
			},
		))
})
