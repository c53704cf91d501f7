/**
 * Writes docs/cli.md from the commands' own help: `node scripts/generate-cli-docs.ts`.
 *
 * @module
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { commandList } from '../src/cli/command-list.ts'
import { main } from '../src/cli/main.ts'

/** Where the documentation stands. */
export const cliDocsFile = join(import.meta.dirname, '../docs/cli.md')

/** The text of docs/cli.md. */
export async function cliDocs(): Promise<string> {
	const names = commandList.map(({ usage }) => usage.split(' ')[0] ?? '')
	const sections = await Promise.all(
		names.map(async (name) => `## sqlake ${name}\n\n\`\`\`text\n${withoutGlobals(await helpOf(name))}\n\`\`\`\n`),
	)
	return `# The command line

Generated from the help of the commands by \`node scripts/generate-cli-docs.ts\`. Do not edit.

\`sqlake\` runs with Node 22.12 or newer; what touches local shards needs 22.16.

\`\`\`text
${await helpOf()}
\`\`\`

## Manners

- **Results** go to stdout, progress, logs and errors to stderr.
- \`--json\` prints one JSON document; an error is \`{ "error": { "code", "message", "hint" } }\` then, on stdout, too. The codes are in
  [errors.md](errors.md). \`dev\` and \`studio\`, which go on for long, print a line of JSON for each event.
- **Exit codes**: 0 success, 1 failure, 2 wrong usage, 130 for Ctrl-C where something is left undone.
- **Errors** are \`sqlake: <message>\` and \`hint: <what to do>\`. \`--verbose\` adds the stack.
- **Colours** are for terminals; \`NO_COLOR=1\` and \`--no-color\` leave them out, \`FORCE_COLOR=1\` insists.
- **Questions** are asked in a terminal alone, and never with \`--json\` or with \`CI\` set.
- A reader of stdout that goes away (\`| head\`) ends the command quietly.

## Configuration

\`drizzle.config.ts\`, \`.js\`, \`.mjs\` or \`.json\` is drizzle-kit's, with a block \`sqlake\` for what drizzle-kit does not know. \`sqlake.config.*\` has the same
keys, and wins. All are optional but \`schema\`. Paths start from the directory of the file.

\`\`\`ts
import type { SQLakeKitConfig } from 'sqlake'

export default {
	dialect: 'sqlite',
	driver: 'durable-sqlite',
	schema: './src/schema.ts', // a path, a glob, or several
	out: './drizzle',
	sqlake: {
		export: 'db', // which SQLake() is meant, where the files export several
		db: '.sqlake/local.db', // directory of the local shards
		lake: '.sqlake/data', // directory of the local lake
		renames: { people: 'users', 'people.mail': 'email' }, // so that generate need not ask
		location: 's3://my-bucket', // the lake as engines see it; cannot change later
		bucket: 'my-bucket', // for --remote, where wrangler.jsonc does not tell
		fleet: 'https://app.example.com', // for migrate --fleet and doctor --fleet
	},
} satisfies SQLakeKitConfig
\`\`\`

What \`sqlake generate\` writes into \`.sqlake/\`, and the migrations in \`out\`, belong into version control; \`.sqlake/local.db\` and \`.sqlake/data\` do
not. \`sqlake init\` writes the \`.gitignore\` for that.

${sections.join('\n')}`
}

async function helpOf(...command: readonly string[]): Promise<string> {
	let text = ''
	const stdout = new Writable({
		write(chunk, _encoding, done) {
			text += String(chunk)
			done()
		},
	})
	const terminal = {
		cwd: '/',
		env: {},
		stdin: Readable.from([]),
		stdout: Object.assign(stdout, { columns: 100 }),
		stderr: stdout,
	}
	await main([...command, '--help'], { ...terminal, onInterrupt: () => () => {} })
	return text.trim()
}

/** The options that all commands have stand once, at the top. */
function withoutGlobals(help: string): string {
	return help.replace(/\n\nGlobal options:\n(?:.+\n?)+/, '\n').trim()
}

if (import.meta.main) writeFileSync(cliDocsFile, await cliDocs())
