/**
 * Files that are written together: each as a whole or not at all, and only where something changed.
 *
 * @module
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** A file to be. */
export interface PlannedFile {
	readonly path: string
	readonly text: string
}

/** The files whose text is not on disk yet. */
export function changedFiles(files: readonly PlannedFile[]): readonly (PlannedFile & { readonly isNew: boolean })[] {
	return files
		.map((file) => ({ ...file, isNew: !existsSync(file.path) }))
		.filter(({ path, text, isNew }) => isNew || readFileSync(path, 'utf8') !== text)
}

/**
 * Writes files. All texts reach the disk before the first name changes, so that a full disk leaves everything as it was; then
 * names change one by one, in the order given.
 */
export function writeFiles(files: readonly PlannedFile[]): void {
	const temporary = files.map(({ path }) => `${path}.${process.pid}.tmp`)
	try {
		for (const [index, { path, text }] of files.entries()) {
			mkdirSync(dirname(path), { recursive: true })
			writeFileSync(temporary[index] ?? path, text)
		}
		for (const [index, { path }] of files.entries()) renameSync(temporary[index] ?? path, path)
	} finally {
		for (const path of temporary) rmSync(path, { force: true })
	}
}
