import { SQLakeError } from '../../errors.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Powers of 2 up to which a variable-length integer is summed as a double without loss: 7 bytes of 7 bits. */
const EXACT_BYTES = 7

/**
 * Reads Avro's binary encoding (Avro specification, "Binary Encoding") from bytes. Every read is checked against the end.
 */
export class AvroBinaryReader {
	readonly #bytes: Uint8Array
	readonly #view: DataView
	readonly #name: string
	/** Where `bytes` starts in the file, for error messages. */
	readonly #base: number
	#offset = 0

	/** @param name What is read, for error messages, such as the path of a manifest. */
	constructor(bytes: Uint8Array, name: string, base = 0) {
		this.#bytes = bytes
		this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
		this.#name = name
		this.#base = base
	}

	/** Position within the bytes. */
	get offset(): number {
		return this.#offset
	}

	/** Bytes not yet read. */
	get remaining(): number {
		return this.#bytes.length - this.#offset
	}

	/** The error for what stands at the current position. */
	corrupt(expected: string, found: string): SQLakeError {
		const position = this.#base + this.#offset
		return new SQLakeError('LAKE_CORRUPT', `Avro file "${this.#name}": byte ${position}: expected ${expected}, found ${found}`, {
			details: { file: this.#name, position },
		})
	}

	/** Reads `length` bytes without copying them. */
	readFixed(length: number): Uint8Array {
		if (length < 0 || length > this.remaining) throw this.corrupt(`${length} bytes`, `${this.remaining} bytes to the end`)
		const start = this.#offset
		this.#offset += length
		return this.#bytes.subarray(start, this.#offset)
	}

	readByte(): number {
		const byte = this.#bytes[this.#offset]
		if (byte === undefined) throw this.corrupt('a byte', 'the end')
		this.#offset++
		return byte
	}

	readBoolean(): boolean {
		const byte = this.readByte()
		if (byte > 1) {
			this.#offset--
			throw this.corrupt('a boolean, 0 or 1', String(byte))
		}
		return byte === 1
	}

	/** Reads an int or a long, zig-zag coded; a number where that is exact. */
	readLong(): number | bigint {
		const start = this.#offset
		let sum = 0
		let scale = 1
		for (let count = 0; count < EXACT_BYTES; count++) {
			const byte = this.readByte()
			sum += (byte & 0x7f) * scale
			if (byte < 0x80) return sum % 2 === 0 ? sum / 2 : -(sum + 1) / 2
			scale *= 128
		}
		let long = BigInt(sum)
		for (let shift = 49n; shift <= 63n; shift += 7n) {
			const byte = this.readByte()
			long |= BigInt(byte & 0x7f) << shift
			if (byte < 0x80) {
				const value = BigInt.asIntN(64, (long >> 1n) ^ -(long & 1n))
				const number = Number(value)
				return Number.isSafeInteger(number) ? number : value
			}
		}
		this.#offset = start
		throw this.corrupt('a number of at most 10 bytes', 'more')
	}

	/** Reads an int of 32 bits. */
	readInt(): number {
		const start = this.#offset
		const value = this.readLong()
		if (typeof value === 'number' && value === (value | 0)) return value
		this.#offset = start
		throw this.corrupt('an int of 32 bits', String(value))
	}

	/** Reads a count or a length that must fit what can be held. */
	readSize(what: string): number {
		const start = this.#offset
		const value = this.readLong()
		if (typeof value === 'number' && value >= 0) return value
		this.#offset = start
		throw this.corrupt(`${what}, not negative`, String(value))
	}

	readFloat(): number {
		if (this.remaining < 4) throw this.corrupt('4 bytes of a float', `${this.remaining} bytes to the end`)
		const value = this.#view.getFloat32(this.#offset, true)
		this.#offset += 4
		return value
	}

	readDouble(): number {
		if (this.remaining < 8) throw this.corrupt('8 bytes of a double', `${this.remaining} bytes to the end`)
		const value = this.#view.getFloat64(this.#offset, true)
		this.#offset += 8
		return value
	}

	/** Reads bytes without copying them. */
	readBytes(): Uint8Array {
		return this.readFixed(this.readSize('a length'))
	}

	readString(): string {
		const start = this.#offset
		const bytes = this.readBytes()
		try {
			return utf8.decode(bytes)
		} catch {
			this.#offset = start
			throw this.corrupt('text in UTF-8', 'other bytes')
		}
	}
}
