/** `ALTER TABLE t DROP [COLUMN] c`, with the name in any of SQLite's quotes. */
const dropColumn = /\bALTER\s+TABLE\s+(?:"((?:[^"]|"")+)"|`((?:[^`]|``)+)`|\[([^\]]+)\]|([^\s"`[]+))\s+DROP\b/gi

/**
 * The tables that a statement drops a column of. It may name one too many, where a text or a comment reads like SQL, but never
 * one too few.
 */
export function tablesThatLoseColumns(statement: string): readonly string[] {
	return Array.from(
		statement.matchAll(dropColumn),
		([, double, backtick, bracket, bare]) =>
			double?.replaceAll('""', '"') ?? backtick?.replaceAll('``', '`') ?? bracket ?? bare ?? '',
	)
}
