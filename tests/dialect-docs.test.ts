import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { dialectDocs, dialectDocsFile } from '../scripts/generate-dialect-docs.ts'

it('docs/dialect.md tells what the compared queries show (run node scripts/generate-dialect-docs.ts)', () => {
	expect(readFileSync(dialectDocsFile, 'utf8')).toBe(dialectDocs())
})
