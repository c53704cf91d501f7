/**
 * Decides what `init` writes. Nothing is written here.
 *
 * @module
 */
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'
import { SQLakeError } from '../../errors.ts'
import { JsonEditor } from '../json-editor.ts'
import { loadConfig, type ProjectConfig } from '../load-config.ts'
import { type LoadedSchema, loadSchema } from '../load-schema.ts'
import { readOwnPackage } from '../own-package.ts'
import { projectPaths } from '../project-paths.ts'
import { bindingOf, CATALOG, moduleOf, type Names, workerName } from './names.ts'
import { editPackage, packageTemplate } from './package-json.ts'
import type { InitPlan, PlannedFile } from './planned-file.ts'
import { configTemplate, gitignoreLines, objectTemplate, schemaTemplate, tsconfigTemplate, workerTemplate } from './templates.ts'
import { editWrangler, wranglerTemplate, wranglerToml } from './wrangler.ts'

/** What `init` is asked for. */
export interface InitOptions {
	/** Absolute. */
	readonly directory: string
	/** Name of the Worker; that of the package or of the directory unless given. */
	readonly name: string | undefined
	/** Class of the Durable Object. */
	readonly className: string
	/** Whether to bind a catalog object; unless given, where the project binds no bucket without one yet. */
	readonly catalog: boolean | undefined
	/** Whether the module of the Durable Object is written anew where it is there. */
	readonly force: boolean
}

/**
 * Plans what to write into a new or an existing project.
 *
 * @throws SQLakeError CONFIG_INVALID for a file of the project that cannot be read
 */
export async function planInit(options: InitOptions): Promise<InitPlan> {
	const planner = new Planner(options)
	return planner.plan(await loadConfig(options.directory))
}

class Planner {
	readonly #options: InitOptions
	readonly #files: PlannedFile[] = []
	readonly #notes: string[] = []

	constructor(options: InitOptions) {
		this.#options = options
	}

	async plan(config: ProjectConfig): Promise<InitPlan> {
		const schema = await this.#loadSchema(config)
		const names = this.#names(schema?.database?.r2Bucket)
		const { version, peerDependencies, devDependencies } = readOwnPackage()
		const versions = { version, peerDependencies, devDependencies }
		this.#edit(
			'package.json',
			() => packageTemplate(names.worker, versions),
			(text) => editPackage('package.json', text, versions),
		)
		this.#create('tsconfig.json', tsconfigTemplate)
		if (config.files.length === 0) this.#create('drizzle.config.ts', configTemplate)
		else for (const file of config.files) this.#keep(this.#path(file))
		const schemaPath = this.#planSchema(config, schema, names)
		const objectPath = `${dirname(schemaPath)}/${moduleOf(names.className)}.ts`
		this.#create(objectPath, objectTemplate(names, this.#imports(schemaPath, objectPath, schema)), this.#options.force)
		this.#planWorker(names, objectPath, schema)
		this.#planWrangler(names)
		this.#edit('.gitignore', () => `node_modules/\n.wrangler/\n${gitignoreLines.join('\n')}\n`, addGitignore)
		return { files: this.#files, notes: this.#notes }
	}

	/** null where there is none yet, or none that loads: its packages may not be installed. */
	async #loadSchema(config: ProjectConfig): Promise<LoadedSchema | null> {
		if (!config.schema.some(existsSync)) return null
		try {
			return await loadSchema(config)
		} catch (error) {
			if (!SQLakeError.is(error)) throw error
			this.#notes.push(`The schema does not load yet: ${error.message}`)
			return null
		}
	}

	#names(bucketBinding = 'SQLAKE_BUCKET'): Names {
		const { directory, name, className, catalog } = this.#options
		const configured = this.#read('wrangler.jsonc') ?? this.#read('wrangler.json')
		const editor = configured === null ? undefined : new JsonEditor('wrangler.jsonc', configured)
		const wrangler = editor?.get('name')
		const manifest = this.#read('package.json')
		const own = manifest === null ? undefined : new JsonEditor('package.json', manifest).get('name')
		const worker = workerName(name ?? (typeof wrangler === 'string' ? wrangler : String(own ?? basename(directory))))
		return {
			worker,
			className,
			binding: bindingOf(className),
			bucketBinding,
			bucket: `${worker}-lake`,
			catalog: catalog ?? !(editor !== undefined && bindsLakeWithoutCatalog(editor, bucketBinding)),
		}
	}

	#planSchema(config: ProjectConfig, schema: LoadedSchema | null, names: Names): string {
		const [configured = join(this.#options.directory, 'src/schema.ts')] = config.schema
		const file = schema?.file ?? schema?.files[0] ?? configured
		const path = this.#path(file)
		if (/\.[cm]?tsx?$/.test(path)) this.#create(path, schemaTemplate(names))
		if (schema !== null && schema.database === null) {
			const tables = Object.keys(schema.tables).join(', ')
			this.#notes.push(
				`Make a database of the tables in ${path}, with the column that picks each one's shard:\n  export const db = SQLake({ ${tables}, shard: { ... } })`,
			)
		}
		return path
	}

	#imports(schemaPath: string, objectPath: string, schema: LoadedSchema | null) {
		const from = (path: string) => {
			const found = relative(dirname(objectPath), path).split(sep).join('/')
			return found.startsWith('.') ? found : `./${found}`
		}
		const { directory } = this.#options
		return {
			schema: from(schemaPath).replace(/\.ts$/, ''),
			exportName: schema?.exportName ?? 'db',
			manifest: from(this.#path(projectPaths(directory).manifest)),
		}
	}

	#planWorker(names: Names, objectPath: string, schema: LoadedSchema | null): void {
		const wrangler = this.#read('wrangler.jsonc') ?? this.#read('wrangler.json')
		const main = wrangler === null ? undefined : new JsonEditor('wrangler.jsonc', wrangler).get('main')
		const path = typeof main === 'string' ? main.replace(/^\.\//, '') : 'src/worker.ts'
		const module = `./${relative(dirname(path), objectPath.replace(/\.ts$/, '')).split(sep).join('/')}`
		const wanted = [
			{ name: names.className, from: module },
			...(names.catalog ? [{ name: CATALOG.className, from: 'sqlake/do' }] : []),
		]
		const before = this.#read(path)
		if (before !== null && /\.[cm]?[jt]s$/.test(path)) {
			const missing = wanted.filter(({ name }) => !new RegExp(`\\b${name}\\b`).test(before))
			if (missing.length === 0) this.#keep(path)
			else this.#add(path, 'change', before, `${before.replace(/\n*$/, '\n')}\n${exportsOf(missing)}\n`)
		} else if (wrangler === null && (schema === null || Object.keys(schema.tables).length === 0)) {
			this.#create(path, workerTemplate(names))
		} else this.#notes.push(`Export the classes from the Worker's main module:\n${indent(exportsOf(wanted))}`)
	}

	#planWrangler(names: Names): void {
		const path = ['wrangler.jsonc', 'wrangler.json'].find((name) => this.#read(name) !== null)
		if (path !== undefined)
			this.#edit(
				path,
				() => '',
				(text) => editWrangler(path, text, names),
			)
		else if (this.#read('wrangler.toml') !== null) {
			this.#keep('wrangler.toml')
			this.#notes.push(`Add to wrangler.toml what is missing there:\n\n${indent(wranglerToml(names))}`)
		} else this.#create('wrangler.jsonc', wranglerTemplate(names))
	}

	/** Writes a file that is not there, or anew where that is asked for. */
	#create(path: string, text: string, force = false): void {
		const before = this.#read(path)
		if (before === null) this.#add(path, 'create', null, text)
		else if (force && before !== text) this.#add(path, 'overwrite', before, text)
		else this.#keep(path)
	}

	/** Adds to a file, or makes it. */
	#edit(path: string, create: () => string, change: (text: string) => string): void {
		const before = this.#read(path)
		const after = before === null ? create() : change(before)
		if (before === after) this.#keep(path)
		else this.#add(path, before === null ? 'create' : 'change', before, after)
	}

	#keep(path: string): void {
		const text = this.#read(path) ?? ''
		this.#add(path, 'keep', text, text)
	}

	#add(path: string, action: PlannedFile['action'], before: string | null, after: string): void {
		this.#files.push({ path, action, before, after })
	}

	#read(path: string): string | null {
		const file = join(this.#options.directory, path)
		return existsSync(file) ? readFileSync(file, 'utf8') : null
	}

	#path(file: string): string {
		return relative(this.#options.directory, file).split(sep).join('/')
	}
}

/** A lake keeps the catalog that it was first written with. */
function bindsLakeWithoutCatalog(wrangler: JsonEditor, bucketBinding: string): boolean {
	const bindings = wrangler.list('durable_objects', 'bindings')
	return (
		wrangler.list('r2_buckets').some(({ binding }) => binding === bucketBinding) &&
		!bindings.some(({ name }) => name === CATALOG.binding)
	)
}

function exportsOf(classes: readonly { readonly name: string; readonly from: string }[]): string {
	return classes.map(({ name, from }) => `export { ${name} } from '${from}'`).join('\n')
}

function addGitignore(text: string): string {
	const lines = text.split(/\r?\n/).map((line) => line.trim())
	if (lines.includes('.sqlake/*')) return text
	return `${text.replace(/\n*$/, '\n')}${text.trim() === '' ? '' : '\n'}${gitignoreLines.join('\n')}\n`
}

function indent(text: string): string {
	return text.replaceAll(/^(?=.)/gm, '  ')
}
