import { access, mkdir, rename, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { filesBelow } from './file-listing.ts'
import { codeOf, lockFile } from './file-lock.ts'
import { keyOfFormerPath, pathOfKey } from './file-path.ts'

/** In a directory whose names keep their `%`. With its comma it is no object. */
const MARK = ',names-2'

/**
 * Gives the files of a directory that was written when names did not keep their `%` the names that they have now, once. It begins
 * where it was left when it is interrupted, and processes that do it at the same time wait for one another.
 *
 * @param root - the directory
 * @param forWriting - whether objects will be written, so that there must never be doubt again
 */
export async function adoptFormerNames(root: string, forWriting: boolean): Promise<void> {
	if (await isThere(join(root, MARK))) return
	// What may only be read stays as it is, unless there is need.
	if (!forWriting && (await formerFiles(root)).length === 0) return
	await mkdir(root, { recursive: true })
	const unlock = await lockFile(join(root, ',names-lock'))
	try {
		if (await isThere(join(root, MARK))) return
		for (const [path, key] of await formerFiles(root)) {
			const target = join(root, pathOfKey(key))
			await mkdir(dirname(target), { recursive: true })
			await rename(join(root, path), target)
			await removeEmpty(root, dirname(path))
		}
		await writeFile(join(root, MARK), '')
	} finally {
		await unlock()
	}
}

async function formerFiles(root: string): Promise<readonly (readonly [path: string, key: string])[]> {
	const paths = await filesBelow(root, '')
	return paths.flatMap((path) => {
		const key = keyOfFormerPath(path)
		return key === null ? [] : [[path, key] as const]
	})
}

/** Removes a folder, and those above it, as far as they are empty. */
async function removeEmpty(root: string, folder: string): Promise<void> {
	if (folder === '.') return
	try {
		await rmdir(join(root, folder))
	} catch (error) {
		if (codeOf(error) === 'ENOTEMPTY' || codeOf(error) === 'EEXIST') return
		throw error
	}
	await removeEmpty(root, dirname(folder))
}

async function isThere(path: string): Promise<boolean> {
	try {
		await access(path)
		return true
	} catch (error) {
		if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return false
		throw error
	}
}
