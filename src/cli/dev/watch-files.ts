import { basename } from 'node:path'
import { watch } from 'chokidar'

/** Milliseconds of quiet after a change before it is told: editors and generators write several files. */
const QUIET = 100

/** What watches. */
export interface FileWatcher {
	/** Watches these from now on, and no others. */
	setPaths(paths: readonly string[]): void
	close(): Promise<void>
}

/**
 * Tells when files change, once for changes that come together.
 *
 * @param paths - files, and directories with all below them but `node_modules` and what begins with a dot
 */
export function watchFiles(paths: readonly string[], changed: () => void): FileWatcher {
	let watched = new Set(paths)
	let timer: NodeJS.Timeout | undefined
	const isIgnored = (path: string) => !watched.has(path) && /^(?:\.|node_modules$)/.test(basename(path))
	const watcher = watch([...watched], { ignoreInitial: true, ignored: isIgnored })
	watcher.on('all', () => {
		clearTimeout(timer)
		timer = setTimeout(changed, QUIET)
	})
	return {
		setPaths: (next) => {
			const before = watched
			watched = new Set(next)
			watcher.unwatch([...before].filter((path) => !watched.has(path)))
			watcher.add([...watched].filter((path) => !before.has(path)))
		},
		close: () => {
			clearTimeout(timer)
			return watcher.close()
		},
	}
}
