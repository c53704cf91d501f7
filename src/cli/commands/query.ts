import { defineCommand } from '../command.ts'

/** `sqlake query`. */
export const query = defineCommand({
	builder: (yargs) => yargs.positional('sql', { type: 'string', describe: 'One statement' }),
	run: async ({ sql }, context) => {
		await context.print(String(sql))
		return undefined
	},
})
