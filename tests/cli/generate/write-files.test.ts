import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { changedFiles, writeFiles } from '../../../src/cli/generate/write-files.ts'

let directory = ''
beforeEach(() => {
	directory = mkdtempSync(join(tmpdir(), 'sqlake-files-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

describe('writeFiles', () => {
	it('writes files and their directories, and leaves nothing else', () => {
		writeFiles([
			{ path: join(directory, 'a.txt'), text: 'a' },
			{ path: join(directory, 'deep/er/b.txt'), text: 'b' },
		])
		expect(readFileSync(join(directory, 'deep/er/b.txt'), 'utf8')).toBe('b')
		expect(readdirSync(directory, { recursive: true }).sort()).toEqual(['a.txt', 'deep', 'deep/er', 'deep/er/b.txt'])
	})

	it('changes nothing where one of them cannot be written', () => {
		writeFileSync(join(directory, 'a.txt'), 'old')
		writeFileSync(join(directory, 'file'), '')
		expect(() =>
			writeFiles([
				{ path: join(directory, 'a.txt'), text: 'new' },
				{ path: join(directory, 'file/b.txt'), text: 'b' },
			]),
		).toThrow(/EEXIST|ENOTDIR/)
		expect(readFileSync(join(directory, 'a.txt'), 'utf8')).toBe('old')
		expect(readdirSync(directory).sort()).toEqual(['a.txt', 'file'])
	})
})

describe('changedFiles', () => {
	it('tells new files and changed ones from those that are the same', () => {
		mkdirSync(join(directory, 'x'))
		writeFileSync(join(directory, 'x/same'), '1')
		writeFileSync(join(directory, 'x/other'), '1')
		const files = ['same', 'other', 'new'].map((name) => ({
			path: join(directory, 'x', name),
			text: name === 'same' ? '1' : '2',
		}))
		expect(changedFiles(files).map(({ path, isNew }) => [path.slice(-5), isNew])).toEqual([
			['other', false],
			['x/new', true],
		])
		expect(existsSync(join(directory, 'x/new'))).toBe(false)
	})
})
