/**
 * Orders texts by their UTF-8 bytes, which is the order of code points: the order of object keys in a listing and of string
 * bounds in Iceberg. JavaScript's own order is by UTF-16 unit and differs where one text goes beyond U+FFFF.
 *
 * @returns negative, zero or positive, as a comparison for sort().
 */
export function compareUtf8(a: string, b: string): number {
	const length = Math.min(a.length, b.length)
	for (let i = 0; i < length; i++) {
		const left = a.charCodeAt(i)
		const right = b.charCodeAt(i)
		if (left === right) continue
		// A surrogate stands for a code point above every other unit, whatever its own number says.
		const leftHigh = (left & 0xf800) === 0xd800
		const rightHigh = (right & 0xf800) === 0xd800
		if (leftHigh !== rightHigh) return leftHigh ? 1 : -1
		return left - right
	}
	return a.length - b.length
}
