/**
 * Bytes in every form that JavaScript has for them, with other bytes around them.
 *
 * @module
 */
import fc from 'fast-check'

/** A value that shows bytes, and these bytes on their own. */
export interface RandomBytes {
	readonly kind: string
	readonly value: ArrayBuffer | ArrayBufferView<ArrayBuffer>
	readonly shown: Uint8Array
	/** The same in memory of its own. */
	copy(): RandomBytes
}

const typedArrays = [
	Uint8Array,
	Int8Array,
	Uint8ClampedArray,
	Uint16Array,
	Int16Array,
	Uint32Array,
	Int32Array,
	Float32Array,
	Float64Array,
	BigInt64Array,
	BigUint64Array,
] as const

/** Bytes in a random form, at a random offset of a larger buffer where the form can be. Their number is one that any element divides. */
export const randomBytes: fc.Arbitrary<RandomBytes> = fc
	.record({
		form: fc.constantFrom(...typedArrays, DataView, ArrayBuffer, 'Buffer' as const, 'pooled Buffer' as const),
		bytes: fc
			.uint8Array({ minLength: 0, maxLength: 5 })
			.map((part) => Uint8Array.from([...part, ...part, ...part, ...part, ...part, ...part, ...part, ...part])),
		cut: fc.nat(7),
		before: fc.nat(5),
		after: fc.nat(20),
	})
	.map(({ form, bytes, cut, before, after }) => {
		const whole = form === Uint8Array || form === DataView || typeof form === 'string' || form === ArrayBuffer
		const shown = whole ? bytes.slice(0, Math.max(0, bytes.length - cut)) : bytes
		const start = before * 8 + (whole ? cut : 0)
		const around = new Uint8Array(start + shown.length + after).fill(0xee)
		around.set(shown, start)
		const copy = (): RandomBytes => ({
			kind: typeof form === 'string' ? form : form.name,
			value: inForm(form, around.slice().buffer, start, shown),
			shown,
			copy,
		})
		return copy()
	})

function inForm(
	form: (typeof typedArrays)[number] | typeof DataView | typeof ArrayBuffer | 'Buffer' | 'pooled Buffer',
	buffer: ArrayBuffer,
	start: number,
	shown: Uint8Array,
): RandomBytes['value'] {
	if (form === 'Buffer') return Buffer.from(buffer, start, shown.length)
	// A small Buffer is a view of a pool that all of the process shares.
	if (form === 'pooled Buffer') return Buffer.from(shown)
	if (form === ArrayBuffer) return buffer.slice(start, start + shown.length)
	if (form === DataView) return new DataView(buffer, start, shown.length)
	const array = form as Uint8ArrayConstructor
	return new array(buffer, start, shown.length / array.BYTES_PER_ELEMENT)
}

/** Values that look like bytes and may not be kept. */
export function unkeepable(): readonly unknown[] {
	const shared = new SharedArrayBuffer(16)
	const given = new Uint8Array(16)
	structuredClone(given.buffer, { transfer: [given.buffer] })
	return [
		shared,
		new Uint8Array(shared, 4, 4),
		new DataView(shared),
		new Float64Array(shared),
		Buffer.from(shared),
		given,
		given.buffer,
	]
}
