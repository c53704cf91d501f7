import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { main } from '../../../src/cli/main.ts'
import { createProject, SCHEMA } from '../project.ts'

/** Streams that look like a terminal, on which keys are typed once a question is asked. */
function terminal(cwd: string, ...keys: readonly string[]) {
	const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined })
	const screen = { text: '' }
	const stderr = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY: true, columns: 80, rows: 24 })
	const left = [...keys]
	stderr.on('data', (text: string) => {
		screen.text += text
		// A question ends with its list of answers.
		if (text.includes('it is new')) setTimeout(() => stdin.write(left.shift() ?? ''), 20)
	})
	const stdout = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY: true, columns: 80 })
	stdout.on('data', (text: string) => {
		screen.text += text
	})
	return { screen, terminal: { cwd, env: {}, stdin, stdout, stderr, onInterrupt: () => () => undefined } }
}

const DOWN = '\u001b[B'
const ENTER = '\r'
const CTRL_C = '\u0003'

describe('sqlake generate on a terminal', { timeout: 60_000 }, () => {
	const begin = async () => {
		const project = createProject()
		expect(await main(['generate'], terminal(project.directory).terminal)).toBe(0)
		project.write('src/schema.ts', SCHEMA.replace("plan: text('plan')", "tier: text('tier')"))
		return project
	}

	it('asks whether a column is another one by a new name', async () => {
		using project = await begin()
		const { screen, terminal: tty } = terminal(project.directory, DOWN, ENTER)
		expect(await main(['generate'], tty)).toBe(0)
		expect(screen.text).toContain('Column users.tier: is it new, or was it called something else?')
		expect(screen.text).toContain('rename column "users"."plan" to "tier"')
	})

	it('takes it as a new one where that is the answer', async () => {
		using project = await begin()
		const { screen, terminal: tty } = terminal(project.directory, ENTER)
		expect(await main(['generate'], tty)).toBe(0)
		expect(screen.text).toContain('drop column "users"."plan"')
	})

	it('writes nothing after Ctrl-C', async () => {
		using project = await begin()
		const { screen, terminal: tty } = terminal(project.directory, CTRL_C)
		expect(await main(['generate'], tty)).not.toBe(0)
		expect(screen.text).toContain('nothing was written')
	})
})
