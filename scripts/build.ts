/** Builds `dist/`: declarations and JavaScript by tsc, then the assets that TypeScript does not copy. */
import { execFileSync } from 'node:child_process'
import { cpSync, globSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { vendorDuckDB } from './vendor-duckdb.ts'

const root = resolve(import.meta.dirname, '..')
const source = join(root, 'src')
const output = join(root, 'dist')

rmSync(output, { recursive: true, force: true })
vendorDuckDB()
execFileSync('tsc', ['-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' })
for (const asset of globSync('**/{*.{wasm,js,mjs,html,css},NOTICES.txt}', { cwd: source }))
	cpSync(join(source, asset), join(output, asset))
