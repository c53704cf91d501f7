import { describe, expect, test } from 'vitest'
import { brief, drain, inShard } from './support.ts'

const ddl = 'CREATE TABLE t (id INTEGER PRIMARY KEY, v)'

describe('dead letters', () => {
	test('changes set aside are skipped, listed with the reason, and their positions stay taken', () =>
		inShard(ddl, ['t'], ({ sql, capture, take }) => {
			sql.exec('INSERT INTO t VALUES (1, 1), (2, 9007199254740993), (3, 3)')
			capture.deadLetter([2, 3, 99], 'no column fits')
			expect(capture.deadLetters(10)).toMatchObject([
				{ seq: 2, reason: 'no column fits', retries: 0, event: { _op: 'c', _seq: 2n, _after: { id: 2, v: 9007199254740993n } } },
				{ seq: 3, event: { _after: { id: 3 } } },
			])
			expect(capture.deadLetters(1)).toHaveLength(1)
			sql.exec('DELETE FROM t WHERE id = 1')
			expect(take().map(({ _op, _seq }) => [_op, _seq])).toEqual([
				['c', 1n],
				['d', 4n],
			])
		}))

	test('a change set aside between two others of its kind leaves both their positions', () =>
		inShard(ddl, ['t'], ({ sql, capture, take }) => {
			sql.exec('INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)')
			capture.deadLetter([2], 'x')
			expect(take().map(({ _op, _seq, _after }) => [_op, _seq, _after])).toEqual([
				['c', 1n, { id: 1, v: 1 }],
				['c', 3n, { id: 3, v: 3 }],
			])
		}))

	test('a flight whose changes are all set aside has no tables and can be acknowledged', () =>
		inShard(ddl, ['t'], ({ sql, capture }) => {
			sql.exec('INSERT INTO t VALUES (1, 1)')
			capture.deadLetter([1], 'x')
			expect(drain(capture)).toMatchObject([{ fromSeq: 1, toSeq: 1, tables: [] }])
			expect(capture.pending().changes).toBe(0)
		}))

	test('an update in two rows is set aside, listed and put back as one change', () =>
		inShard('CREATE TABLE t (id INTEGER PRIMARY KEY, v)', ['t'], ({ sql, capture, take }) => {
			sql.exec('INSERT INTO t VALUES (1, zeroblob(1100000))')
			sql.exec('UPDATE t SET v = 2')
			capture.deadLetter([capture.lastSeq()], 'too large')
			expect(capture.deadLetters()).toMatchObject([{ seq: 3, event: { _op: 'u', _after: { v: 2 } } }])
			expect(take()).toHaveLength(1)
			expect(capture.retryDeadLetters()).toBe(1)
			expect(capture.deadLetters()).toEqual([])
			const events = take()
			expect(events[0]).toMatchObject({ _op: 'u', _seq: 5n, _before: { v: { length: 1_100_000 } }, _after: { v: 2 } })
			expect(brief(events.slice(1))).toEqual([
				['u', 't', { id: 1, v: 2 }, { id: 1, v: 2 }],
				['u', 't', { id: 1, v: 2 }, { id: 1, v: 2 }],
			])
		}))

	test('after a retry the newest image of each row is the row as it is now', () =>
		inShard('CREATE TABLE t (k TEXT COLLATE NOCASE PRIMARY KEY, v) WITHOUT ROWID', ['t'], ({ sql, capture }) => {
			sql.exec("INSERT INTO t VALUES ('a', 1), ('b', 1), ('c', 1)")
			sql.exec("UPDATE t SET v = 2, k = 'B' WHERE k = 'b'")
			capture.deadLetter([1, 2, 4], 'store was odd')
			sql.exec("DELETE FROM t WHERE k = 'c'; UPDATE t SET v = 9 WHERE k = 'a'")
			drain(capture)
			capture.retryDeadLetters()
			const newest = new Map<unknown, string>()
			for (const { tables } of drain(capture)) {
				for (const { op, row, before } of tables) {
					for (const [index, kind] of op.entries()) {
						if (kind === 'u') newest.delete(before?.[0]?.values[index])
						if (kind === 'd') newest.delete(row[0]?.values[index])
						else newest.set(row[0]?.values[index], String(row[1]?.values[index]))
					}
				}
			}
			expect([...newest]).toEqual(
				expect.arrayContaining([
					['a', '9'],
					['B', '2'],
				]),
			)
			expect(newest.size).toBe(2)
		}))

	test('after a retry a row is gone whose key only the collation takes for that of a row of now', () =>
		inShard('CREATE TABLE t (k TEXT COLLATE NOCASE PRIMARY KEY, v) WITHOUT ROWID', ['t'], ({ sql, capture, take }) => {
			sql.exec("INSERT INTO t VALUES ('b', 1)")
			capture.deadLetter([1], 'store was odd')
			sql.exec("DELETE FROM t; INSERT INTO t VALUES ('B', 2)")
			take()
			capture.retryDeadLetters()
			expect(brief(take())).toEqual([
				['c', 't', null, { k: 'b', v: 1 }],
				['d', 't', { k: 'b', v: 1 }, null],
			])
		}))

	test('after a retry the row of now has the columns of now', () =>
		inShard(ddl, ['t'], ({ sql, capture, captureOf, take }) => {
			sql.exec('INSERT INTO t VALUES (1, 1)')
			capture.deadLetter([1], 'x')
			sql.exec('ALTER TABLE t ADD COLUMN x DEFAULT 5')
			const changed = captureOf('t')
			changed.install()
			take(changed)
			changed.retryDeadLetters()
			const now = { id: 1, v: 1, x: 5 }
			expect(brief(take(changed))).toEqual([
				['c', 't', null, { id: 1, v: 1, x: null }],
				['u', 't', now, now],
			])
		}))

	test('a position stays taken by a change that was set aside while delivered ones go', () =>
		inShard(ddl, ['t'], ({ sql, capture }) => {
			for (let row = 0; row < 50; row++) sql.exec('INSERT INTO t (v) VALUES (1)')
			const flight = capture.nextFlight(1_000)
			sql.exec('INSERT INTO t (v) VALUES (2), (3)')
			capture.deadLetter([52], 'x')
			if (flight !== null) capture.acknowledge(flight)
			expect(capture.lastSeq()).toBe(52)
			sql.exec('INSERT INTO t (v) VALUES (4)')
			expect(drain(capture).flatMap(({ tables }) => tables.flatMap(({ seq }) => seq))).toEqual([51, 53])
		}))

	test('a change that was set aside again is as old as the last time', () =>
		inShard(ddl, ['t'], ({ sql, capture }) => {
			sql.exec('INSERT INTO t VALUES (1, 1)')
			capture.deadLetter([1], 'x')
			sql.exec('UPDATE _sqlake_dead_letters SET at = 0')
			capture.retryDeadLetters()
			capture.deadLetter([2], 'again')
			expect(capture.purgeDeadLetters()).toBe(0)
			sql.exec('UPDATE _sqlake_dead_letters SET at = 0')
			expect(capture.purgeDeadLetters()).toBe(1)
		}))

	test('a retry of a table that is captured no more is forgotten, too, once it is delivered', () =>
		inShard(`${ddl}; CREATE TABLE u (id INTEGER PRIMARY KEY)`, ['t'], ({ sql, capture, captureOf, take }) => {
			sql.exec('INSERT INTO t VALUES (1, 1)')
			capture.deadLetter([1], 'x')
			const other = captureOf('u')
			other.install()
			expect(other.retryDeadLetters()).toBe(1)
			expect(brief(take(other))).toEqual([['c', 't', null, { id: 1, v: 1 }]])
			other.startEpoch(2)
			expect(other.deadLetters()).toEqual([])
		}))

	test('retries are counted and end at the limit; a delivered retry is forgotten', () =>
		inShard(ddl, ['t'], ({ sql, capture, take }) => {
			sql.exec('INSERT INTO t VALUES (1, 1), (2, 2)')
			capture.deadLetter([1, 2], 'first')
			take()
			expect(capture.retryDeadLetters({ batchSize: 1 })).toBe(1)
			capture.deadLetter([3], 'again')
			expect(capture.deadLetters()).toMatchObject([
				{ seq: 1, retries: 1, reason: 'again' },
				{ seq: 2, retries: 0, reason: 'first' },
			])
			expect(capture.retryDeadLetters({ maxRetries: 1 })).toBe(1)
			take()
			expect(capture.deadLetters()).toMatchObject([{ seq: 1 }])
			expect(capture.retryDeadLetters({ maxRetries: 1 })).toBe(0)
		}))

	test('a retry that a new epoch swept away is a dead letter again', () =>
		inShard(ddl, ['t'], ({ sql, capture, take }) => {
			sql.exec('INSERT INTO t VALUES (1, 1)')
			capture.deadLetter([1], 'x')
			capture.retryDeadLetters()
			capture.startEpoch(2)
			take()
			expect(capture.deadLetters()).toMatchObject([{ seq: 1, retries: 1 }])
		}))

	test('a retry that was delivered is none, though a new epoch begins', () =>
		inShard(ddl, ['t'], ({ sql, capture, take }) => {
			sql.exec('INSERT INTO t VALUES (1, 1)')
			capture.deadLetter([1], 'x')
			capture.retryDeadLetters()
			take()
			capture.startEpoch(2)
			expect(capture.deadLetters()).toEqual([])
			expect(capture.purgeDeadLetters(-1)).toBe(0)
		}))

	test('purging deletes those that are old enough', () =>
		inShard(ddl, ['t'], ({ sql, capture }) => {
			sql.exec('INSERT INTO t VALUES (1, 1)')
			capture.deadLetter([1], 'x')
			expect(capture.purgeDeadLetters()).toBe(0)
			expect(capture.purgeDeadLetters(-1)).toBe(1)
			expect(capture.deadLetters()).toEqual([])
		}))
})
