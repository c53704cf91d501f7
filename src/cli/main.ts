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
		.version(packageVersion())
		.help()
		.alias('help', 'h')
		.strict()
		.demandCommand(1, 'No command given. Run "sqlake --help" for the commands.')
		.exitProcess(false)
		.fail((message, error) => {
			exitCode = error ? exitCodes.failure : exitCodes.usage
			process.stderr.write(`sqlake: ${error ? messageOf(error) : message}\n`)
		})
	await parser.parseAsync()
	return exitCode
}

function packageVersion(): string {
	const manifest: unknown = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'))
	return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : 'unknown'
}
