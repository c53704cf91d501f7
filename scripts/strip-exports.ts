/**
 * Removes from a WebAssembly module the exports that its loader never names. The stock DuckDB module exports 75,000 symbols for
 * extensions that a Worker cannot load; each costs time and JavaScript heap whenever the module is instantiated.
 *
 * @module
 */

/** Section id of exports (WebAssembly core specification, section 5.5.10). */
const EXPORT_SECTION = 7

/** Symbols that are reached by a computed name: the C interface, the allocator and the run time of C++ exceptions. */
const ALWAYS_KEPT =
	/^(duckdb_web_|duckdb_(extract_statements|extract_statements_error|prepare_extracted_statement|destroy_extracted|prepared_statement_type|prepare_error|destroy_prepare|interrupt)$|malloc$|free$|calloc$|realloc$|memory$|setThrew$|_?emscripten_|__wasm|__cxa|__get_|stack|main$|__main)/

/** The declarations of a Worker, which cannot compile, hide the constructor that Node has. */
const compile = (bytes: Uint8Array): WebAssembly.Module => Reflect.construct(WebAssembly.Module, [bytes])

/**
 * @param module A WebAssembly module.
 * @param loader Source of the JavaScript that loads it.
 * @returns The module with the exports that the loader names, those that the module itself imports through the global offset
 *   table, and the C interface.
 */
export function stripExports(module: Uint8Array<ArrayBuffer>, loader: string): Uint8Array<ArrayBuffer> {
	const named = new Set<string>()
	// Minified code may say wasmExports.x or wasmExports["x"] under another name: any property access may be one.
	for (const [, dotted, quoted] of loader.matchAll(/\.([A-Za-z_$][\w$]*)|\["([^"]+)"\]/g)) named.add(dotted ?? quoted ?? '')
	for (const { module: from, name } of WebAssembly.Module.imports(compile(module))) {
		if (from.startsWith('GOT')) named.add(name)
	}
	const kept = (name: string) => named.has(name) || ALWAYS_KEPT.test(name)

	const reader = new SectionReader(module)
	const parts: Uint8Array[] = [module.subarray(0, 8)]
	while (!reader.done) {
		const section = reader.section()
		parts.push(
			section.id === EXPORT_SECTION
				? exportSection(module, section.body, section.end, kept)
				: module.subarray(section.start, section.end),
		)
	}
	const result = Uint8Array.from(Buffer.concat(parts))
	compile(result) // Throws if it is not valid.
	return result
}

function exportSection(module: Uint8Array, body: number, end: number, kept: (name: string) => boolean): Uint8Array {
	const reader = new SectionReader(module, body, end)
	const entries: Uint8Array[] = []
	for (let left = reader.unsigned(); left > 0; left--) {
		const start = reader.position
		const name = reader.name()
		reader.skip(1) // kind
		reader.unsigned() // index
		if (kept(name)) entries.push(module.subarray(start, reader.position))
	}
	const payload = Buffer.concat([unsigned(entries.length), ...entries])
	return Buffer.concat([Uint8Array.of(EXPORT_SECTION), unsigned(payload.length), payload])
}

/** Walks the sections of a module, or the entries of one. */
class SectionReader {
	readonly #bytes: Uint8Array
	readonly #end: number
	position: number

	constructor(bytes: Uint8Array, start = 8, end = bytes.length) {
		this.#bytes = bytes
		this.#end = end
		this.position = start
	}

	get done(): boolean {
		return this.position >= this.#end
	}

	section(): { id: number; start: number; body: number; end: number } {
		const start = this.position
		const id = this.#byte()
		const size = this.unsigned()
		const body = this.position
		this.position = body + size
		return { id, start, body, end: this.position }
	}

	/** LEB128 (specification, section 5.2.2). */
	unsigned(): number {
		let value = 0
		for (let shift = 0; ; shift += 7) {
			const byte = this.#byte()
			value |= (byte & 0x7f) << shift
			if ((byte & 0x80) === 0) return value >>> 0
		}
	}

	name(): string {
		const length = this.unsigned()
		this.position += length
		return new TextDecoder().decode(this.#bytes.subarray(this.position - length, this.position))
	}

	skip(bytes: number): void {
		this.position += bytes
	}

	#byte(): number {
		const byte = this.#bytes[this.position++]
		if (byte === undefined) throw new Error('the module ends early')
		return byte
	}
}

function unsigned(value: number): Uint8Array {
	const bytes: number[] = []
	let rest = value
	do {
		bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0))
		rest >>>= 7
	} while (rest > 0)
	return Uint8Array.from(bytes)
}
