import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { errorDocs, errorDocsFile } from '../scripts/generate-error-docs.ts'

it('docs/errors.md lists every code as src/errors.ts explains it (run node scripts/generate-error-docs.ts)', () => {
	expect(readFileSync(errorDocsFile, 'utf8')).toBe(errorDocs())
})
