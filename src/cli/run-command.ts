/**
 * Runs a command, and tells of what goes wrong.
 *
 * @module
 */
import type { ArgumentsCamelCase } from 'yargs'
import { messageOf, SQLakeError } from '../errors.ts'
import type { Command } from './command.ts'
import { CommandContext } from './command-context.ts'
import { exitCodes } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

/** What of a command line is needed to tell of an error. */
export interface ReportOptions {
	readonly json?: boolean
	readonly verbose?: boolean
	readonly color?: boolean | undefined
}

/**
 * Runs a command.
 *
 * @returns the exit code; an error is told, not thrown
 */
export async function runCommand(
	command: Command,
	args: ArgumentsCamelCase<ReportOptions & { readonly config?: string | undefined }>,
	terminal: Terminal,
): Promise<number> {
	const context = new CommandContext(terminal, args)
	try {
		return (await command.run(args, context)) ?? exitCodes.success
	} catch (error) {
		return reportError(error, context)
	}
}

/**
 * Tells of an error: `sqlake: <message>` and `hint: ...` on stderr, with the stack where `--verbose` was given; or, where a document
 * is wanted, `{ "error": { code, message, hint } }` on stdout.
 *
 * @returns the exit code for it
 */
export async function reportError(error: unknown, context: CommandContext): Promise<number> {
	const { code, message, hint } = describe(error)
	// Half a document is none: what is wrong must not be taken for a part of it.
	if (context.json && !context.printed) {
		const details = SQLakeError.is(error) ? error.details : undefined
		await context.printJson({ error: { code, message, hint, ...(details === undefined ? {} : { details }) } })
	} else {
		const { red, dim } = context.errorColors
		context.terminal.stderr.write(`${red('sqlake:')} ${message}\n${dim('hint:')} ${hint}\n`)
	}
	if (context.verbose) context.terminal.stderr.write(`${stacks(error)}\n`)
	return code === 'USAGE_INVALID' ? exitCodes.usage : exitCodes.failure
}

function describe(error: unknown): { readonly code: string; readonly message: string; readonly hint: string } {
	if (SQLakeError.is(error)) return { code: error.code, message: error.message, hint: error.hint }
	const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'INTERNAL'
	const hint =
		code === 'INTERNAL' ? 'run it again with --verbose, and please report what it says' : '--verbose shows where it comes from'
	return { code, message: messageOf(error), hint }
}

/** The stacks of an error and of what led to it. */
function stacks(error: unknown): string {
	if (!(error instanceof Error)) return String(error)
	const own = error.stack ?? `${error.name}: ${error.message}`
	return error.cause === undefined ? own : `${own}\ncaused by ${stacks(error.cause)}`
}
