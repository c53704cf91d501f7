/**
 * What a command works with, besides its arguments.
 *
 * @module
 */
import { resolve } from 'node:path'
import { createColors } from 'picocolors'
import type { GlobalOptions } from './command.ts'
import type { LoadedDatabase, LoadedSchema } from './load-schema.ts'
import { jsonText, write } from './output.ts'
import { createProgress, type Progress } from './progress.ts'
import type { ProjectConfig } from './read-config.ts'
import type { Terminal, TerminalOutput } from './terminal.ts'

/** Functions that colour text, or leave it alone. */
export type Colors = ReturnType<typeof createColors>

/** What a command works with. */
export class CommandContext {
	readonly terminal: Terminal
	/** Whether stdout gets one JSON document and nothing else. */
	readonly json: boolean
	/** Whether logs and stacks are wanted. */
	readonly verbose: boolean
	/** For text on stdout. */
	readonly colors: Colors
	/** For text on stderr. */
	readonly errorColors: Colors
	/** The configuration that `--config` names. */
	readonly configFile: string | undefined
	#printed = false
	#config: Promise<ProjectConfig> | undefined

	constructor(terminal: Terminal, options: Partial<GlobalOptions>) {
		this.terminal = terminal
		this.json = options.json ?? false
		this.verbose = options.verbose ?? false
		this.colors = createColors(wantsColor(terminal, terminal.stdout, options.color))
		this.errorColors = createColors(wantsColor(terminal, terminal.stderr, options.color))
		this.configFile = options.config
	}

	/** Where the command was started. */
	get cwd(): string {
		return this.terminal.cwd
	}

	/** Whether a person sits there who can be asked: both ends are terminals, and no document is wanted. */
	get interactive(): boolean {
		const { stdin, stderr, env } = this.terminal
		return !this.json && stdin.isTTY === true && stderr.isTTY === true && !env.CI
	}

	/** A path that the user typed. */
	path(typed: string): string {
		return resolve(this.cwd, typed)
	}

	/**
	 * The project's configuration, read once; defaults where there is none.
	 *
	 * @throws SQLakeError CONFIG_INVALID
	 */
	config(): Promise<ProjectConfig> {
		this.#config ??= this.#loadConfig()
		return this.#config
	}

	/**
	 * The tables that the project's schema files export, read afresh with each call.
	 *
	 * @throws SQLakeError CONFIG_INVALID
	 */
	async schema(): Promise<LoadedSchema> {
		const { loadSchema } = await import('./load-schema.ts')
		return loadSchema(await this.config())
	}

	/**
	 * The project's schema, where it must be one of `SQLake()`.
	 *
	 * @throws SQLakeError CONFIG_INVALID
	 */
	async database(): Promise<LoadedDatabase> {
		const { loadDatabase } = await import('./load-schema.ts')
		return loadDatabase(await this.config())
	}

	/** Whether something was written to stdout. */
	get printed(): boolean {
		return this.#printed
	}

	/** Writes text to stdout as it is; resolves when more may be written. */
	write(text: string): Promise<void> {
		this.#printed ||= text !== ''
		return write(this.terminal.stdout, text)
	}

	/** Writes lines to stdout. */
	print(text: string): Promise<void> {
		return this.write(`${text}\n`)
	}

	/** Writes the result as a JSON document to stdout; a bigint that a number cannot hold, and bytes, become text. */
	printJson(value: unknown): Promise<void> {
		return this.print(jsonText(value))
	}

	/** Tells something besides the result, on stderr; nothing where a document is wanted. */
	log(text: string): void {
		if (!this.json) this.terminal.stderr.write(`${text}\n`)
	}

	/** Warns on stderr, also where a document is wanted. */
	warn(text: string): void {
		this.terminal.stderr.write(`${this.errorColors.yellow('warning:')} ${text}\n`)
	}

	/** Shows how far long work is: a bar on stderr where that is a terminal, otherwise nothing. */
	progress(label: string, total: number): Progress {
		return createProgress(label, total, this.json ? undefined : this.terminal.stderr)
	}

	/**
	 * Takes over Ctrl-C: the signal aborts at the first one, so that the command can end in order; a second one ends the process at
	 * once. Without it Ctrl-C simply ends the process.
	 */
	interrupted(): AbortSignal {
		const controller = new AbortController()
		const stop = this.terminal.onInterrupt(() => {
			stop()
			controller.abort()
		})
		return controller.signal
	}

	/** What reads a project is loaded for a command that has one, not for help. */
	async #loadConfig(): Promise<ProjectConfig> {
		const { loadConfig } = await import('./load-config.ts')
		return loadConfig(this.cwd, this.configFile)
	}
}

/** https://no-color.org and https://force-color.org; what was typed wins. */
function wantsColor({ env }: Terminal, stream: TerminalOutput, typed: boolean | undefined): boolean {
	if (typed !== undefined) return typed
	if (env.NO_COLOR) return false
	if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0'
	return stream.isTTY === true && env.TERM !== 'dumb'
}
