/**
 * Keys as paths below a directory. A segment keeps letters, digits and `. _ = ~ % ! ' ( ) -`, so that all keys of a lake, whose names
 * are percent-encoded already, are their own paths: readers of `file://` find them, and a copy to a bucket has the right keys. Every
 * other byte of its UTF-8 becomes `^XX`. Nothing can leave the directory: a segment of dots alone has them encoded, an empty one is `^_`.
 *
 * @module
 */

/** File systems allow 255 bytes a name; what is longer goes on in a folder within, its name ending in `+`. */
const MAX_NAME = 200

/** How bytes are written that a name does not keep. */
interface Escape {
	readonly mark: '^' | '%'
	readonly kept: RegExp
}

const ESCAPE: Escape = { mark: '^', kept: /[\w.=~%!'()-]/ }

/** Until names kept their `%`: `%2F` of a key was `%252F` on disk. */
const FORMER_ESCAPE: Escape = { mark: '%', kept: /[\w.=~-]/ }

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** @returns the relative path of a key, with `/` between names. Distinct keys have distinct paths. */
export function pathOfKey(key: string): string {
	return pathWith(ESCAPE, key)
}

/** The inverse of {@link pathOfKey}. */
export function keyOfPath(path: string): string {
	return keyWith(ESCAPE, path)
}

/**
 * The key of a file of a directory that was written when names did not keep their `%`.
 *
 * @returns null for a path that has the same key now, and for one that no key of a lake had
 */
export function keyOfFormerPath(path: string): string | null {
	// Keys of a lake are what encodeURIComponent() leaves, and a shard's name has none of ! ' ( ) *, not even those. So a key that is its
	// own path already, copied from a bucket or renamed before an interruption, is not taken for another one's encoding.
	const isFormer = path
		.replaceAll('+/', '')
		.split('/')
		.every((segment) => (segment.startsWith('_shard=') ? /^(?:[\w=~-]|%25)*$/ : /^(?:[\w.=~-]|%2[1578A9])*$/).test(segment))
	if (!isFormer) return null
	const key = keyWith(FORMER_ESCAPE, path)
	const isLakeKey = /^(?:[\w.~!'()*=+/-]|%[0-9A-F]{2})*$/.test(key)
	return isLakeKey && pathWith(FORMER_ESCAPE, key) === path && pathOfKey(key) !== path ? key : null
}

function pathWith(form: Escape, key: string): string {
	return key
		.split('/')
		.flatMap((segment) => namesOf(encodeSegment(form, segment)))
		.join('/')
}

function keyWith({ mark }: Escape, path: string): string {
	const segments: string[] = []
	let open = ''
	for (const name of path.split('/')) {
		if (name.endsWith('+')) {
			open += name.slice(0, -1)
		} else {
			segments.push(decodeSegment(mark, open + name))
			open = ''
		}
	}
	return segments.join('/')
}

function namesOf(encoded: string): string[] {
	const names: string[] = []
	for (let start = 0; start < encoded.length; start += MAX_NAME) {
		const end = start + MAX_NAME
		names.push(end < encoded.length ? `${encoded.slice(start, end)}+` : encoded.slice(start))
	}
	return names
}

function encodeSegment({ mark, kept }: Escape, segment: string): string {
	if (segment === '') return `${mark}_`
	if (/^\.+$/.test(segment)) return `${mark}2E`.repeat(segment.length)
	let encoded = ''
	for (const byte of encoder.encode(segment)) {
		const char = String.fromCharCode(byte)
		encoded += kept.test(char) ? char : `${mark}${byte.toString(16).toUpperCase().padStart(2, '0')}`
	}
	return encoded
}

function decodeSegment(mark: string, encoded: string): string {
	if (encoded === `${mark}_`) return ''
	const bytes: number[] = []
	for (let i = 0; i < encoded.length; i++) {
		if (encoded[i] === mark) {
			bytes.push(Number.parseInt(encoded.slice(i + 1, i + 3), 16))
			i += 2
		} else {
			bytes.push(encoded.charCodeAt(i))
		}
	}
	return decoder.decode(Uint8Array.from(bytes))
}
