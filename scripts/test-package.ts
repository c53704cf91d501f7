/**
 * Installs the packed tarball into a fresh project, writes the files of the README's first example there, and runs them: the
 * migration is generated, the Worker is type-checked and started, a write goes in and the answer of the lake comes out. Then the
 * same with what `sqlake init` writes.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const manifest: { version: string; devDependencies: Record<string, string> } = JSON.parse(
	readFileSync(join(root, 'package.json'), 'utf8'),
)
const env = { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_SEND_ERROR_REPORTS: 'false' }
const project = mkdtempSync(join(tmpdir(), 'sqlake-package-'))

try {
	run('npm', ['pack', '--silent', '--pack-destination', project], root)
	writeProject()
	step('install the tarball into a fresh project')
	const pinned = ['drizzle-orm', 'drizzle-kit', 'wrangler', 'typescript', '@cloudflare/workers-types', 'node'].map(
		(name) => `${name}@${manifest.devDependencies[name]}`,
	)
	run('npm', [
		'install',
		'--no-audit',
		'--no-fund',
		'--prefer-offline',
		'--loglevel=error',
		`./sqlake-${manifest.version}.tgz`,
		...pinned,
	])
	step('generate the migration')
	run('npx', ['drizzle-kit', 'generate', '--name', 'initial'])
	step('check the types')
	run('npx', ['tsc', '-p', '.'])
	step('run the Worker')
	run('npx', ['node', 'story.ts'])
	step('ask the command for its version')
	const version = output('npx', ['sqlake', '--version']).trim()
	if (version !== manifest.version) throw new Error(`sqlake --version: expected ${manifest.version}, found ${version}`)
	step('set up a project with the command, check its types, run it')
	run('npx', ['sqlake', 'init', 'by-init', '--catalog'])
	const byInit = join(project, 'by-init')
	run('npx', ['sqlake', 'generate'], byInit)
	run('npx', ['tsc', '-p', '.'], byInit)
	write(
		'by-init/story.ts',
		story(`
  expectEqual((await server.fetch('/users/ada', { method: 'POST' })).status, 201)
  const { USER_DO } = await server.getWorker().getEnv()
  await USER_DO.get(USER_DO.idFromName('ada')).flush()
  expectEqual(await (await server.fetch('/plans')).json(), [{ plan: 'free', users: 1 }])
`),
	)
	run('npx', ['node', 'story.ts'], byInit)
	step('ask its shards and its lake from the command')
	run('npx', ['sqlake', 'query', "INSERT INTO users (id, email) VALUES ('ada', 'ada@example.com')"], byInit)
	const [row] = JSON.parse(output('npx', ['sqlake', 'query', '-a', '--flush', 'SELECT id FROM users'], byInit))
	if (row?.id !== 'ada') throw new Error(`sqlake query: expected ada, found ${JSON.stringify(row)}`)
	run('npx', ['sqlake', 'doctor'], byInit)
	console.log('the packed package works in a fresh project')
} finally {
	rmSync(project, { recursive: true, force: true })
}

function writeProject(): void {
	write(
		'package.json',
		JSON.stringify({ name: 'fresh', private: true, type: 'module', allowScripts: { node: true, esbuild: true, workerd: true } }),
	)
	write(
		'tsconfig.json',
		JSON.stringify({
			compilerOptions: {
				target: 'es2024',
				lib: ['es2024'],
				module: 'esnext',
				moduleResolution: 'bundler',
				strict: true,
				skipLibCheck: true,
				noEmit: true,
				allowJs: true,
				types: ['@cloudflare/workers-types'],
			},
			include: ['src'],
		}),
	)
	// A Worker's SQL files are text (the "rules" of wrangler.jsonc).
	write('src/sql.d.ts', `declare module '*.sql' {\n  const text: string\n  export default text\n}\n`)
	const readme = readFileSync(join(root, 'README.md'), 'utf8')
	for (const [, file = '', text = ''] of readme.matchAll(/^```\w+ (\S+)\n([\s\S]*?)^```$/gm)) write(file, text)
	write(
		'story.ts',
		story(`
  for (const id of ['ada', 'bob']) expectEqual((await server.fetch('/users/' + id, { method: 'POST' })).status, 201)
  const orders = await (await server.fetch('/users/ada')).json()
  expectEqual(orders.map(({ userId, amount }) => ({ userId, amount })), [{ userId: 'ada', amount: 9.5 }])
  const { USER_DO } = await server.getWorker().getEnv()
  for (const id of ['ada', 'bob']) await USER_DO.get(USER_DO.idFromName(id)).flush()
  expectEqual(await (await server.fetch('/plans')).json(), [{ plan: 'pro', orders: 2, mean: 9.5 }])
`),
	)
}

/** A script that runs the Worker of its directory and tells it what the parts say. */
function story(parts: string): string {
	return `
import { createTestHarness } from 'wrangler'
const server = createTestHarness({ workers: [{ configPath: './wrangler.jsonc' }] })
await server.listen()
try {
${parts}
} catch (error) {
  server.debug()
  throw error
} finally {
  await server.close()
}
function expectEqual(found, expected) {
  if (JSON.stringify(found) !== JSON.stringify(expected))
    throw new Error('expected ' + JSON.stringify(expected) + ', found ' + JSON.stringify(found))
}
`
}

function write(file: string, text: string): void {
	mkdirSync(dirname(join(project, file)), { recursive: true })
	writeFileSync(join(project, file), text)
}

function run(command: string, args: readonly string[], cwd: string = project): void {
	execFileSync(command, args, { cwd, stdio: 'inherit', env })
}

function output(command: string, args: readonly string[], cwd: string = project): string {
	return execFileSync(command, args, { cwd, encoding: 'utf8', env })
}

function step(name: string): void {
	console.log(`\n== ${name}`)
}
