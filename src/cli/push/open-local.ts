import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { messageOf, SQLakeError } from '../../errors.ts'
import { R2ObjectStore } from '../../lake/storage/r2.ts'
import type { WranglerConfig } from '../wrangler-config.ts'
import type { PushTarget } from './push-target.ts'

/** What {@link openLocal} goes by. */
export interface LocalOptions {
	/** The project, whose own wrangler is used: another version might keep its files elsewhere. */
	readonly root: string
	readonly wrangler: WranglerConfig | null
	/** One of the named environments of the wrangler configuration. */
	readonly environment: string | undefined
	/** Binding of the bucket, in the schema. */
	readonly binding: string
	/** Whether wrangler may tell what it thinks. */
	readonly verbose: boolean
}

/** The part of wrangler that is used here. */
interface Wrangler {
	getPlatformProxy(options: {
		readonly configPath: string
		readonly environment?: string
		readonly persist: { readonly path: string }
		readonly remoteBindings: boolean
		readonly envFiles: readonly string[]
	}): Promise<{ readonly env: Readonly<Record<string, unknown>>; dispose(): Promise<void> }>
}

/**
 * Opens the bucket that `wrangler dev` keeps in `.wrangler/state`.
 *
 * @throws SQLakeError DEPENDENCY_MISSING where the project has no wrangler; CONFIG_INVALID without a wrangler configuration;
 *   BINDING_MISSING where it binds no such bucket
 */
export async function openLocal(options: LocalOptions): Promise<PushTarget> {
	const { root, wrangler: config, environment, binding, verbose } = options
	if (config === null) {
		throw new SQLakeError('CONFIG_INVALID', `--local: expected a wrangler configuration in ${root}, found none`, {
			hint: 'run it where wrangler.jsonc is, or take --remote',
		})
	}
	const { getPlatformProxy } = await loadWrangler(root)
	const place = join(root, '.wrangler', 'state', 'v3')
	const restore = quiet(verbose)
	const own = await bucketsAlone(config)
	try {
		const { env, dispose } = await getPlatformProxy({
			configPath: own?.path ?? config.path,
			...(own !== null || environment === undefined ? {} : { environment }),
			persist: { path: place },
			remoteBindings: false,
			// Secrets of the Worker are no business of ours.
			envFiles: [],
		})
		const bucket = env[binding]
		if (!isBucket(bucket)) {
			await dispose()
			throw new SQLakeError('BINDING_MISSING', `${config.path}: expected an R2 bucket bound as ${binding}, found none`, {
				hint: `add { "binding": "${binding}", "bucket_name": "..." } to r2_buckets`,
				details: { binding },
			})
		}
		const name = config.buckets?.get(binding) ?? binding
		return { kind: 'local', bucket: name, place, store: new R2ObjectStore(bucket), [Symbol.asyncDispose]: dispose }
	} catch (error) {
		throw SQLakeError.wrap(error, 'STORE_UNAVAILABLE', `wrangler could not open its local bucket from ${config.path}`, {
			hint: '--verbose shows what wrangler says',
		})
	} finally {
		restore()
		await own?.remove()
	}
}

/**
 * A configuration with the buckets and nothing else: of the Worker's own classes, which do not run here, the runtime would warn.
 *
 * @returns null where it is not known which buckets there are
 */
async function bucketsAlone({ buckets }: WranglerConfig) {
	if (buckets === null) return null
	const directory = await mkdtemp(join(tmpdir(), 'sqlake-push-'))
	const path = join(directory, 'wrangler.json')
	const r2_buckets = Array.from(buckets, ([binding, bucket_name]) => ({ binding, bucket_name }))
	await writeFile(path, JSON.stringify({ name: 'push', compatibility_date: '2026-01-01', r2_buckets }))
	return { path, remove: () => rm(directory, { recursive: true, force: true }) }
}

async function loadWrangler(root: string): Promise<Wrangler> {
	let path: string
	try {
		path = createRequire(join(root, 'package.json')).resolve('wrangler')
	} catch (cause) {
		throw new SQLakeError('DEPENDENCY_MISSING', `--local: expected wrangler in ${root}, found none: ${firstLine(cause)}`, {
			cause,
			hint: 'npm install --save-dev wrangler',
		})
	}
	const loaded: unknown = await import(pathToFileURL(path).href)
	if (isWrangler(loaded)) return loaded
	throw new SQLakeError('DEPENDENCY_MISSING', `--local: expected a wrangler with getPlatformProxy(), found ${path}`, {
		hint: 'npm install --save-dev wrangler@4',
	})
}

/** wrangler tells of what nobody asked for here, and asks the network where on earth it is. */
function quiet(verbose: boolean): () => void {
	const wanted = { CLOUDFLARE_CF_FETCH_ENABLED: 'false', ...(verbose ? {} : { WRANGLER_LOG: 'none' }) }
	const before = Object.keys(wanted).map((name) => [name, process.env[name]] as const)
	Object.assign(process.env, wanted)
	return () => {
		for (const [name, value] of before) {
			if (value === undefined) delete process.env[name]
			else process.env[name] = value
		}
	}
}

function isWrangler(value: unknown): value is Wrangler {
	return (
		typeof value === 'object' && value !== null && 'getPlatformProxy' in value && typeof value.getPlatformProxy === 'function'
	)
}

function isBucket(value: unknown): value is R2Bucket {
	return typeof value === 'object' && value !== null && 'head' in value && 'list' in value && 'put' in value
}

function firstLine(error: unknown): string {
	return messageOf(error).split('\n')[0] ?? ''
}
