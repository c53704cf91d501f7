import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { commandList } from '../../src/cli/command-list.ts'
import { runSQLake } from './run-sqlake.ts'

const binary = join(import.meta.dirname, '../../bin/sqlake.js')

function spawned(node: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
	return new Promise((resolve) => {
		execFile(node, [binary, ...args], (error, stdout, stderr) =>
			resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
		)
	})
}

it('runs as a program: help and version on stdout with exit code 0', { timeout: 30_000 }, async () => {
	expect(await spawned(process.execPath, '--help')).toMatchObject({
		code: 0,
		stdout: expect.stringContaining('sqlake <command>'),
	})
	expect(await spawned(process.execPath, '--version')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+/) })
	expect(await spawned(process.execPath, 'nonsense')).toMatchObject({ code: 2, stdout: '' })
})

const oldNode = '/usr/bin/node'
it.runIf(existsSync(oldNode))('says in one line that it needs a newer Node', async () => {
	const { stdout: version } = await new Promise<{ stdout: string }>((resolve) => {
		execFile(oldNode, ['--version'], (_error, stdout) => resolve({ stdout }))
	})
	if (Number(version.slice(1).split('.')[0]) >= 22) return
	expect(await spawned(oldNode, '--help')).toEqual({
		code: 1,
		stdout: '',
		stderr: `sqlake needs Node 22.12 or newer, found ${version}`,
	})
})

it('ends quietly when the reader of its output goes away', { timeout: 30_000 }, async () => {
	const rows = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 200000) SELECT * FROM n'
	const child = spawn(process.execPath, [binary, 'query', '--db', ':memory:', rows], { stdio: ['ignore', 'pipe', 'pipe'] })
	let stderr = ''
	child.stderr.on('data', (text) => {
		stderr += text
	})
	child.stdout.once('data', () => child.stdout.destroy())
	const [code] = await once(child, 'exit')
	expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
})

it.runIf(existsSync('/dev/full'))('says in one line that it cannot write', { timeout: 30_000 }, async () => {
	const child = spawn('sh', ['-c', `"${process.execPath}" "${binary}" --help > /dev/full`], {
		stdio: ['ignore', 'ignore', 'pipe'],
	})
	let stderr = ''
	child.stderr.on('data', (text) => {
		stderr += text
	})
	const [code] = await once(child, 'close')
	expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/^sqlake: cannot write: ENOSPC.*\n$/) })
})

it.each([
	[[], 'no command given', 'sqlake --help'],
	[['nonsense'], 'there is no command nonsense', 'sqlake --help'],
	[['qury'], 'there is no command qury', 'did you mean query? sqlake --help lists them all'],
	[['--nonsense'], 'sqlake has no option --nonsense', 'sqlake --help'],
	[
		['query', '--formt', 'csv'],
		'sqlake query has no option --formt',
		'did you mean --format? sqlake query --help lists them all',
	],
	[['query', 'a', 'b'], 'sqlake query: one argument too many: b', 'put what belongs together in quotes; sqlake query --help'],
	[
		['query', 'SELECT 1', '-f', 'xml'],
		'Invalid values: Argument: format, Given: "xml", Choices: "table", "json", "csv", "ndjson"',
		'sqlake query --help',
	],
])('ends with code 2 and says what is wrong with %j', async (args, message, hint) => {
	expect(await runSQLake(args)).toEqual({ code: 2, stdout: '', stderr: `sqlake: ${message}\nhint: ${hint}\n` })
})

it('tells of an error as a document where one is wanted', async () => {
	const { code, stdout, stderr } = await runSQLake(['nonsense', '--json'])
	expect({ code, stderr }).toEqual({ code: 2, stderr: '' })
	expect(JSON.parse(stdout)).toEqual({
		error: { code: 'USAGE_INVALID', message: 'there is no command nonsense', hint: 'sqlake --help' },
	})
})

it('shows a stack only with --verbose', async () => {
	const args = ['query', 'SELEC', '--db', ':memory:']
	expect((await runSQLake(args)).stderr).not.toContain('    at ')
	expect((await runSQLake([...args, '--verbose'])).stderr).toContain('    at ')
})

it('colours in a terminal alone, and not where NO_COLOR or --no-color says so', async () => {
	const red = '\u001b[31m'
	expect((await runSQLake(['nonsense'], { tty: true })).stderr).toContain(red)
	expect((await runSQLake(['nonsense'])).stderr).not.toContain(red)
	expect((await runSQLake(['nonsense'], { env: { FORCE_COLOR: '1' } })).stderr).toContain(red)
	expect((await runSQLake(['nonsense'], { tty: true, env: { NO_COLOR: '1' } })).stderr).not.toContain(red)
	expect((await runSQLake(['nonsense', '--no-color'], { tty: true, env: { FORCE_COLOR: '1' } })).stderr).not.toContain(red)
})

it.each(commandList.map(({ usage }) => usage.split(' ')[0] ?? ''))('explains %s with an example', async (name) => {
	const { code, stdout, stderr } = await runSQLake([name, '--help'])
	expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
	expect(stdout).toContain(`sqlake ${name}`)
	expect(stdout).toMatch(/Examples:/)
})
