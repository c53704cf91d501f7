/**
 * What DuckDB-WASM asks of its surroundings. Here it has no file system: data comes in as Arrow, nothing is written.
 *
 * @module
 */

/** Feature numbers of the loader; only exceptions are on in the build that sqlake ships. */
const WASM_EXCEPTIONS = 1

const nothing = (): void => {}
const no = (): boolean => false
const zero = (): number => 0

/** The functions that the loader calls on `duckdbRuntime`, but for `callScalarUDF`: those belong to an instance. */
export const stubRuntime = {
	testPlatformFeature: (_module: unknown, feature: number): boolean => feature === WASM_EXCEPTIONS,
	getDefaultDataProtocol: zero,
	progressUpdate: nothing,
	openFile: zero,
	syncFile: nothing,
	closeFile: nothing,
	dropFile: nothing,
	getLastFileModificationTime: zero,
	truncateFile: nothing,
	readFile: zero,
	writeFile: zero,
	removeDirectory: nothing,
	checkDirectory: no,
	createDirectory: nothing,
	listDirectoryEntries: no,
	glob: nothing,
	moveFile: nothing,
	checkFile: no,
	removeFile: nothing,
} as const
