/**
 * From what was typed to a command and its arguments.
 *
 * @module
 */
import yargs, { type ArgumentsCamelCase, type Argv } from 'yargs'
import { SQLakeError } from '../errors.ts'
import { suggest } from '../schema/suggest.ts'
import type { Command, GlobalOptions } from './command.ts'
import { commandList, type ListedCommand } from './command-list.ts'
import { write } from './output.ts'
import { readOwnPackage } from './own-package.ts'
import type { Terminal } from './terminal.ts'

/** A command line that was understood. */
export interface ParsedCommandLine {
	readonly command: Command
	readonly args: ArgumentsCamelCase<GlobalOptions>
}

/** What yargs found while it read a line. */
interface Reading {
	chosen: ParsedCommandLine | null
	/** The parser of the command that the line names, with its options. */
	parser: Argv<GlobalOptions>
	listed: ListedCommand | null
	/** What is wrong, check by check. */
	readonly mistakes: string[]
}

/** Widest help, in characters. */
const MAX_WIDTH = 110

/**
 * Understands a command line. Help, the version and completions are printed at once.
 *
 * @returns null where nothing is left to do
 * @throws SQLakeError USAGE_INVALID
 */
export async function parseCommandLine(typed: readonly string[], terminal: Terminal): Promise<ParsedCommandLine | null> {
	const parser = createParser(terminal)
	const reading: Reading = { chosen: null, parser, listed: null, mistakes: [] }
	for (const listed of commandList) addCommand(parser, listed, reading)
	parser.fail((message, error) => {
		reading.mistakes.push(error?.message ?? message)
	})
	let output = ''
	await parser.parseAsync([...typed], {}, (_error, _args, printed) => {
		output += printed
	})
	// One mistake may fail several checks: a name that nobody knows says most, then what was found first.
	const mistake = reading.mistakes.find((each) => each.startsWith('Unknown')) ?? reading.mistakes[0]
	if (mistake !== undefined) throw await usageError(mistake, reading)
	if (output !== '') await write(terminal.stdout, `${withoutEmptyDefaults(output)}\n`)
	return reading.chosen
}

function createParser({ stdout }: Terminal): Argv<GlobalOptions> {
	return yargs()
		.scriptName('sqlake')
		.usage('$0 <command> [options]\n\nThe edge-native data lakehouse for Cloudflare.')
		.locale('en')
		.wrap(Math.min(MAX_WIDTH, stdout.columns ?? 80))
		.options({
			config: { type: 'string', describe: 'Path of the configuration', requiresArg: true },
			json: { type: 'boolean', default: false, describe: 'Print one JSON document, also for an error' },
			verbose: { type: 'boolean', default: false, describe: 'Tell more, also of where an error comes from' },
			// Typed as --no-color, which yargs takes for color: false.
			color: { type: 'boolean', hidden: true },
			'no-color': { type: 'boolean', describe: 'No colours; NO_COLOR=1 does the same' },
		})
		.group(['config', 'json', 'verbose', 'no-color', 'help', 'version'], 'Global options:')
		.version(readOwnPackage().version)
		.help()
		.alias('help', 'h')
		.strict()
		.strictCommands()
		.demandCommand(1, 'no command given')
		.epilogue('Exit codes: 0 success, 1 failure, 2 wrong usage.')
		.exitProcess(false)
}

function addCommand(parser: Argv<GlobalOptions>, listed: ListedCommand, reading: Reading): void {
	let loaded: Command | undefined
	parser.command<GlobalOptions>({
		command: listed.usage,
		describe: listed.description,
		builder: async (own: Argv<GlobalOptions>) => {
			loaded = await listed.load()
			reading.listed = listed
			reading.parser = own
			// Groups are shown in the order of their making: a command's own options before those of all.
			loaded.builder(own.group([], 'Positionals:').group([], 'Options:'))
			return own
		},
		// Reading and running are two things: yargs calls the handler also where something was wrong.
		handler: (args) => {
			if (loaded !== undefined) reading.chosen = { command: loaded, args }
		},
	})
}

async function usageError(mistake: string, { parser, listed }: Reading): Promise<SQLakeError> {
	const command = listed === null ? 'sqlake' : `sqlake ${listed.usage.split(' ')[0]}`
	const help = `${command} --help`
	const [, option] = /^Unknown arguments?: ([^,]+)/.exec(mistake) ?? []
	if (option !== undefined) {
		const typed = option.length === 1 ? `-${option}` : `--${option}`
		return new SQLakeError('USAGE_INVALID', `${command} has no option ${typed}`, {
			hint: meant(typed, (await parser.getHelp()).match(/(?<![\w-])--[a-z][a-z-]*/g) ?? [], help),
		})
	}
	const [, word] = /^Unknown commands?: ([^,]+)/.exec(mistake) ?? []
	if (word !== undefined && listed === null) {
		const names = commandList.map(({ usage }) => usage.split(' ')[0] ?? '')
		return new SQLakeError('USAGE_INVALID', `there is no command ${word}`, { hint: meant(word, names, help) })
	}
	if (word !== undefined) {
		return new SQLakeError('USAGE_INVALID', `${command}: one argument too many: ${word}`, {
			hint: `put what belongs together in quotes; ${help}`,
		})
	}
	return new SQLakeError('USAGE_INVALID', mistake.replaceAll(/\s*\n\s*/g, ' '), { hint: help })
}

function meant(typed: string, names: readonly string[], help: string): string {
	const near = suggest(typed, names)
	return near === undefined ? help : `did you mean ${near}? ${help} lists them all`
}

/** That a switch is off and a list empty until it is given goes without saying. */
function withoutEmptyDefaults(help: string): string {
	return help.replaceAll(/\[(?:boolean|array)\] \[default: (?:false|\[\])\]/g, (both) =>
		both.slice(0, both.indexOf(' ')).padStart(both.length),
	)
}
