import { type SqlToken, tokenizeSql } from './sql-tokens.ts'

/**
 * Splits a migration into statements: at drizzle-kit's breakpoints and at semicolons, those within a trigger's body aside
 * (https://www.sqlite.org/c3ref/complete.html). What holds only comments is no statement.
 *
 * @param sql - the text of a migration or of a down script
 * @returns the statements, each from its first token to its last, without the semicolon
 */
export function splitStatements(sql: string): readonly string[] {
	const statements: string[] = []
	let statement: SqlToken[] = []
	const finish = () => {
		const [first, last] = [statement[0], statement.at(-1)]
		if (first !== undefined && last !== undefined) statements.push(sql.slice(first.start, last.start + last.text.length))
		statement = []
	}
	for (const token of tokenizeSql(sql)) {
		if (token.kind === 'breakpoint') finish()
		else if (token.kind !== 'semicolon') statement.push(token)
		else if (endsStatement(statement)) finish()
		else statement.push(token)
	}
	finish()
	return statements
}

/** Tells whether a semicolon ends the statement before it. A trigger ends with `; END;` only. */
function endsStatement(statement: readonly SqlToken[]): boolean {
	if (!isTrigger(statement)) return true
	return isWord(statement.at(-1), 'end') && statement.at(-2)?.kind === 'semicolon'
}

function isTrigger(statement: readonly SqlToken[]): boolean {
	const [create, second, third] = statement
	if (!isWord(create, 'create')) return false
	return isWord(isWord(second, 'temp') || isWord(second, 'temporary') ? third : second, 'trigger')
}

function isWord(token: SqlToken | undefined, word: string): boolean {
	return token?.kind === 'word' && token.text.toLowerCase() === word
}
