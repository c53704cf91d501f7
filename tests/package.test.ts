import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const pinnedExports: Record<string, string[]> = JSON.parse(readFileSync(join(root, 'tests/fixtures/exports.json'), 'utf8'))

describe('the package', () => {
	it('depends on what is pinned here and on nothing else', () => {
		expect(Object.keys(manifest.dependencies).sort()).toEqual([
			'@clack/prompts',
			'apache-arrow',
			'aws4fetch',
			'chokidar',
			'cli-progress',
			'hyparquet',
			'hyparquet-writer',
			'jiti',
			'jsonc-parser',
			'picocolors',
			'sqlite3-parser',
			'yargs',
		])
		expect(Object.keys(manifest.peerDependencies).sort()).toEqual(['@duckdb/node-api', 'drizzle-kit', 'drizzle-orm'])
	})

	it('pins exactly the dependencies that a minor version could break', () => {
		expect(manifest.dependencies['sqlite3-parser']).toMatch(/^\d/)
		for (const name of ['hyparquet', 'hyparquet-writer']) expect(manifest.dependencies[name]).toMatch(/^\d/)
	})

	it('has the five documented doors', () => {
		expect(Object.keys(manifest.exports)).toEqual(['.', './do', './analytics', './iceberg', './columns', './package.json'])
	})

	it('has a file behind every export', () => {
		const files = Object.values(manifest.exports).flatMap((door) =>
			typeof door === 'string' ? [door] : Object.values(door as object),
		)
		expect(files.filter((file) => !existsSync(join(root, String(file))))).toEqual([])
	})

	// sqlake/do needs the Workers runtime; its names are checked in tests/workers.
	it.each(['index', 'analytics', 'iceberg', 'columns'])(
		'exports from %s the names that are pinned',
		{ timeout: 60_000 },
		async (door) => {
			const module = await import(pathToFileURL(join(root, 'dist', `${door}.js`)).href)
			expect(Object.keys(module).sort()).toEqual(pinnedExports[door])
		},
	)
})
