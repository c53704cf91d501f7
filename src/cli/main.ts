/**
 * The `sqlake` command line.
 *
 * To add a command `greet`:
 * 1. write `commands/greet.ts`, which exports `const greet = defineCommand({ builder, run })`: `builder` adds options, positionals
 *    and at least one `.example()`; `run(args, context)` does the work and prints by `context.print()` or, where `context.json` is
 *    set, by one `context.printJson()`. It tells of progress by `context.log()` and `context.progress()`, gets the project by
 *    `context.config()` and `context.schema()`, throws an `SQLakeError` when something is wrong, and takes over Ctrl-C by
 *    `context.interrupted()` if it has something to finish.
 * 2. list it in `command-list.ts`.
 * 3. test it by `runSQLake()` of `tests/cli/run-sqlake.ts`, which calls {@link main} with streams of its own.
 *
 * A module that is large (drizzle-kit, DuckDB) is imported in `run`, not at the top: the help of a command stays quick.
 *
 * @module
 */
import { CommandContext } from './command-context.ts'
import { parseCommandLine } from './parse-command-line.ts'
import { reportError, runCommand } from './run-command.ts'
import { processTerminal, type Terminal } from './terminal.ts'

export { exitCodes } from './exit-codes.ts'

/**
 * Runs the command line.
 *
 * @param args what the user typed after `sqlake`
 * @param terminal where it runs; this process unless given
 * @returns the exit code: 0 success, 1 failure, 2 wrong usage
 */
export async function main(args: readonly string[], terminal: Terminal = processTerminal()): Promise<number> {
	try {
		const parsed = await parseCommandLine(args, terminal)
		return parsed === null ? 0 : await runCommand(parsed.command, parsed.args, terminal)
	} catch (error) {
		return reportError(error, new CommandContext(terminal, typedOptions(args)))
	}
}

/** The manners that were asked for, where the rest of the line could not be understood. */
function typedOptions(args: readonly string[]) {
	const options = args.slice(0, args.includes('--') ? args.indexOf('--') : args.length)
	return {
		json: options.includes('--json'),
		verbose: options.includes('--verbose'),
		color: options.includes('--no-color') ? false : undefined,
	}
}
