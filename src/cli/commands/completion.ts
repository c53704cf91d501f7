import { basename } from 'node:path'
import { SQLakeError } from '../../errors.ts'
import { defineCommand } from '../command.ts'
import { completionScripts, shells } from '../completion-scripts.ts'

/** `sqlake completion`. */
export const completion = defineCommand({
	builder: (yargs) =>
		yargs
			.positional('shell', { choices: shells, describe: 'The shell [default: that of SHELL]' })
			.example('eval "$($0 completion bash)"', 'In ~/.bashrc')
			.example('eval "$($0 completion zsh)"', 'In ~/.zshrc, after compinit')
			.example('$0 completion fish > ~/.config/fish/completions/sqlake.fish', 'Once'),
	run: async (args, context) => {
		const { SHELL = '' } = context.terminal.env
		const shell = args.shell ?? shells.find((each) => each === basename(SHELL))
		if (shell === undefined) {
			throw new SQLakeError(
				'USAGE_INVALID',
				`completion: expected ${shells.join(', ')}, found no shell in SHELL that is one of them`,
				{
					hint: 'name it: sqlake completion bash',
				},
			)
		}
		const script = completionScripts[shell]
		await (context.json ? context.printJson({ shell, script }) : context.print(script))
		return undefined
	},
})
