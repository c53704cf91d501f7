/**
 * Checks what a configuration file exports, and fills in defaults.
 *
 * @module
 */
import { join, resolve } from 'node:path'
import { SQLakeError } from '../errors.ts'
import { DEFAULT_LAKE_LOCATION } from '../lake/lake-path.ts'
import { kindOf } from '../schema/kind-of.ts'
import { suggest } from '../schema/suggest.ts'
import type { SQLakeKitOptions } from './kit-config.ts'
import { SQLAKE_DIRECTORY } from './project-paths.ts'

/** A project's configuration with its defaults. All paths are absolute. */
export interface ProjectConfig {
	/** Directory of the configuration, which relative paths in it start from; the working directory where there is none. */
	readonly root: string
	/** The files that were read, by absolute path; empty where there is none. */
	readonly files: readonly string[]
	/** Paths and globs of the schema files; empty where none are configured. */
	readonly schema: readonly string[]
	/** Directory of the migrations. */
	readonly out: string
	/** What drizzle-kit writes `migrations.js` for. */
	readonly driver: 'durable-sqlite' | 'd1-http' | 'expo' | undefined
	readonly casing: 'camelCase' | 'snake_case' | undefined
	readonly breakpoints: boolean
	/** What the names of migrations begin with. */
	readonly prefix: 'index' | 'timestamp' | 'supabase' | 'unix' | 'none'
	/** Name of the export that holds the schema, where several do. */
	readonly exportName: string | undefined
	/** Directory of the local shards. */
	readonly db: string
	/** Directory of the local lake. */
	readonly lake: string
	/** Old names by `table` or `table.column`, and the new names. */
	readonly renames: Readonly<Record<string, string>>
	readonly location: string
	readonly bucket: string | undefined
	readonly accountId: string | undefined
	readonly endpoint: string | undefined
	readonly fleet: string | undefined
}

/** The options of the block `sqlake`. */
const optionNames = [
	'export',
	'db',
	'lake',
	'renames',
	'location',
	'bucket',
	'accountId',
	'endpoint',
	'fleet',
] as const satisfies readonly (keyof SQLakeKitOptions)[]

/**
 * Checks what configuration files export.
 *
 * @param exported - the exported objects, merged
 * @param files - where they stand, for messages
 * @throws SQLakeError CONFIG_INVALID naming the key
 */
export function readConfig(exported: unknown, files: readonly string[], root: string): ProjectConfig {
	const where = files.at(-1) ?? 'the configuration'
	const config = new KeyReader(exported, where, '')
	const dialect = config.oneOf('dialect', ['sqlite'])
	const driver = config.oneOf('driver', ['durable-sqlite', 'd1-http', 'expo'])
	if (files.length > 0 && dialect === undefined && config.has('driver')) config.fail('dialect', "'sqlite'")
	const options = config.block('sqlake')
	options.allowOnly(optionNames)
	return {
		root,
		files,
		schema: config.texts('schema').map((path) => resolve(root, path)),
		out: resolve(root, config.text('out') ?? 'drizzle'),
		driver,
		casing: config.oneOf('casing', ['camelCase', 'snake_case']),
		breakpoints: config.boolean('breakpoints') ?? true,
		prefix: config.block('migrations').oneOf('prefix', ['index', 'timestamp', 'supabase', 'unix', 'none']) ?? 'index',
		exportName: options.text('export'),
		db: resolve(root, options.text('db') ?? join(SQLAKE_DIRECTORY, 'local.db')),
		lake: resolve(root, options.text('lake') ?? join(SQLAKE_DIRECTORY, 'data')),
		renames: options.textRecord('renames'),
		location: options.text('location') ?? DEFAULT_LAKE_LOCATION,
		bucket: options.text('bucket'),
		accountId: options.text('accountId'),
		endpoint: options.url('endpoint'),
		fleet: options.url('fleet'),
	}
}

/** Reads keys of an object that a user wrote. */
class KeyReader {
	readonly #value: Readonly<Record<string, unknown>>
	readonly #where: string
	readonly #prefix: string

	constructor(value: unknown, where: string, prefix: string) {
		if (typeof value !== 'object' || value === null || Array.isArray(value)) {
			throw invalid(where, prefix === '' ? 'its default export' : `"${prefix.slice(0, -1)}"`, 'an object', value)
		}
		this.#value = Object.fromEntries(Object.entries(value))
		this.#where = where
		this.#prefix = prefix
	}

	has(key: string): boolean {
		return this.#value[key] !== undefined
	}

	text(key: string): string | undefined {
		const value = this.#value[key]
		if (value === undefined) return undefined
		if (typeof value !== 'string' || value === '') return this.fail(key, 'text')
		return value
	}

	texts(key: string): readonly string[] {
		const value = this.#value[key]
		if (value === undefined) return []
		const texts: readonly unknown[] = Array.isArray(value) ? value : [value]
		return texts.map((text) =>
			typeof text === 'string' && text !== '' ? text : this.fail(key, 'a path, a glob, or an array of them'),
		)
	}

	boolean(key: string): boolean | undefined {
		const value = this.#value[key]
		return value === undefined || typeof value === 'boolean' ? value : this.fail(key, 'true or false')
	}

	url(key: string): string | undefined {
		const text = this.text(key)
		if (text === undefined || /^https?:\/\/./.test(text)) return text
		return this.fail(key, 'an http or https address')
	}

	oneOf<T extends string>(key: string, values: readonly T[]): T | undefined {
		const value = this.#value[key]
		if (value === undefined) return undefined
		return values.find((candidate) => candidate === value) ?? this.fail(key, values.map((each) => `'${each}'`).join(' or '))
	}

	textRecord(key: string): Readonly<Record<string, string>> {
		const value = this.#value[key]
		if (value === undefined) return {}
		const record = new KeyReader(value, this.#where, `${this.#prefix}${key}.`)
		return Object.fromEntries(Object.keys(record.#value).map((name) => [name, record.text(name) ?? '']))
	}

	block(key: string): KeyReader {
		return new KeyReader(this.#value[key] ?? {}, this.#where, `${this.#prefix}${key}.`)
	}

	allowOnly(names: readonly string[]): void {
		for (const key of Object.keys(this.#value)) {
			if (names.includes(key)) continue
			const meant = suggest(key, names)
			throw new SQLakeError('CONFIG_INVALID', `${this.#where}: "${this.#prefix}${key}" is no option of sqlake`, {
				hint: meant === undefined ? `options are ${names.join(', ')}` : `did you mean "${meant}"?`,
				details: { file: this.#where, key: this.#prefix + key },
			})
		}
	}

	fail(key: string, expected: string): never {
		throw invalid(this.#where, `"${this.#prefix}${key}"`, expected, this.#value[key])
	}
}

function invalid(where: string, what: string, expected: string, found: unknown): SQLakeError {
	return new SQLakeError('CONFIG_INVALID', `${where}: expected ${what} to be ${expected}, found ${kindOf(found)}`, {
		details: { file: where, key: what.replaceAll('"', '') },
	})
}
