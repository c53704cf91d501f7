/**
 * The tokens of a statement in DuckDB's dialect, as far as it has to be read before DuckDB does.
 *
 * @module
 */

/** A token. Comments and spaces are none. */
export interface Token {
	readonly kind: 'word' | 'quoted' | 'text' | 'parameter' | 'number' | 'symbol'
	/** Of a quoted name or a text what it stands for; of a word its lower case. */
	readonly text: string
	/** Position in the statement. */
	readonly offset: number
}

const TOKEN =
	/(?<space>\s+|--[^\n]*)|(?<dollar>\$(?<tag>[a-zA-Z_]\w*)?\$)|(?<parameter>\$\w+|\?\d*)|(?<word>[\p{L}_][\p{L}\p{N}_$]*)|(?<number>\d[\w.]*|\.\d\w*)|(?<symbol>::|[^\s])/uy

/** @returns undefined for a statement whose quotes or comments do not end. */
export function tokensOf(sql: string): Token[] | undefined {
	const tokens: Token[] = []
	for (let at = 0; at < sql.length; ) {
		const special = sql[at] === "'" ? quoted(sql, at, "'") : sql[at] === '"' ? quoted(sql, at, '"') : undefined
		if (special !== undefined) {
			if (special === null) return undefined
			// E'...' has escapes of its own.
			const previous = tokens.at(-1)
			const escaped = sql[at] === "'" && previous?.kind === 'word' && /^[ebx]$/.test(previous.text) && previous.offset === at - 1
			if (escaped && special.text.includes('\\')) return undefined
			tokens.push({ kind: sql[at] === "'" ? 'text' : 'quoted', text: special.text, offset: at })
			at = special.end
			continue
		}
		if (sql.startsWith('/*', at)) {
			const end = commentEnd(sql, at)
			if (end === undefined) return undefined
			at = end
			continue
		}
		TOKEN.lastIndex = at
		const found = TOKEN.exec(sql)
		const { space, dollar, parameter, word, number, symbol } = found?.groups ?? {}
		const [all = ''] = found ?? []
		if (dollar !== undefined) {
			const end = sql.indexOf(dollar, at + dollar.length)
			if (end < 0) return undefined
			tokens.push({ kind: 'text', text: sql.slice(at + dollar.length, end), offset: at })
			at = end + dollar.length
			continue
		}
		if (parameter !== undefined) tokens.push({ kind: 'parameter', text: parameter, offset: at })
		else if (word !== undefined) tokens.push({ kind: 'word', text: word.toLowerCase(), offset: at })
		else if (number !== undefined) tokens.push({ kind: 'number', text: number, offset: at })
		else if (symbol !== undefined) tokens.push({ kind: 'symbol', text: symbol, offset: at })
		else if (space === undefined) return undefined
		at += all.length
	}
	return tokens
}

function quoted(sql: string, start: number, quote: string): { readonly text: string; readonly end: number } | null {
	let text = ''
	for (let at = start + 1; at < sql.length; at++) {
		if (sql[at] !== quote) text += sql[at]
		else if (sql[at + 1] === quote) text += sql[++at]
		else return { text, end: at + 1 }
	}
	return null
}

/** DuckDB's comments stand within each other. */
function commentEnd(sql: string, start: number): number | undefined {
	let depth = 0
	for (let at = start; at < sql.length; at++) {
		if (sql.startsWith('/*', at)) depth += 1
		else if (sql.startsWith('*/', at)) depth -= 1
		else continue
		at += 1
		if (depth === 0) return at + 1
	}
	return undefined
}
