import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commandList } from '../../src/cli/command-list.ts'
import { shells } from '../../src/cli/completion-scripts.ts'
import { runSQLake } from './run-sqlake.ts'

const complete = async (...words: string[]) => {
	const { stdout } = await runSQLake(['--get-yargs-completions', 'sqlake', ...words])
	return stdout.trim().split('\n')
}

describe('completion', () => {
	it('lists commands, their options and the values of an option', async () => {
		expect((await complete('')).sort()).toEqual(commandList.map(({ usage }) => usage.split(' ')[0]).sort())
		expect(await complete('query', '--')).toEqual(expect.arrayContaining(['--as-of', '--format', '--json', '--no-color']))
		expect(await complete('query', '--format', '')).toEqual(['table', 'json', 'csv', 'ndjson'])
		expect(await complete('completion', '')).toEqual(expect.arrayContaining([...shells]))
	})

	it.each(shells)('prints a script for %s', async (shell) => {
		expect(await runSQLake(['completion', shell])).toMatchObject({
			code: 0,
			stdout: expect.stringContaining('--get-yargs-completions'),
		})
	})

	it('takes the shell from SHELL', async () => {
		const named = await runSQLake(['completion', 'zsh'])
		expect(await runSQLake(['completion'], { env: { SHELL: '/usr/local/bin/zsh' } })).toEqual(named)
		expect(await runSQLake(['completion'], { env: { SHELL: '/bin/ksh' } })).toMatchObject({ code: 2 })
	})

	it('completes in bash', { timeout: 30_000 }, async () => {
		const { stdout: script } = await runSQLake(['completion', 'bash'])
		const binary = join(import.meta.dirname, '../../bin/sqlake.js')
		const session = `sqlake() { "${process.execPath}" "${binary}" "$@"; }
${script}
COMP_WORDS=(sqlake query --fo); COMP_CWORD=2; _sqlake; echo "\${COMPREPLY[@]}"`
		expect(execFileSync('bash', ['-c', session], { encoding: 'utf8' }).trim()).toBe('--format')
	})
})
