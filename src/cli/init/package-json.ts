import { JsonEditor } from '../json-editor.ts'

/** What of sqlake's own `package.json` is needed to say which versions fit. */
export interface PackageVersions {
	readonly version: string
	readonly peerDependencies: Readonly<Record<string, string>>
	readonly devDependencies: Readonly<Record<string, string>>
}

/** Scripts that every project gets; one that has other scripts gets them under `sqlake:`. */
const scripts = { generate: 'sqlake generate', dev: 'sqlake dev', studio: 'sqlake studio' }

/** Scripts of a new project besides. */
const newScripts = { start: 'wrangler dev', deploy: 'sqlake generate --check && wrangler deploy' }

/** A new `package.json`. */
export function packageTemplate(name: string, versions: PackageVersions): string {
	const manifest = { name, private: true, type: 'module', scripts: { ...scripts, ...newScripts } }
	return editPackage('package.json', `${JSON.stringify(manifest, null, '\t')}\n`, versions)
}

/**
 * Adds the scripts and dependencies that are missing; what is there stays.
 *
 * @throws SQLakeError CONFIG_INVALID
 */
export function editPackage(path: string, text: string, versions: PackageVersions): string {
	const editor = new JsonEditor(path, text)
	const known: readonly unknown[] = Object.values(editor.get('scripts') ?? {})
	for (const [name, script] of Object.entries(scripts)) {
		const runs = known.some((each) => typeof each === 'string' && each.includes(script))
		if (!runs && editor.get('scripts', `sqlake:${name}`) === undefined) editor.set(['scripts', `sqlake:${name}`], script)
	}
	const { version, peerDependencies, devDependencies } = versions
	add(editor, 'dependencies', { sqlake: `^${version}`, 'drizzle-orm': peerDependencies['drizzle-orm'] })
	add(editor, 'devDependencies', {
		'@cloudflare/workers-types': caret(devDependencies['@cloudflare/workers-types']),
		'@duckdb/node-api': peerDependencies['@duckdb/node-api'],
		'drizzle-kit': peerDependencies['drizzle-kit'],
		typescript: caret(devDependencies.typescript),
		wrangler: caret(devDependencies.wrangler),
	})
	return editor.text
}

function add(editor: JsonEditor, kind: string, wanted: Readonly<Record<string, string | undefined>>): void {
	for (const [name, range] of Object.entries(wanted)) {
		const there = ['dependencies', 'devDependencies', 'peerDependencies'].some((each) => editor.get(each, name) !== undefined)
		if (!there && range !== undefined) editor.set([kind, name], range)
	}
}

function caret(version: string | undefined): string | undefined {
	return version !== undefined && /^\d/.test(version) ? `^${version}` : version
}
