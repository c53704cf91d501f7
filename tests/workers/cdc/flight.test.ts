import { env, evictDurableObject, runInDurableObject } from 'cloudflare:test'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Capture } from '../../../src/cdc/capture.ts'
import { dropDelivered } from '../../../src/cdc/rotation.ts'
import { drain, inShard, schemaOf } from './support.ts'

const ddl = 'CREATE TABLE t (id INTEGER PRIMARY KEY, v)'

/** Gives the newest changes a moment of their own, in seconds. */
function at(sql: SqlStorage, seconds: number): void {
	sql.exec('UPDATE _cdc_buffer SET ts = ? WHERE ts > 1e9', seconds)
}

describe('flights', () => {
	test('a recorded flight reads the same until it is acknowledged, whatever is written meanwhile and across restarts', async () => {
		const stub = env.PLAIN_DO.getByName('flight')
		const start = <T>(run: (sql: SqlStorage, capture: Capture) => T) =>
			runInDurableObject(stub, (_instance, { storage }) => {
				storage.sql.exec(ddl.replace('TABLE', 'TABLE IF NOT EXISTS'))
				const capture = new Capture(storage, schemaOf(storage.sql, 't'), { shard: 's' })
				capture.install()
				return run(storage.sql, capture)
			})
		const first = await start((sql, capture) => {
			sql.exec('INSERT INTO t VALUES (1, 1), (2, 2)')
			const flight = capture.nextFlight(10)
			return flight === null ? null : { flight, batch: capture.readFlight(flight) }
		})
		await evictDurableObject(stub)
		await start((sql, capture) => {
			sql.exec('DELETE FROM t')
			const flight = capture.nextFlight(1)
			expect(flight).toEqual(first?.flight)
			if (flight === null) return
			expect(capture.readFlight(flight)).toEqual(first?.batch)
			capture.acknowledge(flight)
			capture.acknowledge(flight)
			expect(capture.acknowledgedSeq()).toBe(2)
			expect(drain(capture).flatMap(({ tables }) => tables.flatMap(({ op, seq }) => [op, seq]))).toEqual([
				['d', 'd'],
				[3, 4],
			])
		})
	})

	test('only the recorded flight is read, acknowledged or given up', () =>
		inShard(ddl, ['t'], ({ sql, capture }) => {
			sql.exec('INSERT INTO t VALUES (1, 1)')
			const flight = capture.nextFlight(10)
			const stranger = { epoch: 1, fromSeq: 1, toSeq: 9, attempt: 1 }
			for (const call of [
				() => capture.readFlight(stranger),
				() => capture.acknowledge(stranger),
				() => capture.abandonFlight(stranger),
			]) {
				expect(call).toThrow(expect.objectContaining({ code: 'FLUSH_FAILED' }))
			}
			expect(capture.nextFlight(10)).toEqual(flight)
		}))

	test('a flight that was given up is cut anew with a higher attempt', () =>
		inShard(ddl, ['t'], ({ sql, capture }) => {
			sql.exec('INSERT INTO t VALUES (1, 1)')
			const first = capture.nextFlight(10)
			if (first !== null) capture.abandonFlight(first)
			sql.exec('INSERT INTO t VALUES (2, 2)')
			expect(capture.nextFlight(10)).toEqual({ epoch: 1, fromSeq: 1, toSeq: 2, attempt: 2 })
		}))

	test('flights end only where the moment changes: a transaction is never split', () =>
		inShard(ddl, ['t'], ({ sql, capture }) => {
			for (const [seconds, rows] of [
				[1, 3],
				[2, 2],
				[3, 6],
				[4, 1],
			] as const) {
				for (let row = 0; row < rows; row++) sql.exec('INSERT INTO t (v) VALUES (1)')
				at(sql, seconds)
			}
			const ranges = drain(capture, 4).map(({ fromSeq, toSeq }) => [fromSeq, toSeq])
			expect(ranges).toEqual([
				[1, 3],
				[4, 5],
				[6, 11],
				[12, 12],
			])
		}))

	test('a flight ends where the moment changes, too, where the clock was set back', () =>
		inShard(ddl, ['t'], ({ sql, capture }) => {
			for (const [seconds, rows] of [
				[10, 1],
				[3, 3],
				[5, 1],
			] as const) {
				for (let row = 0; row < rows; row++) sql.exec('INSERT INTO t (v) VALUES (1)')
				at(sql, seconds)
			}
			expect(drain(capture, 3).map(({ fromSeq, toSeq }) => [fromSeq, toSeq])).toEqual([
				[1, 1],
				[2, 4],
				[5, 5],
			])
		}))

	test('attempts are counted anew for each range', () =>
		inShard(ddl, ['t'], ({ sql, capture }) => {
			sql.exec('INSERT INTO t VALUES (1, 1)')
			const first = capture.nextFlight(10)
			if (first !== null) capture.renewFlight(first)
			drain(capture)
			sql.exec('INSERT INTO t VALUES (2, 2)')
			expect(capture.nextFlight(10)).toEqual({ epoch: 1, fromSeq: 2, toSeq: 2, attempt: 1 })
		}))

	test('changes with large values make flights shorter', () =>
		inShard(
			ddl,
			['t'],
			({ sql, capture }) => {
				for (const [index, bytes] of [400_000, 400_000, 400_000, 2_000_000, 10, 10].entries()) {
					sql.exec('INSERT INTO t (v) VALUES (zeroblob(?))', bytes)
					at(sql, 1_000 + index)
				}
				expect(drain(capture).map(({ fromSeq, toSeq }) => [fromSeq, toSeq])).toEqual([
					[1, 2],
					[3, 3],
					[4, 4],
					[5, 6],
				])
			},
			{ maxFlightBytes: 1_000_000 },
		))

	test('sealing gives the changes of a transaction one moment', () =>
		inShard(ddl, ['t'], ({ sql, capture }) => {
			sql.exec('INSERT INTO t VALUES (1, 1)')
			at(sql, 5)
			const from = capture.lastSeq()
			sql.exec('INSERT INTO t VALUES (2, 2)')
			at(sql, 7)
			sql.exec('INSERT INTO t VALUES (3, 3)')
			at(sql, 8)
			capture.sealTransaction(from)
			expect(drain(capture, 2).map(({ fromSeq, toSeq, watermark }) => [fromSeq, toSeq, watermark])).toEqual([
				[1, 1, 5_000],
				[2, 3, 8_000],
			])
		}))

	test('moments never go backwards, within a flight and from one to the next, when the clock does', () =>
		inShard(
			'CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (id INTEGER PRIMARY KEY)',
			['a', 'b'],
			({ sql, capture }) => {
				for (const [table, seconds] of [
					['a', 10],
					['b', 3],
					['a', 5],
					['b', 11],
					['a', 1],
				] as const) {
					sql.exec(`INSERT INTO ${table} DEFAULT VALUES`)
					at(sql, seconds)
				}
				const batches = drain(capture, 4)
				const moments = batches.map(({ tables, watermark }) => [tables.map(({ ts }) => ts), watermark])
				expect(batches.map(({ raisedBy }) => raisedBy)).toEqual([7_000, 10_001])
				expect(moments).toEqual([
					[
						[
							[10_000, 10_000],
							[10_000, 11_000],
						],
						11_000,
					],
					[[[11_001]], 11_001],
				])
			},
		))

	test('positions go on upwards after everything was delivered and after a restart', async () => {
		const stub = env.PLAIN_DO.getByName('positions')
		const seqs: number[] = []
		for (let round = 0; round < 4; round++) {
			await runInDurableObject(stub, (_instance, { storage }) => {
				storage.sql.exec(ddl.replace('TABLE', 'TABLE IF NOT EXISTS'))
				const capture = new Capture(storage, schemaOf(storage.sql, 't'), { shard: 's' })
				capture.install()
				storage.sql.exec('INSERT INTO t (v) VALUES (1), (2)')
				for (const { tables } of drain(capture)) for (const { seq } of tables) seqs.push(...seq)
				expect(capture.bookmark()).toEqual({ shard: 's', seq: BigInt(2 * round + 2), epoch: 1 })
			})
			await evictDurableObject(stub)
		}
		expect(seqs).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
	})

	test.for([
		[500, 0],
		[500, 3],
		[500, 499],
		[2, 50],
	] as const)('dropping %i delivered changes keeps the %i newer ones', ([delivered, newer]) =>
		inShard(ddl, ['t'], ({ sql, capture }) => {
			for (let row = 0; row < delivered; row++) sql.exec('INSERT INTO t (v) VALUES (char(0xFFFD)), (1.0)')
			const flight = capture.nextFlight(10_000)
			for (let row = 0; row < newer; row++) sql.exec("INSERT INTO t (v) VALUES (CAST(x'FF' AS TEXT))")
			if (flight !== null) capture.acknowledge(flight)
			expect(capture.pending().changes).toBe(newer)
			sql.exec('INSERT INTO t (v) VALUES (9223372036854775807)')
			const values = drain(capture).flatMap(({ tables }) => tables.flatMap(({ row }) => row[1]?.values ?? []))
			expect(values.length).toBe(newer + 1)
			expect(values.at(-1)).toBe(9223372036854775807n)
		}),
	)

	test('dropping delivered changes writes a few rows, not one for each', () =>
		inShard(ddl, ['t'], ({ sql }) => {
			for (let row = 0; row < 1_010; row++) sql.exec('INSERT INTO t (v) VALUES (1)')
			const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = []
			const exec = (query: string, ...bindings: unknown[]) => {
				const cursor = sql.exec(query, ...bindings)
				cursors.push(cursor)
				return cursor
			}
			const writtenBy = (toSeq: number) => {
				cursors.length = 0
				dropDelivered({ exec } as SqlStorage, toSeq)
				return cursors.reduce((sum, { rowsWritten }) => sum + rowsWritten, 0)
			}
			expect(writtenBy(1_000)).toBeLessThanOrEqual(25)
			expect(writtenBy(1_002)).toBe(2)
			expect(writtenBy(1_010)).toBeLessThanOrEqual(3)
		}))

	test('a full buffer is refused with the shard, the limit and what was found', () =>
		inShard(
			ddl,
			['t'],
			({ sql, capture }) => {
				capture.assertRoom()
				sql.exec('INSERT INTO t (v) VALUES (1), (2), (3)')
				expect(() => capture.assertRoom()).toThrow(
					expect.objectContaining({ code: 'BUFFER_FULL', details: { shard: 'test', unit: 'changes', limit: 3, found: 3 } }),
				)
				drain(capture)
				capture.assertRoom()
			},
			{ bufferLimits: () => ({ maxChanges: 3 }) },
		))

	test('a buffer is full by bytes, too, whatever rolls back or is delivered in between', () => {
		const limits = { maxBytes: 1_000_000 }
		return inShard(
			ddl,
			['t'],
			({ sql, storage, capture }) => {
				const write = (bytes: number) => sql.exec('INSERT INTO t (v) VALUES (zeroblob(?))', bytes)
				/** Counted anew from all rows. */
				const waiting = () => {
					let bytes = 0
					const rows = sql.exec('SELECT * FROM _cdc_buffer WHERE seq > ? AND tag <> 0', capture.acknowledgedSeq()).raw()
					for (const [, , , ...values] of rows)
						for (const value of values) bytes += 8 + (value instanceof ArrayBuffer ? value.byteLength : 0)
					return bytes
				}
				const check = () => {
					const found = waiting()
					if (found < limits.maxBytes) return capture.assertRoom()
					const details = { shard: 'test', unit: 'bytes', limit: limits.maxBytes, found }
					expect(() => capture.assertRoom()).toThrow(expect.objectContaining({ code: 'BUFFER_FULL', details }))
				}
				// What is in the lake takes no room, however large the database is.
				write(2_000_000)
				check()
				drain(capture)
				check()
				const step = fc.oneof(
					fc.record({ write: fc.nat(300_000) }),
					fc.record({ undo: fc.nat(1_200_000) }),
					fc.record({ deliver: fc.integer({ min: 1, max: 4 }) }),
				)
				fc.assert(
					fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
						for (const { write: bytes, undo, deliver } of steps as { write?: number; undo?: number; deliver?: number }[]) {
							if (bytes !== undefined) write(bytes)
							if (undo !== undefined) {
								const undone = () =>
									storage.transactionSync(() => {
										write(undo)
										check()
										throw new Error('undone')
									})
								expect(undone).toThrow('undone')
							}
							const flight = deliver === undefined ? null : capture.nextFlight(deliver)
							if (flight !== null) capture.acknowledge(flight)
							check()
						}
					}),
					{ numRuns: 30 },
				)
			},
			{ bufferLimits: () => limits },
		)
	})

	test('pending tells how many changes wait and since when', () =>
		inShard(ddl, ['t'], ({ sql, capture }) => {
			expect(capture.pending()).toEqual({ changes: 0, oldestTs: null })
			sql.exec('INSERT INTO t (v) VALUES (1)')
			at(sql, 7)
			sql.exec('INSERT INTO t (v) VALUES (2)')
			expect(capture.pending()).toEqual({ changes: 2, oldestTs: 7_000 })
			drain(capture)
			expect(capture.pending()).toEqual({ changes: 0, oldestTs: null })
		}))

	test('a transaction that rolls back takes its changes and their positions back', () =>
		inShard(ddl, ['t'], ({ sql, storage, capture }) => {
			sql.exec('INSERT INTO t (v) VALUES (1)')
			expect(() =>
				storage.transactionSync(() => {
					sql.exec('INSERT INTO t (v) VALUES (2)')
					capture.nextFlight(10)
					throw new Error('no')
				}),
			).toThrow('no')
			expect(capture.lastSeq()).toBe(1)
			expect(capture.nextFlight(10)).toMatchObject({ fromSeq: 1, toSeq: 1 })
		}))
})
