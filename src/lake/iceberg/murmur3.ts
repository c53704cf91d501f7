/**
 * The 32-bit Murmur3 hash, x86 variant, seed 0 (Iceberg specification, appendix B). Iceberg's bucket transform is defined by it.
 *
 * @returns a signed 32-bit integer.
 */
export function murmur3(bytes: Uint8Array): number {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
	const blocks = bytes.length >>> 2
	let hash = 0
	for (let i = 0; i < blocks; i++) {
		hash ^= scramble(view.getInt32(i * 4, true))
		hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0
	}
	let tail = 0
	for (let i = bytes.length - 1; i >= blocks * 4; i--) tail = (tail << 8) | (bytes[i] ?? 0)
	hash ^= scramble(tail) ^ bytes.length
	hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
	hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
	return hash ^ (hash >>> 16)
}

function scramble(block: number): number {
	const mixed = Math.imul(block, 0xcc9e2d51)
	return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593)
}
