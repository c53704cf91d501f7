/**
 * Finds what sqlake needs among the bindings of a Worker.
 *
 * @module
 */
import type { ShardNamespace } from '../driver/durable-object-transport.ts'
import { SQLakeError } from '../errors.ts'
import type { FleetShardRpc } from '../fleet/fleet.ts'
import type { FleetNamespace } from '../fleet/fleet-client.ts'
import type { CatalogNamespace } from '../lake/open-lake.ts'

/** Name of the binding of the catalog's Durable Object. */
export const CATALOG_BINDING = 'SQLAKE_CATALOG'

/** Namespaces of sqlake itself, which hold no shards. */
const OWN_BINDINGS: ReadonlySet<string> = new Set([CATALOG_BINDING, 'SQLAKE_COLLECTOR'])

/** A namespace of shards, whoever calls them. */
export interface AnyShardNamespace extends ShardNamespace {
	getByName(name: string): ReturnType<ShardNamespace['getByName']> & FleetShardRpc
}

/** A namespace of catalog objects: they keep a lake and its fleet. */
export interface AnyCatalogNamespace extends CatalogNamespace, FleetNamespace {
	getByName(name: string): ReturnType<CatalogNamespace['getByName']> & ReturnType<FleetNamespace['getByName']>
}

/**
 * The namespace of the shards: the one named, else the only one that is not sqlake's own.
 *
 * @throws SQLakeError BINDING_MISSING naming the candidates
 */
export function findShardNamespace(env: object, name: string | undefined): AnyShardNamespace {
	const namespaces = Object.entries(env).filter(([, binding]) => isNamespace(binding))
	const candidates = namespaces.filter(([binding]) => !OWN_BINDINGS.has(binding))
	const listed = candidates.map(([binding]) => binding).join(', ') || 'none'
	const [found, ...others] = name === undefined ? candidates : namespaces.filter(([binding]) => binding === name)
	if (found === undefined || others.length > 0) {
		const expected = name === undefined ? 'one namespace of Durable Objects' : `a namespace of Durable Objects named ${name}`
		throw new SQLakeError('BINDING_MISSING', `env: expected ${expected}, found ${listed}`, {
			hint:
				others.length > 0
					? `say which one holds the shards: sqlake(env, { schema, durableObject: '${candidates[0]?.[0] ?? ''}' })`
					: 'bind the class that extends SQLakeDO under durable_objects.bindings in wrangler.jsonc',
			details: { candidates: candidates.map(([binding]) => binding) },
		})
	}
	return found[1]
}

/** The namespace of the catalog's Durable Object; undefined where none is bound. */
export function findCatalogNamespace(env: object): AnyCatalogNamespace | undefined {
	const binding: unknown = Reflect.get(env, CATALOG_BINDING)
	if (binding === undefined) return undefined
	if (isNamespace(binding)) return binding
	throw new SQLakeError(
		'BINDING_MISSING',
		`env.${CATALOG_BINDING}: expected a namespace of Durable Objects, found ${kindOf(binding)}`,
		{
			hint: 'bind the class SQLakeCatalog from sqlake/do under this name',
		},
	)
}

/**
 * The bucket of the lake.
 *
 * @throws SQLakeError BINDING_MISSING
 */
export function findBucket(env: object, name: string): R2Bucket {
	const binding: unknown = Reflect.get(env, name)
	if (isBucket(binding)) return binding
	throw new SQLakeError('BINDING_MISSING', `env.${name}: expected an R2 bucket, found ${kindOf(binding)}`, {
		hint: `bind a bucket as ${name} under r2_buckets in wrangler.jsonc, or name another one: SQLake({ r2Bucket: '...' })`,
		details: { binding: name },
	})
}

/** A service binding answers to every name, so a method alone proves nothing. */
function isNamespace(binding: unknown): binding is AnyShardNamespace & AnyCatalogNamespace {
	return hasMethods(binding, ['idFromName', 'idFromString', 'newUniqueId']) && className(binding) !== 'Fetcher'
}

function isBucket(binding: unknown): binding is R2Bucket {
	return hasMethods(binding, ['get', 'put', 'head', 'list']) && className(binding) !== 'Fetcher'
}

function hasMethods(binding: unknown, methods: readonly string[]): binding is object {
	if (typeof binding !== 'object' || binding === null) return false
	return methods.every((method) => typeof Reflect.get(binding, method) === 'function')
}

function className(binding: object): string | undefined {
	return binding.constructor?.name
}

function kindOf(binding: unknown): string {
	if (binding === undefined) return 'nothing'
	if (typeof binding !== 'object' || binding === null) return `a ${typeof binding}`
	return className(binding) ?? 'an object'
}
