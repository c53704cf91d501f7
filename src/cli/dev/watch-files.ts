import { dirname, sep } from 'node:path'
import { watch } from 'chokidar'

/** Milliseconds of quiet after a change before it is told: editors and generators write several files. */
const QUIET = 100

/** What is watched. All paths are absolute. */
export interface WatchedPaths {
	/** Files, whether they exist or not. */
	readonly files: readonly string[]
	/** Directories, with all below them but `node_modules` and what begins with a dot. */
	readonly directories: readonly string[]
}

/** What watches. */
export interface FileWatcher {
	/** Watches these from now on, and no others. */
	setPaths(paths: WatchedPaths): void
	close(): Promise<void>
}

/**
 * Tells when files change, once for changes that come together, from when it returns. Of a file its directory is watched, since many editors put a new
 * file in its place when they save.
 *
 * @param failed - told of what cannot be watched, such as more directories than the system allows
 */
export async function watchFiles(
	paths: WatchedPaths,
	changed: () => void,
	failed: (error: unknown) => void,
): Promise<FileWatcher> {
	let roots = rootsOf(paths)
	let isWanted = wanted(paths)
	let timer: NodeJS.Timeout | undefined
	const watcher = watch([...roots], { ignoreInitial: true, ignored: (path) => !isWanted(path) })
	watcher.on('all', () => {
		clearTimeout(timer)
		timer = setTimeout(changed, QUIET)
	})
	// What changes before is taken for what was there from the beginning.
	await new Promise<void>((resolve) => {
		watcher.once('ready', resolve)
		watcher.on('error', (error) => {
			failed(error)
			resolve()
		})
	})
	return {
		setPaths: (next) => {
			const before = roots
			roots = rootsOf(next)
			isWanted = wanted(next)
			watcher.unwatch([...before].filter((root) => !roots.has(root)))
			watcher.add([...roots].filter((root) => !before.has(root)))
		},
		close: () => {
			clearTimeout(timer)
			return watcher.close()
		},
	}
}

function rootsOf({ files, directories }: WatchedPaths): Set<string> {
	return new Set([...directories, ...files.map((file) => dirname(file))])
}

/** Whether a path is watched, or leads to one that is. */
function wanted({ files, directories }: WatchedPaths): (path: string) => boolean {
	const exact = new Set([...files, ...rootsOf({ files, directories })])
	return (path) =>
		exact.has(path) ||
		directories.some((directory) => {
			const [before, below] = [path.slice(0, directory.length + 1), path.slice(directory.length + 1)]
			return before === directory + sep && !below.split(sep).some((part) => part === 'node_modules' || part.startsWith('.'))
		})
}
