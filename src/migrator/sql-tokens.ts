/**
 * The tokens of SQL text, as SQLite cuts it (https://www.sqlite.org/lang_keywords.html and tokenize.c). Migrations are compared and
 * split by them, so that a semicolon or a comment mark within a text or a name counts for nothing.
 *
 * @module
 */

/** What drizzle-kit puts between statements. To SQLite it is a comment. */
export const STATEMENT_BREAKPOINT = '--> statement-breakpoint'

/** A token other than white space and comments. */
export interface SqlToken {
	readonly kind: 'breakpoint' | 'semicolon' | 'word' | 'other'
	readonly text: string
	/** Where it starts in the SQL. */
	readonly start: number
}

/**
 * One alternative for each kind of token, tried in this order. An unclosed quote or block comment reaches to the end of the text.
 * A line comment ends before a breakpoint, since drizzle-kit's readers split there.
 */
const tokenPattern = new RegExp(
	[
		`(?<breakpoint>${STATEMENT_BREAKPOINT})`,
		String.raw`(?<skipped>[ \t\n\v\f\r\uFEFF]+|--(?:(?!${STATEMENT_BREAKPOINT})[^\n])*|/\*[\s\S]*?(?:\*/|$))`,
		'(?<semicolon>;)',
		String.raw`(?<quoted>[xX]?'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|${'`(?:[^`]|``)*(?:`|$)'}|\[[^\]]*(?:\]|$))`,
		String.raw`(?<number>(?:\d[\w$]*(?:\.\d*)?|\.\d+)(?:(?<=[eE])[+-]\d+|[eE][+-]?\d+)?)`,
		String.raw`(?<word>[?:@#$]?[\w$\u0080-\u{10FFFF}]+)`,
		String.raw`(?<operator>->>|->|<<|>>|<=|>=|<>|==|!=|\|\||[\s\S])`,
	].join('|'),
	'gu',
)

/** The tokens of SQL text, in order. */
export function tokenizeSql(sql: string): SqlToken[] {
	const tokens: SqlToken[] = []
	for (const { 0: text, index, groups } of sql.matchAll(tokenPattern)) {
		if (groups?.skipped !== undefined) continue
		const kind = groups?.breakpoint ? 'breakpoint' : groups?.semicolon ? 'semicolon' : groups?.word ? 'word' : 'other'
		tokens.push({ kind, text, start: index })
	}
	return tokens
}
