import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from './file-lock.ts'

/** Relative paths of all objects below a folder; names with a comma are locks and files in the making. */
export async function filesBelow(root: string, folder: string): Promise<string[]> {
	const entries = await orNull(readdir(join(root, folder), { withFileTypes: true }))
	const files: string[] = []
	for (const entry of entries ?? []) {
		const path = folder === '' ? entry.name : `${folder}/${entry.name}`
		if (entry.isDirectory()) files.push(...(await filesBelow(root, path)))
		else if (!entry.name.includes(',')) files.push(path)
	}
	return files
}

/** Absence is an answer; anything else is a failure. */
export async function orNull<T>(operation: Promise<T>): Promise<T | null> {
	try {
		return await operation
	} catch (error) {
		const code = codeOf(error)
		// The last is `rm` on a folder: there is no object of that name.
		if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ERR_FS_EISDIR') return null
		throw error
	}
}
