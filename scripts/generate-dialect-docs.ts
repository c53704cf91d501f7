/**
 * Writes docs/dialect.md from the queries that the tests compare: `node scripts/generate-dialect-docs.ts`.
 *
 * @module
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Construct } from '../tests/analytics/dialect/cases/construct.ts'
import { GROUPS } from '../tests/analytics/dialect/cases/index.ts'

/** Where the documentation stands. */
export const dialectDocsFile = join(import.meta.dirname, '../docs/dialect.md')

/** The text of docs/dialect.md. */
export function dialectDocs(): string {
	const sections = GROUPS.map(({ title, constructs }) => {
		const rows = constructs.map(
			(construct) =>
				`| ${cell(construct.name)} | ${answer(construct)} | ${refusals(construct)} | ${cell(construct.note ?? '')} |`,
		)
		return `## ${title}\n\n| construct | answer | refused | note |\n|---|---|---|---|\n${rows.join('\n')}\n`
	})
	return `# SQLite's dialect on the lake

Generated from the queries in \`tests/analytics/dialect/cases\` by \`node scripts/generate-dialect-docs.ts\`. Do not edit.

A lake query is written in SQLite's dialect. It is parsed, typed by the schema, and rewritten for DuckDB. Its answer is SQLite's,
storage classes included, or an error with the code \`DIALECT_UNSUPPORTED\` whose details name the construct and its position. The
tests run every query below on SQLite, on native DuckDB and on DuckDB-WASM.

- *same*: SQLite's answer.
- *refused*: \`DIALECT_UNSUPPORTED\`, when the query is rewritten or, where only the values tell, while it runs.

What SQL leaves open stays open: the order of rows without ORDER BY, which rows a LIMIT without ORDER BY keeps, and the last digits
of a sum of REAL values, which depend on the order of adding.

${sections.join('\n')}`
}

function answer({ same = [], refused = [] }: Construct): string {
	if (same.length === 0) return 'refused'
	return refused.length === 0 ? 'same' : 'same, but for what is refused'
}

function refusals({ refused = [] }: Construct): string {
	return refused.map((sql) => `\`${cell(sql.replaceAll('`', "'"))}\``).join('<br>')
}

function cell(text: string): string {
	return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

if (import.meta.main) writeFileSync(dialectDocsFile, dialectDocs())
