/**
 * A project on this machine, behind HTTP.
 *
 * @module
 */
import type { DeliveryResult } from '../../delivery/delivery.ts'
import type { FlushPolicy } from '../../delivery/flush-policy.ts'
import { messageOf } from '../../errors.ts'
import { type LocalServer, type LocalServerOptions, startLocalServer } from '../http/local-server.ts'
import { claimDirectory } from './claim-directory.ts'
import type { DevEvent, DevListener } from './dev-events.ts'
import { devRoutes } from './dev-routes.ts'
import { listeningObservability } from './listening-observability.ts'
import type { LocalProject } from './local-project.ts'
import { oneAtATime } from './one-at-a-time.ts'
import type { RouterPlaces } from './open-router.ts'
import { ProjectHost } from './project-host.ts'
import { watchFiles } from './watch-files.ts'

/** The options of {@link startDevServer}. */
export interface DevServerOptions
	extends Pick<LocalServerOptions, 'port' | 'host' | 'token' | 'maxBodyBytes' | 'requestTimeoutMs'> {
	/** Loads the project afresh. */
	readonly load: () => Promise<LocalProject>
	/** Directory of the shards. */
	readonly db: string
	/** Directory of the lake. */
	readonly lake: string
	/** Whether to follow changes of the project's files. Default true. */
	readonly watch?: boolean
	/** When changes are delivered by themselves. */
	readonly flush?: Partial<FlushPolicy>
	readonly onEvent?: DevListener
}

/** A dev server that listens. */
export interface DevServer {
	/** Such as `http://localhost:4983`. */
	readonly url: string
	readonly port: number
	/** What is served now. */
	readonly project: LocalProject
	/** Loads the project afresh and goes over to it. What stands in the way is told as an event; what was served goes on. */
	reload(): Promise<void>
	/**
	 * Takes no more requests, delivers what waits, and closes.
	 *
	 * @throws SQLakeError of a shard that could not deliver; all is closed then, too, and its changes wait in it
	 */
	close(): Promise<DeliveryResult>
}

/**
 * Serves a project: its shards in SQLite files with capture, its lake in Parquet files.
 *
 * @throws SQLakeError IN_USE for a port or a directory that another process has; MIGRATION_PENDING for a schema ahead of its
 *   migrations; what `load` throws
 */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
	const { load, db, onEvent = () => {} } = options
	const project = await load()
	const claim = claimDirectory(db)
	const resources: { close(): Promise<void> }[] = [{ close: async () => claim.release() }]
	try {
		const teller = new Teller(onEvent)
		const host = await ProjectHost.open(project, placesOf(options, teller))
		resources.unshift(host.current)
		for (const failure of await teller.quietly(() => host.openShards()))
			onEvent({ event: 'problem', message: messageOf(failure) })
		const server = await startLocalServer({
			...options,
			handle: devRoutes(host),
			onRequest: (log) => onEvent({ event: 'request', ...log }),
		})
		claim.announce(server.url)
		return await serve({ ...options, onEvent }, host, server, teller, resources)
	} catch (error) {
		for (const resource of resources) await resource.close()
		throw error
	}
}

function placesOf({ db, lake, flush }: DevServerOptions, teller: Teller): RouterPlaces {
	const observability = listeningObservability((event) => teller.tell(event))
	return { db, lake, observability, ...(flush === undefined ? {} : { flush }) }
}

/** A server that listens, with what it serves: follows the project, and ends in order. */
async function serve(
	{ load, watch = true, onEvent }: DevServerOptions & { readonly onEvent: DevListener },
	host: ProjectHost,
	server: LocalServer,
	teller: Teller,
	resources: readonly { close(): Promise<void> }[],
): Promise<DevServer> {
	const reload = oneAtATime(async () => {
		onEvent(await teller.quietly(() => reloadEvent(host, load)))
		watcher?.setPaths(host.project.watch)
	})
	const unwatched = (error: unknown) =>
		onEvent({ event: 'problem', message: `changes of the project may go by unseen: ${messageOf(error)}` })
	const watcher = watch ? await watchFiles(host.project.watch, () => void reload(), unwatched) : undefined
	const end = async () => {
		await watcher?.close()
		await server.close()
		try {
			return await host.current.use((router) => router.flush())
		} finally {
			for (const resource of resources) await resource.close()
		}
	}
	let ended: Promise<DeliveryResult> | undefined
	return {
		url: server.url,
		port: server.port,
		get project() {
			return host.project
		},
		reload,
		close: () => {
			ended ??= end()
			return ended
		},
	}
}

/** Passes on what shards report, but not while their failures are told otherwise, by whoever migrates them. */
class Teller {
	readonly #onEvent: DevListener
	#quiet = false

	constructor(onEvent: DevListener) {
		this.#onEvent = onEvent
	}

	tell(event: DevEvent): void {
		if (!(this.#quiet && event.event === 'problem')) this.#onEvent(event)
	}

	async quietly<T>(work: () => Promise<T>): Promise<T> {
		this.#quiet = true
		try {
			return await work()
		} finally {
			this.#quiet = false
		}
	}
}

async function reloadEvent(host: ProjectHost, load: () => Promise<LocalProject>): Promise<DevEvent> {
	const start = performance.now()
	try {
		const { changed, migrations, shards, failures } = await host.reload(load)
		const durationMs = Math.round(performance.now() - start)
		return { event: 'reload', changed, migrations, shards, failures: failures.map(messageOf), durationMs }
	} catch (error) {
		return { event: 'kept', error }
	}
}
