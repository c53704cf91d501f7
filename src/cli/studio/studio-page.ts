import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SQLakeError } from '../../errors.ts'

/**
 * Loads the page: its parts lie beside this file, and go out as one.
 *
 * @returns the page, of a nonce
 */
export async function loadStudioPage(): Promise<(nonce: string) => string> {
	const read = (name: string) => readFile(join(import.meta.dirname, 'page', name), 'utf8')
	const [page, style, script] = await Promise.all([read('page.html'), read('page.css'), read('page.js')])
	const [head, afterStyle] = split(page, '<style></style>')
	const [middle, end] = split(afterStyle, '<script type="module"></script>')
	return (nonce) =>
		`${head}<style nonce="${nonce}">\n${style}</style>${middle}<script type="module" nonce="${nonce}">\n${script}</script>${end}`
}

function split(text: string, mark: string): readonly [before: string, after: string] {
	const [before, after, ...more] = text.split(mark)
	if (before !== undefined && after !== undefined && more.length === 0) return [before, after]
	throw new SQLakeError('INTERNAL', `page of sqlake studio: expected ${mark} once`)
}
