/**
 * The `sqlake` command line.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import yargs from 'yargs'
import { messageOf } from '../errors.ts'

/** Exit codes of the command line. */
export const exitCodes = { success: 0, failure: 1, usage: 2 } as const

/**
 * Runs the command line.
 *
 * @param args what the user typed after `sqlake`
 * @returns the exit code: 0 success, 1 failure, 2 wrong usage
 */
export async function main(args: readonly string[]): Promise<number> {
	let exitCode: number = exitCodes.success
	const parser = yargs([...args])
		.scriptName('sqlake')
		.usage('$0 <command>\n\nThe edge-native data lakehouse for Cloudflare.')
		.epilogue('This version has no commands yet: tables come from drizzle-kit, queries from the library.')
		.version(packageVersion())
		.help()
		.alias('help', 'h')
		.strict()
		.demandCommand(1, 'no command given; run "sqlake --help"')
		.check(({ _: [command] }) => command === undefined || `no command "${command}"; run "sqlake --help"`)
		.exitProcess(false)
		.fail((message, error) => {
			// There is no command that could fail: whatever goes wrong is what was typed.
			if (exitCode === exitCodes.usage) return // told already: one mistake may fail several checks
			exitCode = exitCodes.usage
			process.stderr.write(`sqlake: ${error ? messageOf(error) : message}\n`)
		})
	await parser.parseAsync()
	return exitCode
}

function packageVersion(): string {
	const manifest: unknown = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'))
	return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : 'unknown'
}
