import { applyEdits, type JSONPath, modify, type ParseError, parse, printParseErrorCode } from 'jsonc-parser'
import { SQLakeError } from '../errors.ts'

/**
 * A JSON file, with comments perhaps, that is edited without touching the rest of it.
 */
export class JsonEditor {
	readonly #path: string
	#text: string

	/** @throws SQLakeError CONFIG_INVALID where the text is no JSON */
	constructor(path: string, text: string) {
		this.#path = path
		this.#text = text
		this.#parse()
	}

	/** The file as it is now. */
	get text(): string {
		return this.#text
	}

	/** What stands at a place; undefined where nothing does. */
	get(...path: JSONPath): unknown {
		return path.reduce<unknown>((value, key) => member(value, key), this.#parse())
	}

	/** The objects of the array at a place; none where there is no array. */
	list(...path: JSONPath): readonly Readonly<Record<string, unknown>>[] {
		const value = this.get(...path)
		return Array.isArray(value) ? value.filter((item) => typeof item === 'object' && item !== null) : []
	}

	/** Sets what stands at a place. */
	set(path: JSONPath, value: unknown): void {
		const formattingOptions = { ...indentation(this.#text), eol: this.#text.includes('\r\n') ? '\r\n' : '\n' }
		this.#text = applyEdits(this.#text, modify(this.#text, path, value, { formattingOptions }))
	}

	/** Puts a value at the end of an array, which is made where there is none. */
	push(path: JSONPath, value: unknown): void {
		const found = this.get(...path)
		if (!Array.isArray(found)) this.set(path, [value])
		else this.set([...path, found.length], value)
	}

	#parse(): unknown {
		const errors: ParseError[] = []
		const value: unknown = parse(this.#text, errors, { allowTrailingComma: true })
		const [error] = errors
		if (error === undefined && typeof value === 'object' && value !== null && !Array.isArray(value)) return value
		const found = error === undefined ? 'something else' : `${printParseErrorCode(error.error)} at offset ${error.offset}`
		throw new SQLakeError('CONFIG_INVALID', `${this.#path}: expected a JSON object, found ${found}`, {
			hint: 'correct the file first',
		})
	}
}

function member(value: unknown, key: string | number): unknown {
	return typeof value === 'object' && value !== null
		? Object.entries(value).find(([name]) => name === String(key))?.[1]
		: undefined
}

/** How the file is indented already. */
function indentation(text: string): { readonly insertSpaces: boolean; readonly tabSize: number } {
	const [, indent = '\t'] = /\n([ \t]+)["}\]]/.exec(text) ?? []
	return indent.startsWith('\t') ? { insertSpaces: false, tabSize: 1 } : { insertSpaces: true, tabSize: indent.length }
}
