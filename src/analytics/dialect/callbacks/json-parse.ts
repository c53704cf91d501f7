/**
 * Reading JSON, with the parts of JSON5 that SQLite takes (https://www.sqlite.org/json1.html section 3.4).
 *
 * @module
 */
import { branch, JsonKind, type JsonNode, leaf } from './json-node.ts'
import { sqliteFailure } from './sqlite-failure.ts'

/** Levels of arrays and objects within each other (JSON_MAX_DEPTH). */
const MAX_DEPTH = 1_000

/** Answers of {@link Parser.value} other than the position after a value. */
const END = 0
const ERROR = -1
const BRACE = -2
const BRACKET = -3
const COMMA = -4
const COLON = -5

/** What a text holds. */
export interface ParsedJson {
	readonly root: JsonNode
	/** Whether it is JSON without extensions. */
	readonly isStandard: boolean
}

/** @returns undefined for what is no JSON. */
export function tryParseJson(text: string): ParsedJson | undefined {
	const parser = new Parser(text)
	const root = parser.document()
	return root === undefined ? undefined : { root, isStandard: parser.isStandard }
}

/** @throws SQLite's failure for what is no JSON. */
export function parseJson(text: string): JsonNode {
	const root = new Parser(text).document()
	if (root === undefined) throw sqliteFailure('malformed JSON')
	return root
}

/** The position of the first error in characters, from 1; 0 for JSON. */
export function jsonErrorPosition(text: string): number {
	const parser = new Parser(text)
	if (parser.document() !== undefined) return 0
	return [...text.slice(0, parser.errorAt)].length + 1
}

/** Whether a character needs no care within a string: no control, no quote, no backslash. */
const IS_OK: readonly boolean[] = Array.from({ length: 128 }, (_, c) => c > 0x1f && c !== 0x22 && c !== 0x27 && c !== 0x5c)

class Parser {
	readonly #text: string
	isStandard = true
	errorAt = 0
	#depth = 0
	/** What {@link value} read last. */
	#node: JsonNode = leaf(JsonKind.NULL)

	constructor(text: string) {
		// SQLite reads to the first NUL.
		const end = text.indexOf('\0')
		this.#text = end < 0 ? text : text.slice(0, end)
	}

	document(): JsonNode | undefined {
		let at = this.value(0)
		if (at <= 0) return undefined
		const root = this.#node
		at = this.#spaces(at)
		if (at < this.#text.length) {
			at += this.#whitespace(at)
			// SQLite does not say that the error is here.
			if (at < this.#text.length) return undefined
			this.isStandard = false
		}
		return root
	}

	#code(at: number): number {
		return at < this.#text.length ? this.#text.charCodeAt(at) : 0
	}

	/** Position of the next character that is no space of JSON. */
	#spaces(at: number): number {
		for (let i = at; ; i++) if (!isSpace(this.#code(i))) return i
	}

	#fail(at: number): number {
		this.errorAt = at
		return ERROR
	}

	/** Reads one value. @returns the position after it, or what stands there instead. */
	value(start: number): number {
		let at = start
		for (;;) {
			const c = this.#code(at)
			switch (c) {
				case 0x7b:
					return this.#object(at)
				case 0x5b:
					return this.#array(at)
				case 0x22:
					return this.#string(at)
				case 0x27:
					this.isStandard = false
					return this.#string(at)
				case 0x74:
					return this.#word(at, 'true', JsonKind.TRUE)
				case 0x66:
					return this.#word(at, 'false', JsonKind.FALSE)
				case 0x7d:
					this.errorAt = at
					return BRACE
				case 0x5d:
					this.errorAt = at
					return BRACKET
				case 0x2c:
					this.errorAt = at
					return COMMA
				case 0x3a:
					this.errorAt = at
					return COLON
				case 0:
					return END
				case 0x09:
				case 0x0a:
				case 0x0d:
				case 0x20:
					at = this.#spaces(at + 1)
					continue
				case 0x2b:
				case 0x2d:
				case 0x2e:
					return this.#number(at)
				case 0x6e:
					if (this.#text.startsWith('null', at) && !isAlphanumeric(this.#code(at + 4))) {
						this.#node = leaf(JsonKind.NULL)
						return at + 4
					}
					return this.#nameOfNumber(at)
				default: {
					if (isDigit(c)) return this.#number(at)
					const skipped = this.#whitespace(at)
					if (skipped === 0) return this.#nameOfNumber(at)
					this.isStandard = false
					at += skipped
				}
			}
		}
	}

	#word(at: number, word: string, kind: JsonKind): number {
		if (!this.#text.startsWith(word, at) || isAlphanumeric(this.#code(at + word.length))) return this.#fail(at)
		this.#node = leaf(kind)
		return at + word.length
	}

	/** Infinity and NaN. */
	#nameOfNumber(at: number): number {
		const [name] = /^(?:infinity|inf|[qs]?nan)(?![0-9a-z])/i.exec(this.#text.slice(at, at + 9)) ?? []
		if (name === undefined) return this.#fail(at)
		this.isStandard = false
		this.#node = /^i/i.test(name) ? leaf(JsonKind.FLOAT, '9e999') : leaf(JsonKind.NULL)
		return at + name.length
	}

	#object(at: number): number {
		if (++this.#depth > MAX_DEPTH) return this.#fail(at)
		const nodes: JsonNode[] = []
		let j = at + 1
		for (; ; j++) {
			let x = this.value(j)
			if (x <= 0) {
				if (x === BRACE) {
					j = this.errorAt
					if (nodes.length > 0) this.isStandard = false
					break
				}
				j += this.#whitespace(j)
				const end = this.#identifier(j)
				if (end === j) return x === ERROR ? ERROR : this.#fail(j)
				const name = this.#text.slice(j, end)
				this.#node = leaf(name.includes('\\') ? JsonKind.TEXTJ : JsonKind.TEXT, name)
				this.isStandard = false
				x = end
			}
			const label = this.#node
			if (label.kind < JsonKind.TEXT || label.kind > JsonKind.TEXTRAW) return this.#fail(j)
			j = this.#spaces(x)
			if (this.#code(j) === 0x3a) j++
			else {
				x = this.value(j)
				if (x !== COLON) return x === ERROR ? ERROR : this.#fail(j)
				j = this.errorAt + 1
			}
			x = this.value(j)
			if (x <= 0) return x === ERROR ? ERROR : this.#fail(j)
			nodes.push(label, this.#node)
			j = this.#spaces(x)
			const next = this.#separator(j, 0x7d, BRACE)
			if (next < 0) return ERROR
			j = next
			if (this.#code(j) === 0x7d) break
		}
		this.#depth--
		this.#node = branch(JsonKind.OBJECT, nodes)
		return j + 1
	}

	#array(at: number): number {
		if (++this.#depth > MAX_DEPTH) return this.#fail(at)
		const nodes: JsonNode[] = []
		let j = at + 1
		for (; ; j++) {
			const x = this.value(j)
			if (x <= 0) {
				if (x === BRACKET) {
					j = this.errorAt
					if (nodes.length > 0) this.isStandard = false
					break
				}
				return x === ERROR ? ERROR : this.#fail(j)
			}
			nodes.push(this.#node)
			const next = this.#separator(this.#spaces(x), 0x5d, BRACKET)
			if (next < 0) return ERROR
			j = next
			if (this.#code(j) === 0x5d) break
		}
		this.#depth--
		this.#node = branch(JsonKind.ARRAY, nodes)
		return j + 1
	}

	/** The position of the comma or closing character that is to follow a value. */
	#separator(at: number, closing: number, seen: number): number {
		const c = this.#code(at)
		if (c === 0x2c || c === closing) return at
		const x = this.value(at)
		return x === COMMA || x === seen ? this.errorAt : this.#fail(at)
	}

	/** The end of a label without quotes; `at` if there is none. */
	#identifier(at: number): number {
		const isEscape = (i: number) => /^\\u[0-9a-f]{4}/i.test(this.#text.slice(i, i + 6))
		const isPart = (i: number) => {
			const c = this.#code(i)
			return (isLetter(c) || c === 0x5f || c === 0x24 || c >= 0x80) && (i === at || this.#whitespace(i) === 0)
		}
		let end = at
		while (isPart(end) || isEscape(end) || (end > at && isDigit(this.#code(end)))) end++
		return end
	}

	#string(at: number): number {
		const delimiter = this.#code(at)
		let kind: JsonKind = JsonKind.TEXT
		let j = at + 1
		for (; ; j++) {
			const c = this.#code(j)
			if (c >= 0x80 || IS_OK[c]) continue
			if (c === delimiter) break
			if (c === 0x5c) {
				j++
				const form = this.#escape(j)
				if (form === 'invalid') return this.#fail(j)
				if (form === 'json5') {
					kind = JsonKind.TEXT5
					this.isStandard = false
				} else if (kind === JsonKind.TEXT) kind = JsonKind.TEXTJ
				if (this.#code(j) === 0x0d && this.#code(j + 1) === 0x0a) j++
			} else if (c <= 0x1f) {
				if (c === 0) return this.#fail(j)
				kind = JsonKind.TEXT5
				this.isStandard = false
			} else if (c === 0x22) kind = JsonKind.TEXT5
		}
		this.#node = leaf(kind, this.#text.slice(at + 1, j))
		return j + 1
	}

	/** What kind of escape it is whose character after the backslash stands at `at`. */
	#escape(at: number): 'json' | 'json5' | 'invalid' {
		const c = this.#text[at] ?? ''
		if ('"\\/bfnrt'.includes(c) && c !== '') return 'json'
		if (c === 'u') return /^[0-9a-f]{4}/i.test(this.#text.slice(at + 1, at + 5)) ? 'json' : 'invalid'
		if (c === 'x') return /^[0-9a-f]{2}/i.test(this.#text.slice(at + 1, at + 3)) ? 'json5' : 'invalid'
		if (c === '0') return isDigit(this.#code(at + 1)) ? 'invalid' : 'json5'
		return c !== '' && "'v\n\r\u2028\u2029".includes(c) ? 'json5' : 'invalid'
	}

	#number(at: number): number {
		const first = this.#code(at)
		const signed = first === 0x2b || first === 0x2d
		if (first === 0x2b) this.isStandard = false
		let extended = false
		if (first === 0x2e) {
			if (!isDigit(this.#code(at + 1))) return this.#fail(at)
			extended = true
		} else {
			const digit = this.#code(signed ? at + 1 : at)
			const after = signed ? at + 2 : at + 1
			if (signed && !isDigit(digit)) {
				const [infinity] = /^[+-]inf(?:inity)?/i.exec(this.#text.slice(at, at + 9)) ?? []
				if (infinity !== undefined) {
					this.isStandard = false
					this.#node = leaf(JsonKind.FLOAT, first === 0x2d ? '-9e999' : '9e999')
					return at + infinity.length
				}
				if (digit !== 0x2e) return this.#fail(at)
				extended = true
			}
			if (digit === 0x30) {
				const [hex] = /^[xX][0-9a-fA-F]+/.exec(this.#text.slice(after)) ?? []
				if (hex !== undefined) {
					this.isStandard = false
					return this.#numberNode(JsonKind.INT5, at, after + hex.length)
				}
				if (isDigit(this.#code(after))) return this.#fail(at + 1)
			}
		}
		return this.#decimal(at, extended)
	}

	#decimal(at: number, extended: boolean): number {
		let isExtended = extended
		let isFloat = this.#code(at) === 0x2e
		let hasExponent = false
		let j = at + 1
		const endsInPoint = () => {
			if (this.#code(j - 1) >= 0x30) return true
			isExtended = true
			return this.#code(j - 1) === 0x2e && j - 2 >= at && isDigit(this.#code(j - 2))
		}
		for (; ; j++) {
			const c = this.#code(j)
			if (isDigit(c)) continue
			if (c === 0x2e) {
				if (isFloat) return this.#fail(j)
				isFloat = true
			} else if (c === 0x65 || c === 0x45) {
				if (!endsInPoint() || hasExponent) return this.#fail(j)
				isFloat = true
				hasExponent = true
				const sign = this.#code(j + 1)
				if (sign === 0x2b || sign === 0x2d) j++
				if (!isDigit(this.#code(j + 1))) return this.#fail(j)
			} else break
		}
		if (!endsInPoint()) return this.#fail(j)
		if (isExtended) this.isStandard = false
		const kind = isFloat ? (isExtended ? JsonKind.FLOAT5 : JsonKind.FLOAT) : isExtended ? JsonKind.INT5 : JsonKind.INT
		return this.#numberNode(kind, at, j)
	}

	#numberNode(kind: JsonKind, at: number, end: number): number {
		this.#node = leaf(kind, this.#text.slice(this.#code(at) === 0x2b ? at + 1 : at, end))
		return end
	}

	/** Length of the white space of JSON5 at a position, comments included. */
	#whitespace(at: number): number {
		let i = at
		for (;;) {
			const c = this.#code(i)
			if (c === 0x20 || (c >= 0x09 && c <= 0x0d) || isWideSpace(c)) i++
			else if (c === 0x2f) {
				const end = this.#comment(i)
				if (end === i) return i - at
				i = end
			} else return i - at
		}
	}

	/** The end of a comment; `at` if there is none. */
	#comment(at: number): number {
		const text = this.#text
		if (text[at + 1] === '*' && at + 2 < text.length) {
			const end = text.indexOf('*/', at + 2)
			return end < 0 ? at : end + 2
		}
		if (text[at + 1] !== '/') return at
		for (let i = at + 2; i < text.length; i++) if ('\n\r\u2028\u2029'.includes(text[i] ?? '')) return i + 1
		return text.length
	}
}

function isSpace(c: number): boolean {
	return c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09
}

function isDigit(c: number): boolean {
	return c >= 0x30 && c <= 0x39
}

function isLetter(c: number): boolean {
	return (c >= 0x41 && c <= 0x5a) || (c >= 0x61 && c <= 0x7a)
}

function isAlphanumeric(c: number): boolean {
	return isDigit(c) || isLetter(c)
}

/** Spaces beyond ASCII. */
function isWideSpace(c: number): boolean {
	if (c < 0xa0) return false
	if (c >= 0x2000 && c <= 0x200a) return true
	return [0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000, 0xfeff].includes(c)
}
