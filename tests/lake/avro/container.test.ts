import { once } from 'node:events'
import { Readable } from 'node:stream'
import avro from 'avsc'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SQLakeError } from '../../../src/errors.ts'
import { readAvroFile, writeAvroFile } from '../../../src/lake/avro/container.ts'
import type { AvroRecordSchema, AvroRecordValue, AvroValue } from '../../../src/lake/avro/schema.ts'

/** Every construct that manifests use, and the rest of the specification. */
const schema: AvroRecordSchema = {
	type: 'record',
	name: 'everything',
	fields: [
		{ name: 'b', type: 'boolean', 'field-id': 1 },
		{ name: 'i', type: 'int', 'field-id': 2 },
		{ name: 'l', type: 'long', 'field-id': 3 },
		{ name: 'f', type: 'float', 'field-id': 4 },
		{ name: 'd', type: 'double', 'field-id': 5 },
		{ name: 's', type: 'string', 'field-id': 6 },
		{ name: 'y', type: 'bytes', 'field-id': 7 },
		{ name: 'x', type: { type: 'fixed', name: 'four', size: 4 }, 'field-id': 8 },
		{ name: 'e', type: { type: 'enum', name: 'colour', symbols: ['RED', 'GREEN'] }, 'field-id': 9 },
		{ name: 'o', type: ['null', 'long'], default: null, 'field-id': 10 },
		{ name: 'day', type: ['null', { type: 'int', logicalType: 'date' }], default: null, 'field-id': 11 },
		{ name: 'list', type: { type: 'array', items: 'long', 'element-id': 13 }, 'field-id': 12 },
		{
			name: 'bounds',
			type: {
				type: 'array',
				logicalType: 'map',
				items: {
					type: 'record',
					name: 'k126_v127',
					fields: [
						{ name: 'key', type: 'int', 'field-id': 126 },
						{ name: 'value', type: 'bytes', 'field-id': 127 },
					],
				},
			},
			'field-id': 125,
		},
		{ name: 'm', type: { type: 'map', values: 'string' }, 'field-id': 14 },
		{ name: 'again', type: ['null', 'four'], default: null, 'field-id': 15 },
	],
}

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(narrow)
const record: fc.Arbitrary<AvroRecordValue> = fc.record({
	b: fc.boolean(),
	i: fc.integer(),
	l: fc.oneof(int64, fc.integer()),
	f: fc.float({ noNaN: true }),
	d: fc.double({ noNaN: true }),
	s: fc.string({ unit: 'binary' }),
	y: fc.uint8Array(),
	x: fc.uint8Array({ minLength: 4, maxLength: 4 }),
	e: fc.constantFrom('RED', 'GREEN'),
	o: fc.option(int64),
	day: fc.option(fc.integer()),
	list: fc.array(int64),
	bounds: fc.array(fc.record({ key: fc.nat(), value: fc.uint8Array() })),
	m: fc.dictionary(fc.string(), fc.string()).map((object): ReadonlyMap<string, AvroValue> => new Map(Object.entries(object))),
	again: fc.option(fc.uint8Array({ minLength: 4, maxLength: 4 })),
})

/** The oracle, with longs as bigints. */
const longType = avro.types.LongType.__with({
	fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
	toBuffer: (value: bigint) => {
		const buffer = Buffer.alloc(8)
		buffer.writeBigInt64LE(value)
		return buffer
	},
	fromJSON: BigInt,
	toJSON: Number,
	isValid: (value: unknown) => typeof value === 'bigint',
	compare: (a: bigint, b: bigint) => Number(a > b) - Number(a < b),
})
const registry = () => ({ registry: { long: longType }, wrapUnions: false })
const oracleType = avro.Type.forSchema(schema as unknown as avro.Schema, registry())

describe('Avro container files', () => {
	it('come back as they were written, with either codec', async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.array(record, { maxLength: 20 }),
				fc.constantFrom('null' as const, 'deflate' as const),
				async (records, codec) => {
					const bytes = await writeAvroFile({ schema, records, codec, metadata: { 'format-version': '2', note: 'é😀' } })
					const file = await readAvroFile(bytes, { name: 'test' })
					expect(file.records).toEqual(records)
					expect(file.schema).toEqual(schema)
					expect(file.metadata.get('note')).toBe('é😀')
				},
			),
			{ numRuns: 60 },
		)
	})

	it('are read by avsc as written by sqlake', async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.array(record, { maxLength: 10 }),
				fc.constantFrom('null' as const, 'deflate' as const),
				async (records, codec) => {
					const bytes = await writeAvroFile({ schema, records, codec })
					expect(await oracleRead(bytes)).toEqual(records)
				},
			),
			{ numRuns: 40 },
		)
	})

	it('are read by sqlake as written by avsc', async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.array(record, { minLength: 1, maxLength: 10 }),
				fc.constantFrom('null', 'deflate'),
				async (records, codec) => {
					const file = await readAvroFile(await oracleWrite(records, codec), { name: 'test' })
					expect(file.records).toEqual(records)
				},
			),
			{ numRuns: 40 },
		)
	})

	it('may span blocks', async () => {
		const records = Array.from({ length: 2500 }, (_, n) => ({ n }))
		const bytes = await writeAvroFile({ schema: { type: 'record', name: 'r', fields: [{ name: 'n', type: 'int' }] }, records })
		expect((await readAvroFile(bytes, { name: 'test' })).records).toEqual(records)
	})

	it('resolve fields by id, and leave out the ones the reader does not know', async () => {
		const written = await writeAvroFile({
			schema: {
				type: 'record',
				name: 'r',
				fields: [
					{ name: 'old_name', type: 'string', 'field-id': 100 },
					{ name: 'unknown', type: { type: 'array', items: 'string' }, 'field-id': 999 },
					{ name: 'n', type: 'int', 'field-id': 101 },
				],
			},
			records: [{ old_name: 'a', unknown: ['x', 'y'], n: 1 }],
		})
		const names = new Map([
			[100, 'path'],
			[101, 'n'],
		])
		const file = await readAvroFile(written, { name: 'test', naming: (field) => names.get(field['field-id'] ?? -1) })
		expect(file.records).toEqual([{ path: 'a', n: 1 }])
	})

	it('are corrupt, with the position, wherever they are cut', async () => {
		const records = fc.sample(record, { seed: 3, numRuns: 3 })
		const bytes = await writeAvroFile({ schema, records })
		const header = (await writeAvroFile({ schema, records: [] })).length
		for (let end = 0; end < bytes.length; end += end < header ? 37 : 1) {
			if (end === header) continue
			const error = await readAvroFile(bytes.slice(0, end), { name: 'm0.avro' }).catch((thrown: unknown) => thrown)
			expect(SQLakeError.is(error, 'LAKE_CORRUPT'), `cut at ${end}`).toBe(true)
			expect(String(error)).toContain('m0.avro')
		}
	})

	it('are corrupt where a block holds more, or less, than the records that it counts', async () => {
		const three = await writeAvroFile({ schema: 'long', records: [1, 2, 3] })
		// The count of the only block, before its length, its three bytes and the sync marker.
		const at = three.length - 16 - 3 - 2
		expect(three[at]).toBe(3 * 2)
		for (const [count, message] of [
			[2, /m0\.avro.*expected the end of 2 records, found 1 more bytes/],
			[0, /m0\.avro.*expected the end of 0 records, found 3 more bytes/],
			[4, /m0\.avro.*expected 4 records, found 3/],
		] as const) {
			const miscounted = three.slice()
			miscounted[at] = count * 2
			const read = readAvroFile(miscounted, { name: 'm0.avro' })
			await expect(read).rejects.toMatchObject({ code: 'LAKE_CORRUPT', message: expect.stringMatching(message) })
		}
	})

	it('give as many records as were written, or are corrupt, whatever byte is changed', async () => {
		const records = fc.sample(record, { numRuns: 5 })
		const bytes = await writeAvroFile({ schema, records, codec: 'deflate' })
		let refused = 0
		await fc.assert(
			fc.asyncProperty(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), async (at, change) => {
				const damaged = bytes.slice()
				damaged[at] = (damaged[at] ?? 0) ^ change
				try {
					const read = await readAvroFile(damaged, { name: 'test' })
					expect(read.records).toHaveLength(records.length)
				} catch (error) {
					refused++
					expect(SQLakeError.is(error, 'LAKE_CORRUPT'), String(error)).toBe(true)
					expect(String(error)).toContain('Avro file "test"')
				}
			}),
			{ numRuns: 400 },
		)
		expect(refused).toBeGreaterThan(100)
	})

	it('refuse a codec that is not supported, naming it', async () => {
		const bytes = await writeAvroFile({ schema: 'long', records: [1] })
		const text = Buffer.from(bytes).toString('latin1').replace('avro.codec\x08null', 'avro.codec\x08lzma')
		await expect(readAvroFile(Buffer.from(text, 'latin1'), { name: 'test' })).rejects.toThrow(/"lzma"/)
	})

	it('refuse to write a value that does not fit', async () => {
		const write = (type: string, value: AvroValue) =>
			writeAvroFile({ schema: { type: 'record', name: 'r', fields: [{ name: 'v', type }] }, records: [{ v: value }] })
		await expect(write('int', 2 ** 31)).rejects.toThrow(/expected int, found 2147483648/)
		await expect(write('long', 2n ** 63n)).rejects.toThrow(/expected long/)
		await expect(write('long', 1.5)).rejects.toThrow(/expected long/)
		await expect(write('string', 1)).rejects.toThrow(/expected string/)
		await expect(write('boolean', null)).rejects.toThrow(/expected boolean/)
	})
})

async function oracleRead(bytes: Uint8Array): Promise<unknown[]> {
	const decoder = new avro.streams.BlockDecoder({ parseHook: () => oracleType })
	const records: unknown[] = []
	decoder.on('data', (value: unknown) => records.push(fromOracle(value)))
	Readable.from([Buffer.from(bytes)]).pipe(decoder)
	await once(decoder, 'end')
	return records
}

async function oracleWrite(records: readonly AvroRecordValue[], codec: string): Promise<Uint8Array> {
	const encoder = new avro.streams.BlockEncoder(oracleType, { codec, writeHeader: 'always' } as never)
	const chunks: Buffer[] = []
	encoder.on('data', (chunk: Buffer) => chunks.push(chunk))
	for (const value of records) encoder.write(toOracle(value))
	encoder.end()
	await once(encoder, 'end')
	return new Uint8Array(Buffer.concat(chunks))
}

/** The oracle has longs as bigints throughout, maps as objects, bytes as Buffers. */
function toOracle(value: AvroRecordValue): unknown {
	return {
		...value,
		l: BigInt(value.l as bigint),
		o: value.o === null ? null : BigInt(value.o as bigint),
		list: (value.list as bigint[]).map(BigInt),
		y: Buffer.from(value.y as Uint8Array),
		x: Buffer.from(value.x as Uint8Array),
		again: value.again === null ? null : Buffer.from(value.again as Uint8Array),
		bounds: (value.bounds as unknown as { key: number; value: Uint8Array }[]).map(({ key, value: bytes }) => ({
			key,
			value: Buffer.from(bytes),
		})),
		m: Object.fromEntries(value.m as ReadonlyMap<string, string>),
	}
}

function fromOracle(value: unknown): unknown {
	if (typeof value === 'bigint') return narrow(value)
	if (value instanceof Uint8Array) return new Uint8Array(value)
	if (Array.isArray(value)) return value.map(fromOracle)
	if (typeof value !== 'object' || value === null) return value
	return Object.fromEntries(
		Object.entries(value).map(([key, field]) => [
			key,
			key === 'm' ? new Map(Object.entries(field as Record<string, string>)) : fromOracle(field),
		]),
	)
}

function narrow(value: bigint): number | bigint {
	const number = Number(value)
	return Number.isSafeInteger(number) ? number : value
}
