import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const binary = join(import.meta.dirname, '../../bin/sqlake.js')

function sqlake(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
	return new Promise((resolve) => {
		execFile(process.execPath, [binary, ...args], (error, stdout, stderr) =>
			resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
		)
	})
}

it('prints help and its version with exit code 0', async () => {
	expect(await sqlake('--help')).toMatchObject({ code: 0, stdout: expect.stringContaining('sqlake <command>') })
	expect(await sqlake('--version')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+/) })
})

it('ends with code 2 and one line on wrong usage', async () => {
	for (const args of [[], ['nonsense'], ['--nonsense']]) {
		const { code, stdout, stderr } = await sqlake(...args)
		expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
		expect(stderr).toMatch(/^sqlake: .+\n$/)
	}
})
