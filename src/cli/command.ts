/**
 * How a command is written.
 *
 * @module
 */
import type { ArgumentsCamelCase, Argv } from 'yargs'
import type { CommandContext } from './command-context.ts'

/** The options that every command has. */
export interface GlobalOptions {
	readonly config: string | undefined
	readonly json: boolean
	readonly verbose: boolean
	readonly color: boolean | undefined
}

/** What a command consists of. */
export interface CommandParts<TArgs> {
	/** Adds options, positionals and examples. `.check()`, `.conflicts()` and the like are wrong usage: exit code 2. */
	readonly builder: (yargs: Argv<GlobalOptions>) => Argv<TArgs>
	/**
	 * Runs it. What it throws is shown as `sqlake: <message>` and `hint: ...`, and is exit code 1, but 2 for `USAGE_INVALID`.
	 *
	 * @returns the exit code, where it is not 0
	 */
	readonly run: (args: ArgumentsCamelCase<TArgs>, context: CommandContext) => Promise<number | undefined>
}

/** A command whose arguments are known to itself alone. */
export interface Command {
	readonly builder: (yargs: Argv<GlobalOptions>) => Argv<unknown>
	readonly run: (args: ArgumentsCamelCase<unknown>, context: CommandContext) => Promise<number | undefined>
}

/** Defines a command, with the types of its arguments taken from its builder. */
export function defineCommand<TArgs>({ builder, run }: CommandParts<TArgs>): Command {
	// The arguments are what yargs made by this very builder.
	return { builder, run: (args, context) => run(args as ArgumentsCamelCase<TArgs>, context) }
}
