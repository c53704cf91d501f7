/**
 * JavaScript functions that DuckDB-WASM calls: the counterpart of `CallScalarUDFFunction` in DuckDB-WASM's webdb.cc, for
 * functions of texts.
 *
 * @module
 */
import { messageOf, SQLakeError } from '../../../errors.ts'
import type { EngineFunction } from '../../query-engine.ts'
import type { QueryDeadline } from '../query-deadline.ts'
import type { DuckDBModule } from './vendor/duckdb-loader.js'

/** One argument as DuckDB describes it: positions among the pointers it hands over. */
interface ArgumentDescription {
	readonly physicalType: string
	/** A byte for each row, 0 for NULL. */
	readonly validityBuffer?: number
	/** Addresses, as doubles. */
	readonly dataBuffer?: number
	/** Lengths in bytes, as doubles. */
	readonly lengthBuffer?: number
}

interface CallDescription {
	readonly rows: number
	readonly args: readonly ArgumentDescription[]
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Longer texts are left to the decoder. */
const SHORT_BYTES = 200

/** The functions of one instance. */
export class TextFunctions {
	readonly #functions: EngineFunction[] = []
	/** Of the query that calls. In a Worker time stands still during a call, so that it bounds nothing there. */
	deadline: QueryDeadline | undefined
	/** What a function threw; of an error the engine keeps no more than the message. */
	failure: SQLakeError | undefined
	/** What the engine copies as soon as a call is over: kept from one call to the next, as it is not freed. */
	#results = { pointer: 0, bytes: 0 }

	/** @returns the number under which the engine is to call it. */
	add(definition: EngineFunction): number {
		return this.#functions.push(definition) - 1
	}

	/** What the loader calls. Nothing may be thrown through the module: a failure is part of the answer. */
	readonly call = (
		module: DuckDBModule,
		response: number,
		id: number,
		description: number,
		descriptionBytes: number,
		pointers: number,
		pointersBytes: number,
	): void => {
		try {
			const definition = this.#functions[id]
			if (definition === undefined) throw new Error(`unknown function ${id}`)
			const text = decoder.decode(module.HEAPU8.subarray(description, description + descriptionBytes))
			const { rows, args }: CallDescription = JSON.parse(text)
			const addresses = module.HEAPF64.slice(pointers >> 3, (pointers + pointersBytes) >> 3)
			const columns = args.map((arg) => readTexts(module, arg, addresses, rows))
			const results: (string | null)[] = []
			for (let row = 0; row < rows; row++) {
				this.deadline?.check()
				results.push(definition.call(...columns.map((column) => column[row] ?? null)))
			}
			const answer = this.#write(module, results)
			module.HEAPF64.set([0, answer, 0], response >> 3)
		} catch (error) {
			if (SQLakeError.is(error)) this.failure ??= error
			const bytes = encoder.encode(messageOf(error))
			const pointer = module._malloc(bytes.length)
			if (pointer !== 0) module.HEAPU8.set(bytes, pointer)
			module.HEAPF64.set([1, pointer, pointer === 0 ? 0 : bytes.length], response >> 3)
		}
	}

	/** Three pointers, as doubles: the texts' addresses, validity, lengths. The engine frees validity and the three themselves. */
	#write(module: DuckDBModule, results: readonly (string | null)[]): number {
		const texts = results.map((text) => (text === null ? null : encoder.encode(text)))
		const count = results.length
		const bytes = texts.reduce((sum, text) => sum + (text?.length ?? 0), 16 * count)
		if (bytes > this.#results.bytes) {
			if (this.#results.pointer !== 0) module._free(this.#results.pointer)
			this.#results = { pointer: allocate(module, 2 * bytes), bytes: 2 * bytes }
		}
		const { pointer: addresses } = this.#results
		const lengths = addresses + 8 * count
		const validity = allocate(module, Math.max(1, count))
		const answer = allocate(module, 24)
		let at = lengths + 8 * count
		for (const [row, text] of texts.entries()) {
			module.HEAPU8[validity + row] = text === null ? 0 : 1
			module.HEAPF64[(addresses >> 3) + row] = at
			module.HEAPF64[(lengths >> 3) + row] = text?.length ?? 0
			if (text === null) continue
			module.HEAPU8.set(text, at)
			at += text.length
		}
		module.HEAPF64.set([addresses, validity, lengths], answer >> 3)
		return answer
	}
}

function allocate(module: DuckDBModule, bytes: number): number {
	const pointer = module._malloc(bytes)
	if (pointer === 0) throw new Error(`Out of Memory Error: cannot allocate ${bytes} bytes`)
	return pointer
}

function readTexts(module: DuckDBModule, arg: ArgumentDescription, addresses: Float64Array, rows: number): (string | null)[] {
	const { HEAPU8, HEAPF64 } = module
	const address = (index: number | undefined) => (index === undefined ? undefined : addresses[index])
	const validity = address(arg.validityBuffer)
	const data = address(arg.dataBuffer)
	const lengths = address(arg.lengthBuffer)
	if (arg.physicalType !== 'VARCHAR' || data === undefined || lengths === undefined) {
		throw new Error(`expected texts, found ${arg.physicalType}`)
	}
	const texts: (string | null)[] = []
	for (let row = 0; row < rows; row++) {
		if (validity !== undefined && HEAPU8[validity + row] === 0) texts.push(null)
		else {
			const start = HEAPF64[(data >> 3) + row] ?? 0
			texts.push(decode(HEAPU8, start, start + (HEAPF64[(lengths >> 3) + row] ?? 0)))
		}
	}
	return texts
}

/** Short texts of ASCII are read here: to call the decoder takes longer. */
function decode(bytes: Uint8Array, start: number, end: number): string {
	if (end - start > SHORT_BYTES) return decoder.decode(bytes.subarray(start, end))
	let text = ''
	for (let i = start; i < end; i++) {
		const byte = bytes[i] ?? 0
		if (byte >= 0x80) return decoder.decode(bytes.subarray(start, end))
		text += String.fromCharCode(byte)
	}
	return text
}
