/**
 * What the command line has of the world outside: streams, environment, Ctrl-C. Tests give their own.
 *
 * @module
 */
import type { Readable, Writable } from 'node:stream'

/** A stream that may be a terminal. */
export interface TerminalOutput extends Writable {
	readonly isTTY?: boolean
	/** Width in characters, of a terminal. */
	readonly columns?: number
}

/** Where a command runs. */
export interface Terminal {
	readonly cwd: string
	readonly env: Readonly<Record<string, string | undefined>>
	readonly stdin: Readable & { readonly isTTY?: boolean }
	/** For results alone. */
	readonly stdout: TerminalOutput
	/** For progress, logs and errors. */
	readonly stderr: TerminalOutput
	/** Calls the listener at Ctrl-C or when the process is told to end, which then does not end by itself; returns how to stop listening. */
	onInterrupt(listener: () => void): () => void
}

/** The terminal of this process. A reader of stdout that goes away (`| head`) ends the process quietly. */
export function processTerminal(): Terminal {
	const { stdin, stdout, stderr } = process
	stdout.on('error', endQuietly)
	stderr.on('error', endQuietly)
	return { cwd: process.cwd(), env: process.env, stdin, stdout, stderr, onInterrupt }
}

function onInterrupt(listener: () => void): () => void {
	const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
	for (const signal of signals) process.on(signal, listener)
	return () => {
		for (const signal of signals) process.off(signal, listener)
	}
}

function endQuietly(error: NodeJS.ErrnoException): void {
	if (error.code !== 'EPIPE') throw error
	process.exit()
}
