/** The emscripten module of DuckDB-WASM, as far as sqlake uses it. */
export interface DuckDBModule {
	/** Views of the module's memory; replaced whenever it grows, so never keep one. */
	readonly HEAPU8: Uint8Array<ArrayBuffer>
	readonly HEAPF64: Float64Array<ArrayBuffer>
	_malloc(bytes: number): number
	_free(pointer: number): void
	stackSave(): number
	stackRestore(pointer: number): void
	stackAlloc(bytes: number): number
	ccall(
		name: string,
		returns: 'number' | 'boolean' | null,
		argumentTypes: readonly string[],
		args: readonly (string | number | boolean)[],
	): number | boolean | undefined
}

/** What the loader is given. */
export interface DuckDBModuleOptions {
	readonly duckdbRuntime: object
	readonly wasmFunction: (
		type: { parameters: string[]; results: string[] },
		implementation: CallableFunction,
	) => WebAssembly.ExportValue
	/** Must return what `done` returns. */
	instantiateWasm(
		imports: WebAssembly.Imports,
		done: (instance: WebAssembly.Instance, module: WebAssembly.Module) => object,
	): object
	readonly print?: (text: string) => void
	readonly printErr?: (text: string) => void
}

/** Instantiates the module. */
export default function createModule(options: DuckDBModuleOptions): Promise<DuckDBModule>
