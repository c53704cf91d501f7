/**
 * Writes docs/errors.md from the codes in src/errors.ts: `node scripts/generate-error-docs.ts`.
 *
 * @module
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorCodes } from '../src/errors.ts'

/** Where the documentation stands. */
export const errorDocsFile = join(import.meta.dirname, '../docs/errors.md')

/** The text of docs/errors.md. */
export function errorDocs(): string {
	const rows = Object.entries(errorCodes).map(([code, meaning]) => `| \`${code}\` | ${meaning.replaceAll('|', '\\|')} |`)
	return `# Errors

Generated from \`src/errors.ts\` by \`node scripts/generate-error-docs.ts\`. Do not edit.

Every error that sqlake throws is an \`SQLakeError\`: a stable \`code\`, a message that names the thing, what was expected and
what was found, a \`hint\` that says what to do next, \`details\` for programs, and the \`cause\`. All of it crosses RPC.

\`\`\`ts
import { SQLakeError } from 'sqlake'

try {
	await db.insert(orders).values(order)
} catch (error) {
	if (SQLakeError.is(error, 'ROUTE_NO_SHARD')) console.log(error.message, error.hint)
	else throw error
}
\`\`\`

| Code | Meaning |
|---|---|
${rows.join('\n')}
`
}

if (import.meta.main) writeFileSync(errorDocsFile, errorDocs())
