/**
 * SHA-256 without await (FIPS 180-4 section 6.2). WebCrypto's digest is asynchronous, and names and migrations are made where
 * nothing can be awaited: in planning, and inside `blockConcurrencyWhile`.
 *
 * @module
 */

/** Round constants: the first 32 bits of the fractional parts of the cube roots of the first 64 primes (section 4.2.2). */
const roundConstants = Uint32Array.from(firstPrimes(64), (prime) => fractionBits(Math.cbrt(prime)))

/** Initial hash value: the same of the square roots of the first 8 primes (section 5.3.3). */
const initialHash = Uint32Array.from(firstPrimes(8), (prime) => fractionBits(Math.sqrt(prime)))

/**
 * The SHA-256 of a text's UTF-8 bytes, or of bytes, as 64 lower case hex digits.
 *
 * @example
 * ```ts
 * sha256Hex('abc') // 'ba7816bf 8f01cfea 414140de 5dae2223 b00361a3 96177a9c b410ff61 f20015ad' without the spaces
 * ```
 */
export function sha256Hex(input: string | Uint8Array): string {
	const message = typeof input === 'string' ? new TextEncoder().encode(input) : input
	const view = new DataView(padded(message).buffer)
	const hash = Uint32Array.from(initialHash)
	const schedule = new Uint32Array(64)
	for (let offset = 0; offset < view.byteLength; offset += 64) compress(hash, schedule, view, offset)
	return Array.from(hash, (word) => word.toString(16).padStart(8, '0')).join('')
}

/** Message, bit 1, zeros, and the length in bits as a 64-bit integer, to a multiple of 64 bytes (section 5.1.1). */
function padded(message: Uint8Array): Uint8Array<ArrayBuffer> {
	const bytes = new Uint8Array(Math.ceil((message.length + 9) / 64) * 64)
	bytes.set(message)
	bytes[message.length] = 0x80
	new DataView(bytes.buffer).setBigUint64(bytes.length - 8, BigInt(message.length) * 8n)
	return bytes
}

function compress(hash: Uint32Array, schedule: Uint32Array, view: DataView, offset: number): void {
	const w = (index: number) => schedule[index] ?? 0
	for (let t = 0; t < 16; t++) schedule[t] = view.getUint32(offset + t * 4)
	for (let t = 16; t < 64; t++) {
		const s0 = rotate(w(t - 15), 7) ^ rotate(w(t - 15), 18) ^ (w(t - 15) >>> 3)
		const s1 = rotate(w(t - 2), 17) ^ rotate(w(t - 2), 19) ^ (w(t - 2) >>> 10)
		schedule[t] = w(t - 16) + s0 + w(t - 7) + s1
	}
	let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = hash
	for (let t = 0; t < 64; t++) {
		const sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
		const t1 = (h + sum1 + ((e & f) ^ (~e & g)) + (roundConstants[t] ?? 0) + w(t)) | 0
		const sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
		const t2 = (sum0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
		h = g
		g = f
		f = e
		e = (d + t1) | 0
		d = c
		c = b
		b = a
		a = (t1 + t2) | 0
	}
	for (const [index, word] of [a, b, c, d, e, f, g, h].entries()) hash[index] = (hash[index] ?? 0) + word
}

function rotate(word: number, bits: number): number {
	return (word >>> bits) | (word << (32 - bits))
}

function firstPrimes(count: number): number[] {
	const primes: number[] = []
	for (let n = 2; primes.length < count; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n)
	return primes
}

function fractionBits(root: number): number {
	return Math.floor((root - Math.floor(root)) * 2 ** 32)
}
