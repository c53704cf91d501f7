/** Writes the names that the doors of `dist/` export to tests/fixtures/exports.json, where tests/package.test.ts compares them. */
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const root = resolve(import.meta.dirname, '..')
const doors: Record<string, string[]> = {}
for (const door of ['index', 'analytics', 'iceberg', 'columns']) {
	const module: object = await import(pathToFileURL(join(root, 'dist', `${door}.js`)).href)
	doors[door] = Object.keys(module).sort()
}
writeFileSync(join(root, 'tests/fixtures/exports.json'), `${JSON.stringify(doors, null, '\t')}\n`)
