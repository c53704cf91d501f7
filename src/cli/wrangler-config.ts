/**
 * What of a project's wrangler configuration matters to sqlake: the bindings of buckets, and of the catalog object.
 *
 * @module
 */

import { existsSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { type ParseError, parse, printParseErrorCode } from 'jsonc-parser'
import { SQLakeError } from '../errors.ts'
import { isRecord } from '../schema/is-record.ts'

/** A wrangler configuration. */
export interface WranglerConfig {
	readonly path: string
	/** Names of the buckets, by their bindings; null where the file is TOML, which is not read here. */
	readonly buckets: ReadonlyMap<string, string> | null
	/** Whether it binds the catalog object, `SQLAKE_CATALOG`; null where the file is TOML. */
	readonly hasCatalog: boolean | null
}

/** In the order in which wrangler looks for them. */
const NAMES = ['wrangler.json', 'wrangler.jsonc', 'wrangler.toml']

/**
 * Finds and reads the wrangler configuration of a directory.
 *
 * @param environment - one of its named environments, whose bindings stand for themselves
 * @returns null where there is none
 * @throws SQLakeError CONFIG_INVALID where it is no JSON, or has no such environment
 */
export function readWranglerConfig(directory: string, environment?: string): WranglerConfig | null {
	const path = NAMES.map((name) => join(directory, name)).find(existsSync)
	if (path === undefined) return null
	if (extname(path) === '.toml') return { path, buckets: null, hasCatalog: null }
	const whole = parseFile(path)
	const named = environment === undefined ? whole : member(member(whole, 'env'), environment)
	if (!isRecord(named)) {
		const known = Object.keys(isRecord(whole) && isRecord(whole.env) ? whole.env : {})
		throw new SQLakeError('CONFIG_INVALID', `${path}: expected an environment ${environment}, found none`, {
			hint: known.length === 0 ? 'leave --env out' : `it has ${known.join(', ')}`,
			details: { file: path, environment },
		})
	}
	const buckets = records(named.r2_buckets).flatMap(({ binding, bucket_name: name }) =>
		typeof binding === 'string' && typeof name === 'string' ? [[binding, name] as const] : [],
	)
	const hasCatalog = records(member(named.durable_objects, 'bindings')).some(({ name }) => name === 'SQLAKE_CATALOG')
	return { path, buckets: new Map(buckets), hasCatalog }
}

function parseFile(path: string): unknown {
	const errors: ParseError[] = []
	const value: unknown = parse(readFileSync(path, 'utf8'), errors, { allowTrailingComma: true })
	const [error] = errors
	if (error === undefined) return value
	throw new SQLakeError(
		'CONFIG_INVALID',
		`${path}: expected JSON, found ${printParseErrorCode(error.error)} at ${error.offset}`,
		{
			details: { file: path },
		},
	)
}

function records(value: unknown): readonly Readonly<Record<string, unknown>>[] {
	return Array.isArray(value) ? value.filter(isRecord) : []
}

function member(value: unknown, key: string): unknown {
	return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined
}
