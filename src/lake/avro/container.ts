/**
 * Avro object container files (Avro 1.11 specification, "Object Container Files"): the form of Iceberg's manifests and manifest
 * lists.
 *
 * @module
 */
import { messageOf, SQLakeError } from '../../errors.ts'
import { AvroBinaryReader } from './binary-reader.ts'
import { AvroBinaryWriter } from './binary-writer.ts'
import { compileAvroDecoder, type FieldNaming } from './decoder.ts'
import { compileAvroEncoder } from './encoder.ts'
import type { AvroSchema, AvroValue } from './schema.ts'

/** 'Obj' and the version. */
const MAGIC = Uint8Array.of(0x4f, 0x62, 0x6a, 0x01)

const SYNC_BYTES = 16

/** Records a block: a reader decompresses and checks one block at a time. */
const BLOCK_RECORDS = 1000

/** How the blocks of a file are compressed. Others (snappy, zstandard, bzip2, xz) are refused. */
export type AvroCodec = 'null' | 'deflate'

/** A decoded container file. */
export interface AvroFile {
	readonly schema: AvroSchema
	/** What else stands in the header, as text. */
	readonly metadata: ReadonlyMap<string, string>
	readonly records: readonly AvroValue[]
}

export interface WriteAvroFileOptions {
	readonly schema: AvroSchema
	readonly records: Iterable<AvroValue>
	/** Entries of the header besides the schema and the codec. */
	readonly metadata?: Readonly<Record<string, string>>
	/** Default: `null`. */
	readonly codec?: AvroCodec
}

/**
 * Writes a container file.
 *
 * @throws `INTERNAL` for a record that does not fit the schema.
 */
export async function writeAvroFile(options: WriteAvroFileOptions): Promise<Uint8Array<ArrayBuffer>> {
	const { schema, metadata = {}, codec = 'null' } = options
	const file = new AvroBinaryWriter()
	file.writeFixed(MAGIC)
	const header = { ...metadata, 'avro.schema': JSON.stringify(schema), 'avro.codec': codec }
	file.writeLong(Object.keys(header).length)
	for (const [key, value] of Object.entries(header)) {
		file.writeString(key)
		file.writeString(value)
	}
	file.writeByte(0)
	const sync = crypto.getRandomValues(new Uint8Array(SYNC_BYTES))
	file.writeFixed(sync)

	const encode = compileAvroEncoder(schema)
	let block = new AvroBinaryWriter()
	let count = 0
	const flush = async () => {
		if (count === 0) return
		const bytes = codec === 'null' ? block.toBytes() : await through(block.toBytes(), new CompressionStream('deflate-raw'))
		file.writeLong(count)
		file.writeBytes(bytes)
		file.writeFixed(sync)
		block = new AvroBinaryWriter()
		count = 0
	}
	for (const record of options.records) {
		encode(block, record)
		if (++count === BLOCK_RECORDS) await flush()
	}
	await flush()
	return file.toBytes()
}

export interface ReadAvroFileOptions {
	/** What is read, for error messages, such as the path of a manifest. */
	readonly name: string
	/** Resolves the writer's fields to the reader's. */
	readonly naming?: FieldNaming
}

/**
 * Reads a container file of any writer.
 *
 * @throws `LAKE_CORRUPT`, with the file's name and the position, if the bytes are not such a file.
 */
export async function readAvroFile(bytes: Uint8Array, options: ReadAvroFileOptions): Promise<AvroFile> {
	const { name, naming } = options
	try {
		const reader = new AvroBinaryReader(bytes, name)
		const { metadata, schema, sync, codec } = readHeader(reader)
		const decode = compileAvroDecoder(schema, naming)
		const records: AvroValue[] = []
		while (reader.remaining > 0) {
			const count = reader.readSize('the count of a block')
			const stored = reader.readBytes()
			const base = reader.offset - stored.length
			const marker = reader.readFixed(SYNC_BYTES)
			if (!equalBytes(marker, sync)) throw reader.corrupt('the sync marker of the file', 'other bytes')
			// Within a compressed block positions are those of the decompressed bytes.
			const block =
				codec === 'null'
					? new AvroBinaryReader(stored, name, base)
					: new AvroBinaryReader(await through(stored.slice(), new DecompressionStream('deflate-raw')), name)
			for (let i = 0; i < count; i++) {
				if (block.remaining === 0 && i > 0) throw block.corrupt(`${count} records`, `${i}`)
				records.push(decode(block))
			}
			if (block.remaining > 0) throw block.corrupt(`the end of ${count} records`, `${block.remaining} more bytes`)
		}
		return { schema, metadata, records }
	} catch (error) {
		if (SQLakeError.is(error) && error.details?.file === name) throw error
		// A broken deflate stream, a schema that is not JSON or no schema, a value nested too deep.
		throw new SQLakeError('LAKE_CORRUPT', `Avro file "${name}" does not decode: ${messageOf(error)}`, {
			cause: error,
			details: { file: name },
		})
	}
}

function readHeader(reader: AvroBinaryReader): {
	readonly metadata: ReadonlyMap<string, string>
	readonly schema: AvroSchema
	readonly sync: Uint8Array
	readonly codec: AvroCodec
} {
	if (reader.remaining < MAGIC.length) throw reader.corrupt('an Avro file', `${reader.remaining} bytes`)
	if (!equalBytes(reader.readFixed(MAGIC.length), MAGIC)) throw reader.corrupt('"Obj" and version 1', 'other bytes')
	const metadata = new Map<string, string>()
	for (;;) {
		const count = reader.readLong()
		if (count === 0) break
		if (count < 0) reader.readSize('the size of a block')
		const entries = count < 0 ? -count : count
		for (let i = 0; i < entries; i++) metadata.set(reader.readString(), reader.readString())
	}
	const codec = metadata.get('avro.codec') ?? 'null'
	if (codec !== 'null' && codec !== 'deflate') throw reader.corrupt('the codec "null" or "deflate"', `"${codec}"`)
	const schemaText = metadata.get('avro.schema')
	if (schemaText === undefined) throw reader.corrupt('a schema in the header', 'none')
	const schema: AvroSchema = JSON.parse(schemaText)
	return { metadata, schema, sync: reader.readFixed(SYNC_BYTES), codec }
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
	return a.length === b.length && a.every((byte, i) => byte === b[i])
}

async function through(
	bytes: Uint8Array<ArrayBuffer>,
	transform: CompressionStream | DecompressionStream,
): Promise<Uint8Array<ArrayBuffer>> {
	const stream = new Blob([bytes]).stream().pipeThrough(transform)
	return new Uint8Array(await new Response(stream).arrayBuffer())
}
