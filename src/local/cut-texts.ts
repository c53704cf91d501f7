/**
 * Texts with NUL, which Node 22 reads only up to there.
 *
 * @module
 */

/** Statements that can be asked again as part of another. What answers rows after WITH and writes nothing is a query, too. */
const QUERIES = new Set(['SELECT', 'VALUES', 'WITH'])

/** Whether a statement that wrote nothing can be asked again. */
export function isQuery(keyword: string): boolean {
	return QUERIES.has(keyword)
}

/**
 * Puts whole texts where a query's answer holds texts that were cut at a NUL: the query is asked again for their bytes. It is
 * called at once after the query, so that nothing has changed in between. Bytes that do not begin with the text that was
 * answered, as with `random()`, are left alone.
 *
 * @param text - of one query that wrote nothing, without a semicolon
 * @param exec - runs SQL with the values of the query
 * @param rows - of the query; changed in place
 */
export function restoreCutTexts(text: string, exec: (sql: string) => readonly unknown[][], rows: readonly unknown[][]): void {
	if (!rows.some((row) => row.some((value) => typeof value === 'string'))) return
	const names = (rows[0] ?? []).map((_, index) => `sqlake_c${index}`)
	const whole = names.map(
		(name) => `iif(typeof(${name}) = 'text' AND instr(CAST(${name} AS BLOB), x'00') > 0, CAST(${name} AS BLOB), NULL)`,
	)
	const decoder = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true })
	const answer = exec(`WITH sqlake_whole(${names.join(', ')}) AS (${text}) SELECT ${whole.join(', ')} FROM sqlake_whole`)
	for (const [position, bytes] of answer.entries()) {
		const row = rows[position]
		if (row === undefined) return
		for (const [index, cell] of bytes.entries()) {
			const cut = row[index]
			if (!(cell instanceof Uint8Array) || typeof cut !== 'string') continue
			const restored = decoder.decode(cell)
			if (restored.startsWith(cut)) row[index] = restored
		}
	}
}
