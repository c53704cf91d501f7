import { copyBytes } from '../../schema/bytes.ts'

const encoder = new TextEncoder()

/** Writes Avro's binary encoding (Avro specification, "Binary Encoding") into a growing buffer. */
export class AvroBinaryWriter {
	#bytes = new Uint8Array(1024)
	#view = new DataView(this.#bytes.buffer)
	#length = 0

	/** Bytes written. */
	get length(): number {
		return this.#length
	}

	/** What was written, as a copy. */
	toBytes(): Uint8Array<ArrayBuffer> {
		return copyBytes(this.#bytes, 0, this.#length)
	}

	writeFixed(bytes: Uint8Array): void {
		this.#reserve(bytes.length)
		this.#bytes.set(bytes, this.#length)
		this.#length += bytes.length
	}

	writeByte(byte: number): void {
		this.#reserve(1)
		this.#bytes[this.#length++] = byte
	}

	/** Writes an int or a long, zig-zag coded. The caller has checked that it is an integer of 64 bits. */
	writeLong(value: number | bigint): void {
		if (typeof value === 'bigint' || !Number.isSafeInteger(value * 2)) {
			let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n))
			while (rest > 0x7fn) {
				this.writeByte(Number(rest & 0x7fn) | 0x80)
				rest >>= 7n
			}
			this.writeByte(Number(rest))
			return
		}
		let rest = value < 0 ? -value * 2 - 1 : value * 2
		while (rest > 0x7f) {
			this.writeByte((rest % 128) | 0x80)
			rest = Math.floor(rest / 128)
		}
		this.writeByte(rest)
	}

	writeFloat(value: number): void {
		this.#reserve(4)
		this.#view.setFloat32(this.#length, value, true)
		this.#length += 4
	}

	writeDouble(value: number): void {
		this.#reserve(8)
		this.#view.setFloat64(this.#length, value, true)
		this.#length += 8
	}

	writeBytes(bytes: Uint8Array): void {
		this.writeLong(bytes.length)
		this.writeFixed(bytes)
	}

	writeString(text: string): void {
		this.writeBytes(encoder.encode(text))
	}

	#reserve(count: number): void {
		if (this.#length + count <= this.#bytes.length) return
		const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count))
		grown.set(this.#bytes)
		this.#bytes = grown
		this.#view = new DataView(grown.buffer)
	}
}
