import { describe, expect, it, onTestFinished } from 'vitest'
import { NodeStorage } from '../../src/local/node-storage.ts'

function open() {
	let at: number | null = null
	const storage = new NodeStorage(':memory:', {
		get: () => at,
		set: (moment) => {
			at = moment
		},
	})
	onTestFinished(() => storage.close())
	const { sql, ...rest } = storage.durableObjectStorage
	const values = (query: string, ...bindings: unknown[]) => [...sql.exec(query, ...bindings).raw()]
	return { storage: storage.durableObjectStorage, sql, values, rest }
}

describe('NodeStorage', () => {
	it('binds and reads values as a Durable Object does', () => {
		const { sql, values } = open()
		expect(values('SELECT typeof(?), typeof(?), typeof(?), typeof(?)', 5, 'a', new Uint8Array([1]).buffer, null)).toEqual([
			['real', 'text', 'blob', 'null'],
		])
		expect(values('SELECT 9007199254740993, 1, 1.5, NULL')).toEqual([[9007199254740992, 1, 1.5, null]])
		const [[bytes] = []] = values("SELECT x'0102'")
		expect(bytes).toBeInstanceOf(ArrayBuffer)
		expect(new Uint8Array(bytes as ArrayBuffer)).toEqual(new Uint8Array([1, 2]))
		expect(values("SELECT 'a' || char(0) || 'b', ?", 'x\0y')).toEqual([['a\0b', 'x\0y']])
		expect(values("SELECT CAST(x'61FF' AS TEXT)")).toEqual([['a\uFFFD']])
		expect(() => sql.exec('SELECT ?', 1n)).toThrow(TypeError)
	})

	it('keeps texts with NUL whole', () => {
		const { sql, values } = open()
		sql.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, x)')
		for (const text of ['plain', '\0', 'a\0b\0', '🙂\0é']) sql.exec('INSERT INTO t (x) VALUES (?)', text)
		sql.exec("INSERT INTO t (x) VALUES (x'6100'), (NULL), (char(0) || 'z')")
		const texts = ['plain', '\0', 'a\0b\0', '🙂\0é', new Uint8Array([0x61, 0]).buffer, null, '\0z']
		expect(values('SELECT x FROM t ORDER BY id;')).toEqual(texts.map((text) => [text]))
		expect(values('SELECT x, id AS x FROM t WHERE x = ?', 'a\0b\0')).toEqual([['a\0b\0', 3]])
		expect(values("SELECT instr(x, 'b') FROM t WHERE id = 3")).toEqual([[3]])
	})

	it('keeps columns that share a name, in rows as arrays', () => {
		const { sql } = open()
		const cursor = sql.exec('SELECT 1 AS a, 2 AS a')
		expect(cursor.columnNames).toEqual(['a', 'a'])
		expect([...cursor.raw()]).toEqual([[1, 2]])
		expect(sql.exec('SELECT 1 AS a, 2 AS b').one()).toEqual({ a: 1, b: 2 })
		expect(() => sql.exec('SELECT 1 UNION ALL SELECT 2').one()).toThrow(/multiple/)
		expect(() => sql.exec('SELECT 1 WHERE 0').one()).toThrow(/no results/)
	})

	it('binds all parameters in order, named ones too, and wants one value for each', () => {
		const { sql, values } = open()
		expect(values('SELECT :b, ?, $a, :b', 1, 2, 3)).toEqual([[1, 2, 3, 1]])
		expect(values('SELECT ?2, ?1, ?2', 'a', 'b')).toEqual([['b', 'a', 'b']])
		expect(() => sql.exec('SELECT ?')).toThrow(/Wrong number/)
		expect(() => sql.exec('SELECT 1', 2)).toThrow(/Wrong number/)
	})

	it('counts the rows that a statement wrote, those of triggers and cascades included', () => {
		const { sql } = open()
		sql.exec(`CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (a REFERENCES a ON DELETE CASCADE);
			CREATE TRIGGER t AFTER INSERT ON a BEGIN INSERT INTO b VALUES (NEW.id); INSERT INTO b VALUES (NEW.id); END`)
		expect(sql.exec('INSERT INTO a VALUES (1), (2)').rowsWritten).toBe(6)
		expect(sql.exec('SELECT * FROM b').rowsWritten).toBe(0)
		expect(sql.exec('DELETE FROM a WHERE id = 1').rowsWritten).toBe(3)
		expect(sql.exec('UPDATE a SET id = 3 WHERE id = 9').rowsWritten).toBe(0)
	})

	it('has foreign keys on, takes double-quoted text, and lets triggers recurse once told so', () => {
		const { values, sql } = open()
		expect(values('PRAGMA foreign_keys')).toEqual([[1]])
		expect(values('SELECT "no such column"')).toEqual([['no such column']])
		sql.exec('PRAGMA recursive_triggers = ON')
		expect(values('PRAGMA recursive_triggers')).toEqual([[1]])
	})

	it('rolls back a transaction that throws, and within it only the inner one that was caught', () => {
		const { storage, sql, values } = open()
		sql.exec('CREATE TABLE t (x)')
		const insert = (x: string) => sql.exec('INSERT INTO t VALUES (?)', x)
		const boom = () => {
			throw new Error('boom')
		}
		expect(() =>
			storage.transactionSync(() => {
				insert('lost')
				boom()
			}),
		).toThrow('boom')
		storage.transactionSync(() => {
			insert('outer')
			expect(() =>
				storage.transactionSync(() => {
					insert('inner')
					boom()
				}),
			).toThrow('boom')
			expect(storage.transactionSync(() => insert('second') && 7)).toBe(7)
		})
		expect(values('SELECT x FROM t')).toEqual([['outer'], ['second']])
	})

	it('rolls back what violates a deferred foreign key at its end, and goes on', () => {
		const { storage, sql, values } = open()
		sql.exec('CREATE TABLE a (id PRIMARY KEY); CREATE TABLE b (a REFERENCES a DEFERRABLE INITIALLY DEFERRED)')
		expect(() => storage.transactionSync(() => sql.exec('INSERT INTO b VALUES (1)'))).toThrow(/FOREIGN KEY/)
		storage.transactionSync(() => sql.exec('INSERT INTO a VALUES (2)'))
		expect(values('SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM b)')).toEqual([[1, 0]])
	})

	it('runs several statements without values, and refuses them with values', () => {
		const { sql, values } = open()
		sql.exec('CREATE TABLE t (x); INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)')
		expect(values('SELECT count(*) FROM t')).toEqual([[2]])
		expect(() => sql.exec('INSERT INTO t VALUES (?); DELETE FROM t', 1)).toThrow(/Several/)
	})

	it('ends no transaction by a statement, as a Durable Object does not', () => {
		const { storage, sql, values } = open()
		sql.exec('CREATE TABLE t (x)')
		for (const text of ['BEGIN', 'COMMIT', '/* now */ end transaction', 'ROLLBACK', 'SAVEPOINT a', 'release a']) {
			expect(() =>
				storage.transactionSync(() => {
					sql.exec('INSERT INTO t VALUES (1)')
					sql.exec(text)
				}),
			).toThrow(/transactionSync/)
		}
		expect(values('SELECT count(*) FROM t')).toEqual([[0]])
	})

	it('tells its size and keeps its alarm', async () => {
		const { storage, sql } = open()
		const before = sql.databaseSize
		sql.exec('CREATE TABLE t AS SELECT zeroblob(100000)')
		expect(sql.databaseSize).toBeGreaterThan(before + 90_000)
		await storage.setAlarm(5)
		expect(await storage.getAlarm()).toBe(5)
		await storage.deleteAlarm()
		expect(await storage.getAlarm()).toBeNull()
	})
})
