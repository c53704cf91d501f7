/**
 * Runs the command line as if a person sat at a terminal.
 *
 * @module
 */
import { PassThrough } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { main } from '../../src/cli/main.ts'
import type { RunOutcome } from './run-sqlake.ts'

/** What the person does. */
export interface Person {
	readonly cwd: string
	readonly env?: Readonly<Record<string, string>>
	/** Types these keys once the screen shows a text. */
	readonly answers: readonly { readonly seen: string; readonly keys: string }[]
}

/** A stream that looks like a terminal. */
function terminalStream() {
	return Object.assign(new PassThrough(), { isTTY: true as const, columns: 100, rows: 30, setRawMode: () => {} })
}

/** Runs \`sqlake <args>\`; colours and cursor movements are left out of what it says. */
export async function runInteractively(args: readonly string[], { cwd, env = {}, answers }: Person): Promise<RunOutcome> {
	const [stdin, stdout, stderr] = [terminalStream(), terminalStream(), terminalStream()]
	const said = { stdout: '', stderr: '' }
	const waiting = [...answers]
	stdout.on('data', (chunk) => {
		said.stdout += chunk
	})
	stderr.on('data', (chunk) => {
		said.stderr += chunk
		const [next] = waiting
		if (next === undefined || !said.stderr.includes(next.seen)) return
		waiting.shift()
		// What asks must have begun to listen.
		setTimeout(() => stdin.write(next.keys), 20)
	})
	const terminal = { cwd, env: { TERM: 'dumb', ...env }, stdin, stdout, stderr, onInterrupt: () => () => {} }
	const code = await main(args, terminal)
	return { code, stdout: stripVTControlCharacters(said.stdout), stderr: stripVTControlCharacters(said.stderr) }
}
