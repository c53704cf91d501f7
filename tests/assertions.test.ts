import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const tests = import.meta.dirname

/** What passes for nearly anything: an error of whatever kind, `null`, `0` and `''`. */
const EMPTY =
	/(?<!\.not)\.(?:toThrow|toThrowError)\(\)|(?<!\.not)\.toBeDefined\(\)|\.toThrow(?:Error)?\(Error\)|\.rejects\.toBeInstanceOf\(Error\)/

it('every test says which error it expects, and which value', () => {
	const files = readdirSync(tests, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
	const wrong = files
		.filter((name) => !name.includes('node_modules') && name !== 'assertions.test.ts')
		.flatMap((name) =>
			readFileSync(join(tests, name), 'utf8')
				.split('\n')
				.flatMap((line, i) => (EMPTY.test(line) ? [`${name}:${i + 1}: ${line.trim()}`] : [])),
		)
	expect(wrong).toEqual([])
})
