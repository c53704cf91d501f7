import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, it } from 'vitest'

const cli = join(import.meta.dirname, '../../src/cli')

/** What a module imports before it runs, types aside. */
function importsOf(file: string): readonly string[] {
	const text = readFileSync(file, 'utf8').replaceAll(/\/\*[\s\S]*?\*\//g, '')
	const statements = text.matchAll(/(?:^|\n)\s*(?:import|export)\s+(?!type\b)(?:([^'"]*?)\bfrom\s+)?'([^']+)'/g)
	return Array.from(statements, ([, names = '', specifier = '']) => ({ names, specifier }))
		.filter(({ names }) => !/^\{(?:\s*type\s[^,}]+,?)+\s*\}\s*$/.test(names))
		.map(({ specifier }) => specifier)
}

/** The packages that a module loads, by itself or by what it imports, with the way there. */
function packagesOf(file: string, way: readonly string[] = [], seen = new Map<string, readonly string[]>()) {
	for (const specifier of importsOf(file)) {
		const path = [...way, relative(cli, file)]
		if (specifier.startsWith('.')) {
			const target = resolve(dirname(file), specifier)
			if (!seen.has(target)) packagesOf(target, path, seen.set(target, path))
		} else if (!specifier.startsWith('node:')) seen.set(specifier, path)
	}
	return [...seen].filter(([name]) => !name.startsWith('/'))
}

it.each(['main.ts', ...readdirSync(join(cli, 'commands')).map((name) => `commands/${name}`)])(
	'%s loads no more for its help than what parses and colours: everything else waits until a command runs',
	(name) => {
		expect(packagesOf(join(cli, name)).filter(([found]) => !['yargs', 'picocolors', 'cli-progress'].includes(found))).toEqual([])
	},
)

it('is what this test would notice', () => {
	expect(packagesOf(join(cli, 'json-editor.ts')).map(([found]) => found)).toContain('jsonc-parser')
})
