/** Runs code that this version of Node warns of, and that works. */
export function withoutWarnings<T>(run: () => T): T {
	const { emitWarning } = process
	process.emitWarning = () => {}
	try {
		return run()
	} finally {
		process.emitWarning = emitWarning
	}
}
