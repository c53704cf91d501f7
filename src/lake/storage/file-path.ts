/**
 * Keys as paths below a directory. A segment keeps letters, digits and `. _ = ~ -`; every other byte of its UTF-8 becomes `%XX`.
 * Nothing can leave the directory: a segment of dots alone has them encoded, an empty one is `%_`.
 *
 * @module
 */

/** File systems allow 255 bytes a name; what is longer goes on in a folder within, its name ending in `+`. */
const MAX_NAME = 200

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** @returns the relative path of a key, with `/` between names. Distinct keys have distinct paths. */
export function pathOfKey(key: string): string {
	return key.split('/').flatMap(namesOfSegment).join('/')
}

/** The inverse of {@link pathOfKey}. */
export function keyOfPath(path: string): string {
	const segments: string[] = []
	let open = ''
	for (const name of path.split('/')) {
		if (name.endsWith('+')) {
			open += name.slice(0, -1)
		} else {
			segments.push(decodeSegment(open + name))
			open = ''
		}
	}
	return segments.join('/')
}

function namesOfSegment(segment: string): string[] {
	const encoded = encodeSegment(segment)
	const names: string[] = []
	for (let start = 0; start < encoded.length; start += MAX_NAME) {
		const end = start + MAX_NAME
		names.push(end < encoded.length ? `${encoded.slice(start, end)}+` : encoded.slice(start))
	}
	return names
}

function encodeSegment(segment: string): string {
	if (segment === '') return '%_'
	if (/^\.+$/.test(segment)) return '%2E'.repeat(segment.length)
	let encoded = ''
	for (const byte of encoder.encode(segment)) {
		const char = String.fromCharCode(byte)
		encoded += /[\w.=~-]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
	}
	return encoded
}

function decodeSegment(encoded: string): string {
	if (encoded === '%_') return ''
	const bytes: number[] = []
	for (let i = 0; i < encoded.length; i++) {
		if (encoded[i] === '%') {
			bytes.push(Number.parseInt(encoded.slice(i + 1, i + 3), 16))
			i += 2
		} else {
			bytes.push(encoded.charCodeAt(i))
		}
	}
	return decoder.decode(Uint8Array.from(bytes))
}
