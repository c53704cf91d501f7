/**
 * Makes the parts of DuckDB-WASM that sqlake ships out of the installed `@duckdb/duckdb-wasm`: the module without the exports
 * nobody calls, and its loader without the half that serves browsers and Node. Why: docs/decisions/0003-duckdb-in-a-worker.md.
 *
 * Run by the build, and by `node scripts/vendor-duckdb.ts` before tests that need the engine; takes about a second, and
 * nothing when the output is newer than its input.
 *
 * @module
 */
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { transformSync } from 'esbuild'
import { stripExports } from './strip-exports.ts'

/** The release that the patches below were written for. */
const VERSION = '1.32.0'

/** Where the sources expect the vendored files. */
export const VENDOR_DIRECTORY = join(import.meta.dirname, '../src/analytics/engines/wasm/vendor/')

/** The files written. */
export const VENDORED_FILES = ['duckdb.wasm', 'duckdb-loader.js', 'NOTICES.txt'] as const

const require = createRequire(import.meta.url)
const distribution = dirname(require.resolve('@duckdb/duckdb-wasm/dist/duckdb-eh.wasm'))

/**
 * What the loader asks of the platform, and what it is told instead. Each must occur, so that a new release cannot slip past.
 * A Worker has `process.versions.node` but no `require`; it has no `location`; and it refuses capturing event listeners.
 */
const PATCHES: readonly (readonly [find: string, replace: string])[] = [
	['typeof window == "object"', 'false'],
	['typeof WorkerGlobalScope != "undefined"', 'true'],
	['typeof process == "object" && typeof process.versions == "object"', 'false && typeof process.versions == "object"'],
	['self.location.href', '""'],
	['addEventListener("message", __setImmediate_cb, true)', 'void 0'],
	// The runtime and the makers of functions belong to an instance, not to the whole isolate.
	['globalThis.DUCKDB_RUNTIME', 'moduleArg["duckdbRuntime"]'],
	// Never called here; written like this, it does not keep bundlers from doing their work on the rest.
	[' eval(', ' (0, eval)('],
	['typeof WebAssembly.Function == "function"', 'moduleArg["wasmFunction"]'],
	['new WebAssembly.Function(', 'moduleArg["wasmFunction"]('],
]

/** The emscripten loader of the build with exception handling, as a module that exports its factory. */
export function loaderSource(): string {
	const map: { sources: string[]; sourcesContent: string[] } = JSON.parse(
		readFileSync(join(distribution, 'duckdb-browser-blocking.mjs.map'), 'utf8'),
	)
	let source = map.sourcesContent[map.sources.findIndex((name) => name.endsWith('/bindings/duckdb-eh.js'))]
	if (source === undefined) throw new Error('@duckdb/duckdb-wasm: its source map lacks bindings/duckdb-eh.js')
	for (const [find, replace] of PATCHES) {
		if (!source.includes(find)) throw new Error(`@duckdb/duckdb-wasm: expected the loader to say ${find}, it does not`)
		source = source.replaceAll(find, replace)
	}
	const end = source.lastIndexOf("if (typeof exports === 'object'")
	if (end < 0) throw new Error('@duckdb/duckdb-wasm: expected the loader to end by exporting itself, it does not')
	const { code } = transformSync(`${source.slice(0, end)}\nexport default DuckDB\n`, {
		format: 'esm',
		minify: true,
		target: 'es2022',
		define: { process: 'undefined', require: 'undefined', document: 'undefined' },
		banner: '/*! DuckDB-WASM 1.32.0 (MIT), with parts of Emscripten (MIT); see NOTICES.txt */',
	})
	return code
}

/** The stock module with exception handling, as it was installed. */
export function stockModule(): Uint8Array<ArrayBuffer> {
	return new Uint8Array(readFileSync(join(distribution, 'duckdb-eh.wasm')))
}

function notices(): string {
	return `The files duckdb.wasm and duckdb-loader.js are derived from @duckdb/duckdb-wasm ${VERSION}
(https://github.com/duckdb/duckdb-wasm), which contains DuckDB 1.4.3 (https://github.com/duckdb/duckdb)
and run-time code of Emscripten (https://github.com/emscripten-core/emscripten). They were changed: exports
that nothing calls were removed from the module, and the loader was fitted to Cloudflare Workers.

DuckDB and DuckDB-WASM: Copyright 2018-2025 Stichting DuckDB Foundation
Emscripten: Copyright (c) 2010-2025 Emscripten authors, see its AUTHORS file

Each under the MIT License:

${readFileSync(join(import.meta.dirname, '../LICENSE'), 'utf8').replace(/^.*?(?=Permission is hereby granted)/s, '')}`
}

/** Writes the vendored files into `directory` unless they are there already. */
export function vendorDuckDB(directory: string = VENDOR_DIRECTORY): void {
	const { version }: { version: string } = JSON.parse(readFileSync(join(distribution, '..', 'package.json'), 'utf8'))
	if (version !== VERSION) throw new Error(`@duckdb/duckdb-wasm: expected release ${VERSION}, found ${version}`)
	if (isFresh(directory)) return
	mkdirSync(directory, { recursive: true })
	const loader = loaderSource()
	replaceFile(join(directory, 'duckdb.wasm'), stripExports(stockModule(), loader))
	replaceFile(join(directory, 'duckdb-loader.js'), loader)
	replaceFile(join(directory, 'NOTICES.txt'), notices())
}

/** Whole or not at all: tests that run side by side may each do this. */
function replaceFile(path: string, content: string | Uint8Array): void {
	const temporary = `${path}.${process.pid}`
	writeFileSync(temporary, content)
	renameSync(temporary, path)
}

function isFresh(directory: string): boolean {
	const inputs = [join(distribution, 'duckdb-eh.wasm'), import.meta.filename, join(import.meta.dirname, 'strip-exports.ts')]
	const newestInput = Math.max(...inputs.map((path) => statSync(path).mtimeMs))
	return VENDORED_FILES.every((name) => {
		const path = join(directory, name)
		return existsSync(path) && statSync(path).mtimeMs > newestInput
	})
}

if (process.argv[1] === import.meta.filename) vendorDuckDB(process.argv[2])
