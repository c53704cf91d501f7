/**
 * Runs the command line in this process, on streams that keep what is written.
 *
 * @module
 */
import { Readable, Writable } from 'node:stream'
import { main } from '../../src/cli/main.ts'
import type { Terminal } from '../../src/cli/terminal.ts'

/** What a run left behind. */
export interface RunOutcome {
	readonly code: number
	readonly stdout: string
	readonly stderr: string
}

/** Where and how it runs. */
export interface RunOptions {
	/** The working directory; that of the tests unless given. */
	readonly cwd?: string
	readonly env?: Readonly<Record<string, string>>
	/** What stands on stdin. */
	readonly stdin?: string
	/** Whether stdout and stderr look like terminals. */
	readonly tty?: boolean
	/** Width of the terminal. */
	readonly columns?: number
	/** Aborts as Ctrl-C would. */
	readonly interrupt?: AbortSignal
	/** Called with all of stderr so far, whenever something is written there: to see when a server listens. */
	readonly onStderr?: (text: string) => void
}

/** Runs `sqlake <args>`. */
export async function runSQLake(args: readonly string[], options: RunOptions = {}): Promise<RunOutcome> {
	const stdout = new Kept(options)
	const stderr = new Kept(options, options.onStderr)
	const terminal: Terminal = {
		cwd: options.cwd ?? process.cwd(),
		env: options.env ?? {},
		stdin: Readable.from(options.stdin === undefined ? [] : [options.stdin]),
		stdout,
		stderr,
		onInterrupt: (listener) => {
			options.interrupt?.addEventListener('abort', listener)
			return () => options.interrupt?.removeEventListener('abort', listener)
		},
	}
	const code = await main(args, terminal)
	return { code, stdout: stdout.text, stderr: stderr.text }
}

class Kept extends Writable {
	text = ''
	readonly isTTY: boolean
	readonly columns: number
	readonly #onText: ((text: string) => void) | undefined

	constructor({ tty = false, columns = 80 }: RunOptions, onText?: (text: string) => void) {
		super({ decodeStrings: false })
		this.isTTY = tty
		this.columns = columns
		this.#onText = onText
	}

	override _write(chunk: string | Buffer, _encoding: string, done: () => void): void {
		this.text += chunk.toString()
		this.#onText?.(this.text)
		done()
	}
}
