/**
 * What the command line has of the world outside: streams, environment, Ctrl-C. Tests give their own.
 *
 * @module
 */
import { writeSync } from 'node:fs'
import type { Readable, Writable } from 'node:stream'
import { messageOf } from '../errors.ts'

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
	stdout.on('error', stopWriting)
	stderr.on('error', stopWriting)
	process.on('uncaughtException', endWithFault)
	return { cwd: process.cwd(), env: process.env, stdin, stdout, stderr, onInterrupt }
}

function onInterrupt(listener: () => void): () => void {
	const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
	for (const signal of signals) process.on(signal, listener)
	return () => {
		for (const signal of signals) process.off(signal, listener)
	}
}

/** Ends the process at once where nobody reads any more; anything else, such as a full disk, is told of. */
function stopWriting(error: NodeJS.ErrnoException): void {
	if (error.code === 'EPIPE') process.exit()
	end(`cannot write: ${error.message}`)
}

/** What nobody caught is a fault; who uses the command is spared its stack. */
function endWithFault(error: unknown): void {
	end(
		`${messageOf(error)}\nhint: please report it${process.argv.includes('--verbose') ? `\n${stackOf(error)}` : ', with what --verbose tells'}`,
	)
}

function end(message: string): never {
	// Written at once: the process does not wait for a stream.
	writeSync(2, `sqlake: ${message}\n`)
	process.exit(1)
}

function stackOf(error: unknown): string {
	return error instanceof Error ? (error.stack ?? '') : ''
}
