import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { cliDocs, cliDocsFile } from '../../scripts/generate-cli-docs.ts'

it('docs/cli.md shows the help of every command as it is (run node scripts/generate-cli-docs.ts)', async () => {
	expect(readFileSync(cliDocsFile, 'utf8')).toBe(await cliDocs())
})
