import type { Colors } from '../command-context.ts'
import { diffLines } from './diff-lines.ts'
import type { InitPlan, PlannedFile } from './planned-file.ts'

const marks: Readonly<Record<PlannedFile['action'], string>> = { create: '+', change: '~', overwrite: '!', keep: '=' }

/** The plan for a person: what becomes of each file, and the lines that change in those that are there. */
export function describePlan({ files }: InitPlan, { green, red, yellow, dim }: Colors): string {
	const paint = { create: green, change: yellow, overwrite: red, keep: dim }
	return files
		.flatMap((file) => [
			paint[file.action](`${marks[file.action]} ${file.path}${explained(file)}`),
			...changes(file).map(({ kind, text }) => `    ${kind === 'added' ? green(`+ ${text}`) : red(`- ${text}`)}`),
		])
		.join('\n')
}

function explained({ action }: PlannedFile): string {
	if (action === 'keep') return ' (stays as it is)'
	return action === 'overwrite' ? ' (is replaced)' : ''
}

function changes({ action, before, after }: PlannedFile) {
	return action === 'change' ? diffLines(before ?? '', after).filter(({ kind }) => kind !== 'same') : []
}
