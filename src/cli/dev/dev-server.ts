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
import { ProjectHost } from './project-host.ts'
import { type FileWatcher, watchFiles } from './watch-files.ts'

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
	const { load, db, lake, onEvent = () => {} } = options
	const project = await load()
	const claim = claimDirectory(db)
	let host: ProjectHost
	let reloading = false
	let server: LocalServer
	try {
		// What goes wrong in a reload is told by its own event, once.
		const observability = listeningObservability((event) => {
			if (!(event.event === 'problem' && reloading)) onEvent(event)
		})
		host = await ProjectHost.open(project, {
			db,
			lake,
			observability,
			...(options.flush === undefined ? {} : { flush: options.flush }),
		})
		server = await startLocalServer({
			...options,
			handle: devRoutes(host),
			onRequest: (log) => onEvent({ event: 'request', ...log }),
		})
	} catch (error) {
		claim.release()
		throw error
	}
	claim.announce(server.url)
	let watcher: FileWatcher | undefined
	const reload = oneAtATime(async () => {
		reloading = true
		const event = await reloadEvent(host, load)
		reloading = false
		onEvent(event)
		watcher?.setPaths(host.project.watch)
	})
	if (options.watch !== false) watcher = watchFiles(project.watch, () => void reload())
	const end = async () => {
		await watcher?.close()
		await server.close()
		try {
			return await host.current.use((router) => router.flush())
		} finally {
			await host.current.close()
			claim.release()
		}
	}
	let closed: Promise<DeliveryResult> | undefined
	return {
		url: server.url,
		port: server.port,
		get project() {
			return host.project
		},
		reload,
		close: () => {
			closed ??= end()
			return closed
		},
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
