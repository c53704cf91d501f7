import { existsSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { SQLakeError } from '../../errors.ts'
import { CATALOG } from '../init/names.ts'
import { COMPATIBILITY_DATE } from '../init/wrangler.ts'
import { JsonEditor } from '../json-editor.ts'
import { type Check, Checks } from './check.ts'

/** Since then objects have SQLite, and errors keep their fields over RPC. */
const OLDEST_DATE = '2026-08-01'

/** What of the schema the wrangler configuration must bind. */
export interface NeededBindings {
	/** Binding of the bucket. */
	readonly bucket: string
}

/**
 * Compares the wrangler configuration with what the schema needs.
 *
 * @param needed - null where the schema does not load: what depends on it is not checked
 */
export function checkWrangler(root: string, needed: NeededBindings | null): readonly Check[] {
	const checks = new Checks('wrangler')
	const name = ['wrangler.json', 'wrangler.jsonc', 'wrangler.toml'].find((each) => existsSync(join(root, each)))
	if (name === undefined) checks.warn('there is no wrangler configuration', 'sqlake init writes one')
	else if (extname(name) === '.toml') checks.warn(`${name} is not read here`, 'compare it with what sqlake init --dry-run says')
	else checkFile(new Wrangler(root, name, checks), needed)
	return checks.found
}

function checkFile(wrangler: Wrangler, needed: NeededBindings | null): void {
	if (!wrangler.read()) return
	wrangler.checkCompatibility()
	wrangler.checkObjects()
	if (needed !== null) wrangler.checkBucket(needed.bucket)
}

class Wrangler {
	readonly #root: string
	readonly #name: string
	readonly #checks: Checks
	#file: JsonEditor | undefined

	constructor(root: string, name: string, checks: Checks) {
		this.#root = root
		this.#name = name
		this.#checks = checks
	}

	/** @returns false where the file is no JSON */
	read(): boolean {
		try {
			this.#file = new JsonEditor(this.#name, readFileSync(join(this.#root, this.#name), 'utf8'))
			return true
		} catch (error) {
			if (!SQLakeError.is(error)) throw error
			this.#checks.fail(error.message, error.hint)
			return false
		}
	}

	checkCompatibility(): void {
		const date = this.#file?.get('compatibility_date')
		const hint = `"compatibility_date": "${COMPATIBILITY_DATE}"`
		if (typeof date !== 'string') this.#checks.fail(`${this.#name}: expected a compatibility date, found none`, hint)
		else if (date < OLDEST_DATE) this.#checks.warn(`${this.#name}: compatibility date ${date} is before ${OLDEST_DATE}`, hint)
		else this.#checks.ok(`compatibility date ${date}`)
		const flags = this.#file?.get('compatibility_flags')
		if (!Array.isArray(flags) || !flags.includes('nodejs_compat')) {
			this.#checks.warn(`${this.#name}: the flag nodejs_compat is not set`, '"compatibility_flags": ["nodejs_compat"]')
		}
	}

	checkObjects(): void {
		const bindings = this.#file?.list('durable_objects', 'bindings') ?? []
		const shards = bindings.filter(({ name }) => name !== CATALOG.binding && name !== 'SQLAKE_COLLECTOR')
		if (shards.length === 0) {
			this.#checks.fail(`${this.#name}: expected a binding of the class that extends SQLakeDO, found none`, 'sqlake init adds it')
		} else if (shards.length > 1) {
			const names = shards.map(({ name }) => name).join(', ')
			this.#checks.warn(
				`several Durable Objects are bound: ${names}`,
				`name the one with the shards: sqlake(env, { schema, durableObject: '...' })`,
			)
		}
		for (const binding of bindings) this.#checkClass(binding)
	}

	checkBucket(binding: string): void {
		const found = this.#file?.list('r2_buckets').find((bucket) => bucket.binding === binding)
		if (found !== undefined) this.#checks.ok(`${binding} is bound to the bucket ${String(found.bucket_name)}`)
		else {
			this.#checks.fail(
				`${this.#name}: expected an R2 bucket bound as ${binding}, found none`,
				`add { "binding": "${binding}", "bucket_name": "..." } to r2_buckets`,
			)
		}
	}

	#checkClass({ name, class_name: className, script_name: script }: Readonly<Record<string, unknown>>): void {
		// Another Worker's class is migrated there.
		if (script !== undefined) return
		const classes = (kind: string) =>
			this.#file?.list('migrations').flatMap((each) => (Array.isArray(each[kind]) ? each[kind] : [])) ?? []
		const renamed = this.#file
			?.list('migrations')
			.some(({ renamed_classes }) => JSON.stringify(renamed_classes ?? []).includes(`"to":"${className}"`))
		const tag = `{ "tag": "v1", "new_sqlite_classes": ["${String(className)}"] }`
		if (classes('new_classes').includes(className)) {
			this.#checks.fail(`${this.#name}: class ${className} has no SQLite: it is in new_classes`, `a new class needs ${tag}`)
		} else if (!classes('new_sqlite_classes').includes(className) && renamed !== true) {
			this.#checks.fail(`${this.#name}: class ${className} is in no migration`, `add ${tag} to migrations, with a tag of its own`)
		} else if (!this.#isExported(String(className))) {
			this.#checks.warn(`the main module does not mention ${className}`, `export { ${className} } from it`)
		} else this.#checks.ok(`${name} is bound to ${className}, which has SQLite`)
	}

	/** Whether the name occurs at all: what is exported, and from where, only a bundler knows. */
	#isExported(className: string): boolean {
		const main = this.#file?.get('main')
		if (typeof main !== 'string' || !existsSync(join(this.#root, main))) return true
		const text = readFileSync(join(this.#root, main), 'utf8')
		return text.includes(className) || /export\s+\*/.test(text)
	}
}
