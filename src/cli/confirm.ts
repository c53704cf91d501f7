import type { CommandContext } from './command-context.ts'

/**
 * Asks a person to agree.
 *
 * @returns false for a no, and for Ctrl-C
 */
export async function confirm(question: string, { terminal }: CommandContext): Promise<boolean> {
	const { confirm: ask } = await import('@clack/prompts')
	// A cancelled question answers with a symbol.
	return (await ask({ message: question, initialValue: false, input: terminal.stdin, output: terminal.stderr })) === true
}
