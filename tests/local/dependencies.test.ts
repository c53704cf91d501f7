import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')

it('a router that is to make tables from a schema says that drizzle-kit is missing', async () => {
	const { stdout } = await run(process.execPath, [join(import.meta.dirname, 'without-drizzle-kit.ts')])
	expect(JSON.parse(stdout)).toEqual(['DEPENDENCY_MISSING', expect.stringContaining('npm install --save-dev drizzle-kit')])
})

it('importing sqlake does not load SQLite, and prints nothing', async () => {
	const script = `await import(${JSON.stringify(join(root, 'src/index.ts'))})
		console.log(process.moduleLoadList.filter((name) => name.includes('sqlite')).length)`
	const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '--eval', script], { cwd: root })
	expect([stdout.trim(), stderr]).toEqual(['0', ''])
})
